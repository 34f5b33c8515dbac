// Loading: the views mqtt_auth.broker_* into a Replica, as one snapshot of the database.
//
//   Result<Loaded> loaded = load_replica(*connection, nullptr, nullptr, progress);
//   …                                            // something was notified, or time has passed
//   Result<Update> update = load_update(*connection, loaded->position, *loaded->replica);
//   if (update->read_afresh) load everything again;
//
// An update reads the rows that changed, found through the change feed, and makes the next
// Replica of the one before: its cost is that of the rows, whatever the size of the tables.
//
// The mistake to avoid: update->replica is null where nothing changed.
// Thread safety: none; one owner of the connection.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "replica/replica.hpp"
#include "store/feed_position.hpp"
#include "store/pg_connection.hpp"

namespace pgauth {

// Schema versions that this version works with: its own and the next.
inline constexpr int oldest_schema_version = 1;
inline constexpr int newest_schema_version = 2;

// An update of more keys than this costs more than to read everything afresh.
inline constexpr std::size_t max_update_keys = 20'000;

// Called now and then: how many rows of which view have come.
using LoadProgress = std::function<void(std::string_view view, std::size_t rows)>;

struct Loaded {
    std::shared_ptr<const Replica> replica;
    FeedPosition position;
    // Usernames of clients that differ from those of `before`.
    std::vector<std::string> clients;
    std::vector<std::pair<std::string, std::string>> orders;  // as FeedNews
};

struct Update {
    bool read_afresh = false;                // nothing else counts
    std::shared_ptr<const Replica> replica;  // null: nothing changed
    FeedPosition position;
    bool settings = false;  // the schema version may be another
    std::vector<std::string> clients;
    std::vector<std::pair<std::string, std::string>> orders;
};

// Fails with unusable where the schema is one that this version cannot read.
[[nodiscard]] Result<void> check_schema_version(PgConnection& connection);

// `before`: what to share memory with, and the position that it was read at; null where nothing
// was read yet.
[[nodiscard]] Result<Loaded> load_replica(PgConnection& connection,
                                          const Replica* before,
                                          const FeedPosition* position,
                                          const LoadProgress& progress);

[[nodiscard]] Result<Update> load_update(PgConnection& connection,
                                         const FeedPosition& position,
                                         const Replica& before);

}  // namespace pgauth
