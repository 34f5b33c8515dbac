#include "store/replica_loader.hpp"

#include <array>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <utility>

#include "base/quote.hpp"
#include "replica/replica_builder.hpp"

namespace pgauth {

namespace {

using Row = PgConnection::Row;

// One query a view, in the order that ReplicaBuilder wants. Times as seconds, arrays and jsonb
// as JSON: see replica/rows.hpp.
constexpr const char* groups_sql = "SELECT id::text, name FROM mqtt_auth.broker_groups";

constexpr const char* clients_sql =
    "SELECT username, name, enabled, client_id, to_json(required_methods)::text, "
    "to_json(networks)::text, extract(epoch FROM valid_from)::text, "
    "extract(epoch FROM valid_until)::text, attributes::text FROM mqtt_auth.broker_clients";

constexpr const char* credentials_sql =
    "SELECT id, username, method, secret, fingerprint, extract(epoch FROM valid_from)::text, "
    "extract(epoch FROM valid_until)::text FROM mqtt_auth.broker_credentials";

constexpr const char* members_sql = "SELECT group_name, username FROM mqtt_auth.broker_members";

constexpr const char* rules_sql =
    "SELECT name, enabled, syntax, client_name, username, client_id, fingerprint, common_name, "
    "subject_alt_name, address::text, method, to_json(groups)::text FROM "
    "mqtt_auth.broker_rules";

constexpr const char* entries_sql =
    "SELECT id, group_name, username, effect, permission, topic, priority, max_qos, "
    "allow_retain "
    "FROM mqtt_auth.broker_entries";

constexpr const char* revoked_sql =
    "SELECT fingerprint FROM mqtt_auth.broker_revoked_certificates";

Result<void> load_rows(PgConnection& connection, ReplicaBuilder& builder) {
    using Step = std::pair<const char*, PgConnection::RowHandler>;
    const std::array<Step, 7> steps{{
        {groups_sql,
         [&](const Row& row) {
             builder.add(GroupRow{row[0], row[1]});
         }},
        {clients_sql,
         [&](const Row& row) {
             builder.add(ClientRow{
                 row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8]});
         }},
        {credentials_sql,
         [&](const Row& row) {
             builder.add(CredentialRow{row[0], row[1], row[2], row[3], row[4], row[5], row[6]});
         }},
        {members_sql,
         [&](const Row& row) {
             builder.add(MemberRow{row[0], row[1]});
         }},
        {rules_sql,
         [&](const Row& row) {
             builder.add(RuleRow{row[0],
                                 row[1],
                                 row[2],
                                 row[3],
                                 row[4],
                                 row[5],
                                 row[6],
                                 row[7],
                                 row[8],
                                 row[9],
                                 row[10],
                                 row[11]});
         }},
        {entries_sql,
         [&](const Row& row) {
             builder.add(EntryRow{
                 row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8]});
         }},
        {revoked_sql, [&](const Row& row) { builder.add(RevokedCertificateRow{row[0]}); }},
    }};
    for (const auto& [sql, add] : steps) {
        if (auto read = connection.query(sql, {}, add); !read) {
            return read;
        }
    }
    return {};
}

// Calls `handle` with the token of every change by a transaction that is not older than `from`.
Result<void> read_changes(PgConnection& connection,
                          const std::string& from,
                          const PgConnection::RowHandler& handle) {
    return connection.query(
        "SELECT token FROM mqtt_auth.broker_changes WHERE xid >= $1::xid8", {from}, handle);
}

Result<FeedPosition> read_position(PgConnection& connection) {
    FeedPosition position;
    auto read = connection.query(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text", {}, [&](const Row& row) {
            position.oldest_running = row[0].value_or("");
        });
    if (read) {
        read = read_changes(connection, position.oldest_running, [&](const Row& row) {
            position.seen.emplace(row[0].value_or(""));
        });
    }
    if (!read) {
        return tl::unexpected(read.error());
    }
    return position;
}

}  // namespace

Result<void> check_schema_version(PgConnection& connection) {
    std::optional<std::string> version;
    auto read = connection.query(
        "SELECT value FROM mqtt_auth.broker_settings WHERE key = 'schema_version'",
        {},
        [&](const Row& row) { version = row[0]; });
    if (!read) {
        return read;
    }
    for (int known = oldest_schema_version; known <= newest_schema_version; ++known) {
        if (version == std::to_string(known)) {
            return {};
        }
    }
    return fail(ErrorKind::unusable,
                fmt::format("schema mqtt_auth has version {}: this plugin works with {} to {}: "
                            "upgrade the plugin, or the schema with schema/mqtt_auth.sql",
                            version ? quote(*version) : "none",
                            oldest_schema_version,
                            newest_schema_version));
}

Result<Loaded> load_replica(PgConnection& connection) {
    // One snapshot for everything: readers see whole transactions only.
    auto done = connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (!done) {
        return tl::unexpected(done.error());
    }
    auto position = read_position(connection);
    if (!position) {
        return tl::unexpected(position.error());
    }
    ReplicaBuilder builder;
    done = load_rows(connection, builder);
    if (done) {
        done = connection.execute("COMMIT");
    }
    if (!done) {
        return tl::unexpected(done.error());
    }
    return Loaded{std::move(builder).build(), *std::move(position)};
}

Result<bool> has_changed(PgConnection& connection, const FeedPosition& position) {
    bool changed = false;
    std::size_t still_there = 0;
    const auto read = read_changes(connection, position.oldest_running, [&](const Row& row) {
        const bool known = position.seen.contains(std::string(row[0].value_or("")));
        still_there += known ? 1 : 0;
        changed = changed || !known;
    });
    if (!read) {
        return tl::unexpected(read.error());
    }
    // A change that was seen and is gone: pruned, or another database behind the same name.
    return changed || still_there != position.seen.size();
}

}  // namespace pgauth
