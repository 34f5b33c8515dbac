// The database as the plugin finds it: reached, verified, of the right version, readable, and
// not more than that.

#include <array>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quote.hpp"
#include "check.hpp"
#include "database.hpp"
#include "store/connection_parameters.hpp"
#include "store/replica_loader.hpp"

namespace pgauth::tool {

namespace {

constexpr std::string_view database = "database";
constexpr std::string_view privileges = "privileges";

// Rows of texts; nothing where the question failed, which is then a finding.
using Rows = std::vector<std::vector<std::string>>;

std::optional<Rows> ask_all(PgConnection& connection,
                            std::string_view place,
                            const std::string& sql,
                            Findings& findings) {
    Rows rows;
    const auto asked = connection.query(sql, {}, [&](const auto& row) {
        rows.emplace_back();
        for (const auto& value : row) {
            rows.back().emplace_back(value.value_or(""));
        }
    });
    if (!asked) {
        findings.error(place, asked.error().message);
        return std::nullopt;
    }
    return rows;
}

std::string list_of(const Rows& rows) {
    constexpr std::size_t most = 5;
    std::string list;
    for (std::size_t i = 0; i < rows.size() && i < most; ++i) {
        list += (i == 0 ? "" : ", ") + quote(rows[i][0], 60);
    }
    return rows.size() > most ? fmt::format("{} and {} more", list, rows.size() - most) : list;
}

void check_tls(PgConnection& connection, const Options& options, Findings& findings) {
    const auto rows =
        ask_all(connection,
                "database.tls",
                "SELECT coalesce(version, ''), coalesce(host(inet_server_addr()), '') "
                "FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                findings);
    if (!rows || rows->empty()) {
        return;
    }
    const std::string& version = rows->front()[0];
    const std::string& address = rows->front()[1];
    const bool is_local = address.empty() || address == "::1" || address.starts_with("127.");
    // A connection string may ask for more than database.tls does.
    const auto parameters = connection_parameters(options.database);
    const bool verified =
        parameters && effective_value(*parameters, "sslmode", "PGSSLMODE") == "verify-full";
    if (is_local) {
        findings.ok("database.tls", "not needed: the server is on this machine");
    } else if (version.empty()) {
        findings.warning("database.tls",
                         "password hashes come unencrypted from " + address,
                         "sslmode=verify-full in database.connection, and no database.tls");
    } else if (!verified) {
        findings.warning("database.tls",
                         version + ", but the server's certificate is not verified",
                         "take database.tls: unverified out");
    } else {
        findings.ok("database.tls", version + ", and the server's certificate names it");
    }
}

bool check_schema(PgConnection& connection, Findings& findings) {
    if (const auto fits = check_schema_version(connection); !fits) {
        findings.error("schema", fits.error().message);
        return false;
    }
    const auto version = ask(
        connection, "SELECT value FROM mqtt_auth.broker_settings WHERE key = 'schema_version'");
    findings.ok("schema", "mqtt_auth, version " + version.value_or("unknown"));
    return true;
}

// What the plugin reads, and what it must not be able to do. Membership counts whether or not
// it is inherited: SET ROLE would do.
// Names are looked up in the catalogs, since a look-up by name fails without USAGE.
constexpr const char* unreadable_views =
    "SELECT name FROM unnest('{broker_settings,broker_clients,broker_credentials,"
    "broker_revoked_certificates,broker_groups,broker_members,broker_rules,broker_entries,"
    "broker_changes}'::text[]) AS view (name) LEFT JOIN pg_class AS c ON c.relname = name "
    "AND c.relnamespace = to_regnamespace('mqtt_auth') "
    "WHERE NOT (coalesce(has_table_privilege(c.oid, 'SELECT'), false) "
    "AND has_schema_privilege('mqtt_auth', 'USAGE'))";
constexpr const char* powers =
    "SELECT power FROM (SELECT 1, 'it is a superuser' AS power FROM pg_roles "
    "WHERE rolname = current_user AND rolsuper "
    "UNION ALL SELECT 2, format('it can act as the owner of schema mqtt_auth, `%s`', "
    "nspowner::regrole) FROM pg_namespace WHERE nspname = 'mqtt_auth' "
    "AND pg_has_role(nspowner, 'MEMBER') "
    "UNION ALL SELECT 3, format('it is in `%s`, who may change everything', r.rolname) "
    "FROM mqtt_auth.broker_settings AS s JOIN pg_roles AS r ON r.rolname = s.value "
    "WHERE s.key = 'admin_role' AND pg_has_role(r.oid, 'MEMBER') "
    "UNION ALL SELECT 4, format('it may change table %s', c.relname) FROM pg_class AS c "
    "WHERE c.relnamespace = to_regnamespace('mqtt_auth') AND c.relkind IN ('r', 'v') "
    "AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') "
    "UNION ALL SELECT 5, format('it may call %s()', p.proname) FROM pg_proc AS p "
    "WHERE p.pronamespace = to_regnamespace('mqtt_auth') AND p.proname <> 'rehash' "
    "AND has_function_privilege(p.oid, 'EXECUTE') "
    "UNION ALL SELECT 6, 'it may create roles, and so give itself any' FROM pg_roles "
    "WHERE rolname = current_user AND rolcreaterole "
    "AND current_setting('server_version_num')::integer < 160000) AS found (rank, power) "
    "ORDER BY rank, power LIMIT 1";

// False where the plugin could not read.
bool check_privileges(PgConnection& connection, Findings& findings) {
    const std::string role = quote(ask(connection, "SELECT current_user").value_or(""));
    const auto missing = ask_all(connection, privileges, unreadable_views, findings);
    if (!missing || !missing->empty()) {
        findings.error(
            privileges,
            fmt::format(
                "role {} cannot read {}", role, missing ? list_of(*missing) : "the catalogs"),
            fmt::format("GRANT mqtt_auth_broker TO {}", role));
        return false;
    }
    const auto too_many = ask_all(connection, privileges, powers, findings);
    if (!too_many) {
        return false;
    }
    for (const auto& row : *too_many) {
        findings.warning(privileges,
                         fmt::format("role {} can change clients: {}", role, row[0]),
                         "have the broker log in with a role that has mqtt_auth_broker alone");
    }
    if (too_many->empty()) {
        findings.ok(privileges,
                    fmt::format("role {} reads what it needs and changes nothing", role));
    }
    return true;
}

// Whether the server takes changes, whether this role may rehash, and whether the plugin's role
// was allowed to (another one may by what else it is).
constexpr const char* rehash_rights =
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean, "
    "coalesce(bool_or(has_function_privilege(p.oid, 'EXECUTE')), false), "
    "coalesce(bool_or(has_function_privilege(r.oid, p.oid, 'EXECUTE')), false) "
    "FROM pg_proc AS p LEFT JOIN mqtt_auth.broker_settings AS s ON s.key = 'broker_role' "
    "LEFT JOIN pg_roles AS r ON r.rolname = s.value "
    "WHERE p.proname = 'rehash' AND p.pronamespace = to_regnamespace('mqtt_auth')";

// Where hashes go to, and whether they may.
void check_rehash(const Options& options, Findings& findings) {
    constexpr std::string_view place = "rehash";
    const bool wanted = options.authn.password.rehash.has_value();
    auto connection = connect(for_writing(options.database));
    if (!connection) {
        findings.error("database.write_connection", connection.error().message);
        return;
    }
    const auto rows = ask_all(*connection, place, rehash_rights, findings);
    if (!rows || rows->empty()) {
        return;
    }
    const bool read_only = rows->front()[0] == "t";
    const bool may = rows->front()[1] == "t";
    const bool allowed = rows->front()[2] == "t";
    if (wanted && read_only) {
        findings.error(place,
                       "the server takes no changes, so no hash is replaced",
                       "name one that does in database.write_connection");
    } else if (wanted && !may) {
        findings.error(place,
                       "the plugin's role may not replace hashes",
                       "SELECT mqtt_auth.allow_rehash(true), as the owner of the schema");
    } else if (!wanted && allowed && !read_only) {
        findings.warning(place,
                         "the plugin's role may replace hashes, and is not told to",
                         "SELECT mqtt_auth.allow_rehash(false), or set "
                         "authentication.password.rehash");
    } else {
        findings.ok(place, wanted ? "the plugin may replace hashes" : "off, and not allowed");
    }
}

// A client id is what the device says it is (DESIGN 3.2).
void check_client_ids(PgConnection& connection, const Options& options, Findings& findings) {
    constexpr std::string_view place = "client ids";
    const auto rules = ask_all(connection,
                               place,
                               "SELECT name FROM mqtt_auth.broker_rules "
                               "WHERE enabled AND client_id IS NOT NULL ORDER BY name",
                               findings);
    const auto entries = ask_all(
        connection,
        place,
        "SELECT id FROM mqtt_auth.broker_entries "
        "WHERE '%c' = ANY (string_to_array(topic, '/')) AND effect = 'allow' ORDER BY id",
        findings);
    const auto unbound = ask_all(connection,
                                 place,
                                 "SELECT username FROM mqtt_auth.broker_clients WHERE enabled "
                                 "AND (client_id IS NULL OR client_id ~ '^[*]+$') ORDER BY 1",
                                 findings);
    if (!rules || !entries || !unbound) {
        return;
    }
    const bool bound = options.authz.client_ids == ClientIdTrust::bound;
    if (bound || unbound->empty() || (rules->empty() && entries->empty())) {
        findings.ok(place,
                    bound ? "they count for clients whose row says which they may use"
                          : "nothing trusts a client id that is not bound to its client");
        return;
    }
    if (!rules->empty()) {
        findings.warning(
            place,
            fmt::format("rule {} gives its groups to whoever claims such a client "
                        "id, and {} may claim any",
                        list_of(*rules),
                        list_of(*unbound)),
            "authorization.client_ids: bound, and client_id in the rows of clients");
    }
    if (!entries->empty()) {
        findings.warning(
            place,
            fmt::format("entry {} allows by %c, and {} may claim any client id",
                        list_of(*entries),
                        list_of(*unbound)),
            "authorization.client_ids: bound, and client_id in the rows of clients");
    }
}

// By the plugin's own loader: what it would name in its log.
void check_rows(PgConnection& connection, const Options& options, Findings& findings) {
    const auto loaded =
        load_replica(connection, nullptr, nullptr, [](std::string_view, std::size_t) {});
    if (!loaded) {
        findings.error("rows", loaded.error().message);
        return;
    }
    const Replica& replica = *loaded->replica;
    for (const std::string& defect : replica.defects()) {
        findings.warning("rows", defect, "that row denies: correct it");
    }
    findings.ok("rows",
                fmt::format("{} clients, {} groups, {} group rules",
                            replica.client_count(),
                            replica.group_count(),
                            replica.rule_count()));
    const auto& group = options.authn.anonymous_group;
    if (group && replica.find_group_by_name(*group) == nullptr) {
        findings.warning("authentication.anonymous_group",
                         fmt::format("there is no group {}", quote(*group)),
                         fmt::format("SELECT mqtt_auth.create_group('{}')", *group));
    }
}

}  // namespace

void check_database(const Options& options, Findings& findings) {
    auto connection = connect(options.database);
    if (!connection) {
        findings.error(
            database, connection.error().message, "is it up, and database.connection right?");
        return;
    }
    findings.ok(
        database,
        fmt::format(
            "connected to {} ({})", describe_database(options.database), connection->server()));
    check_tls(*connection, options, findings);
    const auto installed =
        ask(*connection,
            "SELECT true FROM pg_class WHERE relname = 'broker_settings' AND "
            "relnamespace = to_regnamespace('mqtt_auth')");
    if (installed != "t") {
        findings.error("schema",
                       "there is no schema mqtt_auth in this database",
                       "psql -f schema/mqtt_auth.sql, as the owner of the database");
        return;
    }
    if (!check_privileges(*connection, findings) || !check_schema(*connection, findings)) {
        return;
    }
    check_client_ids(*connection, options, findings);
    check_rows(*connection, options, findings);
    check_rehash(options, findings);
}

}  // namespace pgauth::tool
