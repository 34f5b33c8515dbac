// FeedPosition: up to where the change feed was read. FeedNews: what came after it.
//
//   const Result<FeedNews> news = read_news(connection, position);      // in a transaction
//   if (news->read_afresh) …                                            // position is of no
//   use for (const std::string& username : news->clients) …                 // changed since
//
// Commit order is not sequence order: a reader that remembers "the highest id seen" loses the
// changes of transactions that commit late. A position is a snapshot: what comes after it is
// every change by a transaction that the snapshot did not see as ended, whichever its id. On a
// hot standby a snapshot does not say which transactions were running; there everything from
// the oldest of them on is read again, and what was seen is known by its token.
//
// Nor does a connection stay with one server: a pooler may have another behind it, a standby
// may be promoted, a database restored in place. So a position knows which server it was read
// from, and the newest change that it saw, by a random token. Where either is not found again,
// everything must be read afresh.
//
// Changes that are orders (disconnect) are acted on once: a position knows all it has seen.
// Thread safety: values.

#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "store/pg_connection.hpp"

namespace pgauth {

struct FeedPosition {
    std::string server;  // tells server, database, installation and role in recovery apart
    bool standby = false;
    std::string oldest;                // xid8: all transactions before it had ended
    std::string next;                  // xid8: no transaction from it on had begun
    std::vector<std::string> running;  // xid8, between the two; not known on a standby
    std::set<std::string> seen;        // standby: tokens of what was seen from `oldest` on
    std::string newest_id;             // of the newest change that was seen; empty: none
    std::string newest_token;
    std::set<std::string> orders;  // tokens of the orders that were seen
};

struct FeedNews {
    FeedPosition position;     // where the next news starts
    bool read_afresh = false;  // nothing below can be trusted
    bool settings = false;
    std::set<std::string> clients;
    std::set<std::string> groups;
    std::set<std::string> rules;
    std::set<std::string> revoked_certificates;
    // (kind, key), in the order in which they were given
    std::vector<std::pair<std::string, std::string>> orders;

    [[nodiscard]] std::size_t keys() const noexcept {
        return clients.size() + groups.size() + rules.size() + revoked_certificates.size();
    }
};

// Both REQUIRE a transaction of isolation REPEATABLE READ whose snapshot everything else that
// is read of this moment shares.

[[nodiscard]] Result<FeedNews> read_news(PgConnection& connection, const FeedPosition& since);

// The position of the transaction, for whoever reads everything in it. `before` is where it had
// been before, if anywhere: orders that it did not see are news.
[[nodiscard]] Result<FeedNews> read_position(PgConnection& connection,
                                             const FeedPosition* before);

}  // namespace pgauth
