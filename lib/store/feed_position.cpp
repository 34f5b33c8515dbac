#include "store/feed_position.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace pgauth {

namespace {

using Row = PgConnection::Row;

// What a dump carries along is not enough to know a server by. A restart gives another start
// time, a restore in place another view, a promotion ends the recovery.
constexpr const char* state_sql =
    "SELECT concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), "
    "(SELECT oid FROM pg_database WHERE datname = current_database()), "
    "'mqtt_auth.broker_changes'::regclass::oid, pg_is_in_recovery()), "
    "pg_is_in_recovery()::text, pg_current_snapshot()::text";

constexpr const char* newest_sql =
    "SELECT id::text, token::text FROM mqtt_auth.broker_changes ORDER BY id DESC LIMIT 1";

constexpr const char* orders_sql =
    "SELECT kind, key, token::text FROM mqtt_auth.broker_changes "
    "WHERE kind IN ('disconnect_client', 'disconnect_group') ORDER BY id";

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string array_of(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "{" : ",") + item;
    }
    return text.empty() ? "{}" : text + "}";
}

// `xmin:xmax:xip,xip,…`
void read_snapshot(std::string_view text, FeedPosition& position) {
    const auto take = [&](char end) {
        const std::string_view part = text.substr(0, text.find(end));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        return std::string(part);
    };
    position.oldest = take(':');
    position.next = take(':');
    while (!text.empty()) {
        position.running.push_back(take(','));
    }
}

// Server and snapshot of the transaction; the rest is empty.
Result<FeedPosition> read_state(PgConnection& connection) {
    FeedPosition position;
    const auto read = connection.query(state_sql, {}, [&](const Row& row) {
        position.server = row[0].value_or("");
        position.standby = row[1] == "true";
        read_snapshot(row[2].value_or(""), position);
    });
    return read ? Result<FeedPosition>(std::move(position)) : tl::unexpected(read.error());
}

bool is_order(std::string_view kind) {
    return kind == "disconnect_client" || kind == "disconnect_group";
}

void note(FeedNews& news,
          std::string_view kind,
          std::string_view key,
          const std::string& token) {
    if (kind == "client") {
        news.clients.emplace(key);
    } else if (kind == "group") {
        news.groups.emplace(key);
    } else if (kind == "rule") {
        news.rules.emplace(key);
    } else if (kind == "revoked_certificate") {
        news.revoked_certificates.emplace(key);
    } else if (kind == "setting") {
        news.settings = true;
    } else if (is_order(kind)) {
        if (news.position.orders.insert(token).second) {
            news.orders.emplace_back(kind, key);
        }
    } else {
        // TRUNCATE, touch(), or a kind that a later schema has.
        news.read_afresh = true;
    }
}

// False where this is no continuation: the newest change that was seen is not there.
Result<bool> is_still_there(PgConnection& connection, const FeedPosition& position) {
    if (position.newest_id.empty()) {
        return true;
    }
    bool there = false;
    const auto read = connection.query(
        "SELECT FROM mqtt_auth.broker_changes WHERE id = $1::bigint AND token = $2::uuid",
        {position.newest_id, position.newest_token},
        [&](const Row&) { there = true; });
    return read ? Result<bool>(there) : tl::unexpected(read.error());
}

}  // namespace

// Rows with ids of transactions that are still to come were restored from a dump of elsewhere.
Result<FeedNews> read_news(PgConnection& connection, const FeedPosition& since) {
    auto state = read_state(connection);
    if (!state) {
        return tl::unexpected(state.error());
    }
    const auto there = is_still_there(connection, since);
    if (!there) {
        return tl::unexpected(there.error());
    }
    FeedNews news;
    news.position = *std::move(state);
    // Fewer transactions than before: the server was put back to an earlier state.
    if (news.position.server != since.server || !*there ||
        number(news.position.next) < number(since.next)) {
        news.read_afresh = true;
        return news;
    }
    news.position.orders = since.orders;
    news.position.newest_id = since.newest_id;
    news.position.newest_token = since.newest_token;
    const std::uint64_t oldest = number(news.position.oldest);
    const auto read = connection.query(
        "SELECT id::text, token::text, kind, key, xid::text FROM mqtt_auth.broker_changes "
        "WHERE (xid >= $1::xid8 OR xid = ANY ($2::xid8[])) AND xid < $3::xid8 ORDER BY id",
        {since.standby ? since.oldest : since.next,
         array_of(since.running),
         news.position.next},
        [&](const Row& row) {
            const std::string token(row[1].value_or(""));
            if (news.position.standby && number(row[4].value_or("")) >= oldest) {
                news.position.seen.insert(token);
            }
            if (since.seen.contains(token)) {
                return;
            }
            if (number(row[0].value_or("")) >= number(news.position.newest_id)) {
                news.position.newest_id = row[0].value_or("");
                news.position.newest_token = token;
            }
            note(news, row[2].value_or(""), row[3].value_or(""), token);
        });
    return read ? Result<FeedNews>(std::move(news)) : tl::unexpected(read.error());
}

Result<FeedNews> read_position(PgConnection& connection, const FeedPosition* before) {
    auto state = read_state(connection);
    if (!state) {
        return tl::unexpected(state.error());
    }
    FeedNews news;
    news.position = *std::move(state);
    auto read = connection.query(newest_sql, {}, [&](const Row& row) {
        news.position.newest_id = row[0].value_or("");
        news.position.newest_token = row[1].value_or("");
    });
    if (read && news.position.standby) {
        read = connection.query(
            "SELECT token::text FROM mqtt_auth.broker_changes WHERE xid >= $1::xid8",
            {news.position.oldest},
            [&](const Row& row) { news.position.seen.emplace(row[0].value_or("")); });
    }
    if (read) {
        read = connection.query(orders_sql, {}, [&](const Row& row) {
            const std::string token(row[2].value_or(""));
            news.position.orders.insert(token);
            if (before != nullptr && !before->orders.contains(token)) {
                news.orders.emplace_back(row[0].value_or(""), row[1].value_or(""));
            }
        });
    }
    return read ? Result<FeedNews>(std::move(news)) : tl::unexpected(read.error());
}

}  // namespace pgauth
