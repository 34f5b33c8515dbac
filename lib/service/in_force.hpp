// InForce: what one plugin instance goes by now: its options, its database, the newest replica.
//
//   InForce in_force(shared, plugin_options, options);
//   in_force.wait_for_first_load(options.start_wait);
//   if (in_force.take_up_options(log)) { … hand the new ones on … }
//   if (in_force.take_up_database()) { … anything may be different … }
//   if (const auto changes = in_force.take_changes()) { … look at whom they concern … }
//   in_force.take_replica();
//   authorizer.authorize(in_force.circumstances(), session, check);
//
// Options are read again on request, by a thread. Where they name another database, the clients
// go on being judged by the replica of the old one until the new one's is there.
//
// The mistake to avoid: take_replica() before take_changes(): what changed is in the replica
// that is taken after it.
// Thread safety: view() and write() from any thread, the rest from the broker's.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "authz/authorizer.hpp"
#include "base/logger.hpp"
#include "config/load_options.hpp"
#include "config/options.hpp"
#include "replica/secret_swap.hpp"
#include "service/config_reloader.hpp"
#include "service/gate.hpp"
#include "service/shared_state.hpp"
#include "sync/change_journal.hpp"
#include "sync/replica_feed.hpp"
#include "sync/secret_writer.hpp"

namespace pgauth {

class InForce {
  public:
    InForce(SharedState& shared, std::vector<PluginOption> plugin_options, Options options);

    void wait_for_first_load(std::chrono::milliseconds longest) {
        feed_->wait_for_first_load(longest);
    }

    [[nodiscard]] const Options& options() const noexcept { return *options_; }

    // Null before the first load.
    [[nodiscard]] const Replica* replica() const noexcept { return replica_.get(); }

    [[nodiscard]] ReplicaFeed& feed() const noexcept { return *feed_; }

    [[nodiscard]] Circumstances circumstances() const {
        return {replica_.get(), options_->authn, options_->authz};
    }

    // A copy of the newest, for whoever is not on the broker's thread.
    [[nodiscard]] View view() const;

    // Hands it to whoever writes into the database, which begins with the next begin_writing().
    void write(SecretSwap swap);

    void begin_writing() { writer_->begin(); }

    void request_options() { reloader_.request(); }

    // Whether there are others now. Where there are not, the log says why.
    [[nodiscard]] bool take_up_options(LogQueue& log);

    // Whether it is another one now.
    [[nodiscard]] bool take_up_database();

    [[nodiscard]] std::optional<Changes> take_changes();

    void take_replica();

    void drain_log(const std::function<void(LogLevel, const std::string&)>& write);

  private:
    SharedState& shared_;
    ConfigReloader reloader_;
    // Of databases that were left; joined at the end, since joining may wait.
    std::vector<std::shared_ptr<SecretWriter>> left_writers_;
    std::vector<std::shared_ptr<ReplicaFeed>> left_feeds_;
    std::shared_ptr<ReplicaFeed> next_feed_;  // of a changed database, not loaded yet

    mutable std::mutex mutex_;  // guards the next three against other threads; held for copies
    std::shared_ptr<SecretWriter> writer_;
    std::shared_ptr<ReplicaFeed> feed_;
    std::shared_ptr<const Options> options_;

    std::shared_ptr<const Replica> replica_;
    ChangeJournal::Cursor cursor_;  // in the journal of feed_
};

}  // namespace pgauth
