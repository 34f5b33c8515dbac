// Loading: the views mqtt_auth.broker_* into a Replica, as one snapshot of the database.
//
//   const Result<Loaded> loaded = load_replica(*connection);
//   …
//   if (*has_changed(*connection, loaded->position)) load again;
//
// Commit order is not sequence order: a reader that remembers "the highest id seen" loses the
// changes of transactions that commit late. A FeedPosition remembers the oldest transaction
// that was still running, and which changes from there on were seen; whatever else is found
// from there on is new. Thread safety: none; one owner of the connection.

#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/result.hpp"
#include "replica/replica.hpp"
#include "store/pg_connection.hpp"

namespace pgauth {

// Schema versions that this version works with: its own and the next.
inline constexpr int oldest_schema_version = 1;
inline constexpr int newest_schema_version = 2;

struct FeedPosition {
    std::string oldest_running;  // xid8: changes of transactions before it were all seen
    std::set<std::string> seen;  // the tokens of the changes from there on that were seen
};

struct Loaded {
    std::shared_ptr<const Replica> replica;
    FeedPosition position;
};

// Fails with unusable where the schema is one that this version cannot read.
[[nodiscard]] Result<void> check_schema_version(PgConnection& connection);

[[nodiscard]] Result<Loaded> load_replica(PgConnection& connection);

// Whether anything was committed that the load at `position` did not see.
[[nodiscard]] Result<bool> has_changed(PgConnection& connection, const FeedPosition& position);

}  // namespace pgauth
