// SharedState: what the plugin instances of one process have in common.
//
//   const std::shared_ptr<SharedState> shared = SharedState::get();
//   Realm& realm = shared->realm(options.database);
//   const std::shared_ptr<ReplicaFeed> feed = realm.feed();
//
// With `per_listener_settings true` the broker loads the plugin once for each listener that
// names it, each with its own options. Client ids are the whole broker's, so there is one table
// of sessions, and one queue of those to throw off; and one replica serves all instances with
// the same database settings. Nor may a username that nobody has look different on two
// listeners.
//
// It is there as long as an instance is: nothing outlives the last one.
// Thread safety: none; for the broker's thread.

#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "authn/blocking_budget.hpp"
#include "authz/session_table.hpp"
#include "password/scram_decoy.hpp"
#include "service/kick_queue.hpp"
#include "store/database_options.hpp"
#include "sync/replica_feed.hpp"
#include "sync/secret_writer.hpp"

namespace pgauth {

class AuthService;

// The clients of one database. Its address tells whose username a session has.
class Realm {
  public:
    explicit Realm(DatabaseOptions options) : options_(std::move(options)) {}

    [[nodiscard]] const DatabaseOptions& options() const noexcept { return options_; }

    // The feed of this database, started where nobody has one.
    [[nodiscard]] std::shared_ptr<ReplicaFeed> feed();

    // Who writes into this database, made where nobody has one.
    [[nodiscard]] std::shared_ptr<SecretWriter> writer();

    // What the replica file knew of sessions of before this process, less those that have been
    // back since; null where it was not read yet, or there is none.
    std::unique_ptr<RestoredSessions> restored;

  private:
    DatabaseOptions options_;
    std::weak_ptr<ReplicaFeed> feed_;
    std::weak_ptr<SecretWriter> writer_;
};

class SharedState {
  public:
    [[nodiscard]] static std::shared_ptr<SharedState> get();

    // Valid as long as the SharedState.
    [[nodiscard]] Realm& realm(const DatabaseOptions& options);

    [[nodiscard]] SessionTable& sessions() noexcept { return sessions_; }

    [[nodiscard]] KickQueue& kicks() noexcept { return kicks_; }

    // Of the one thread of the broker.
    [[nodiscard]] BlockingBudget& blocking_budget() noexcept { return blocking_budget_; }

    [[nodiscard]] const ScramDecoy& scram_decoy() const noexcept { return scram_decoy_; }

    // Those that are alive; each enters and leaves by itself.
    [[nodiscard]] std::vector<AuthService*>& instances() noexcept { return instances_; }

  private:
    SessionTable sessions_;
    KickQueue kicks_;
    BlockingBudget blocking_budget_;
    ScramDecoy scram_decoy_;
    std::vector<AuthService*> instances_;
    std::deque<Realm> realms_;  // INVARIANT: never moves one, never loses one
};

}  // namespace pgauth
