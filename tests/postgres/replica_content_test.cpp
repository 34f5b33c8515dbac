#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/watched_feed.hpp"

using namespace pgauth;
using namespace pgauth::testing;

namespace {

using Text = std::optional<std::string>;

Text microseconds(const std::optional<Instant>& instant) {
    return instant ? Text(std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(
                                             instant->time_since_epoch())
                                             .count()))
                   : std::nullopt;
}

std::string methods_of(MethodSet methods) {
    std::string text;
    for (const Method method : all_methods) {
        if (methods.contains(method)) {
            text += std::string(to_string(method)) + ",";
        }
    }
    return text;
}

// What `sql` selects; `{}` in it stands for the username.
std::vector<SqlRow> rows_of(TestDatabase& database, const Client& client, const char* sql) {
    return database.sql(fmt::format(fmt::runtime(sql), quote_literal(client.username)));
}

SqlRow row_of(const Client& client) {
    return {client.username,
            client.name,
            client.enabled ? "t" : "f",
            client.client_id ? Text(client.client_id->text()) : std::nullopt,
            methods_of(client.required_methods),
            microseconds(client.window.from),
            microseconds(client.window.until),
            client.networks ? "t" : "f",
            client.defective ? "defective" : "good"};
}

std::vector<Network> networks_of(TestDatabase& database, const Client& client) {
    std::vector<Network> networks;
    for (const SqlRow& row :
         rows_of(database,
                 client,
                 "SELECT unnest(networks) FROM mqtt_auth.clients WHERE username = {}")) {
        networks.push_back(*Network::parse(*row.at(0)));
    }
    return networks;
}

Attributes attributes_of(TestDatabase& database, const Client& client) {
    Attributes attributes;
    for (const SqlRow& pair : rows_of(database,
                                      client,
                                      "SELECT (jsonb_each_text(attributes)).* FROM "
                                      "mqtt_auth.clients WHERE username = {}")) {
        attributes.emplace(*pair.at(0), *pair.at(1));
    }
    return attributes;
}

std::vector<SqlRow> rows_of_credentials(const Client& client) {
    std::vector<SqlRow> rows;
    for (const Credential& credential : client.credentials) {
        rows.push_back({std::to_string(credential.id),
                        std::string(to_string(credential.method)),
                        credential.secret,
                        credential.fingerprint,
                        microseconds(credential.window.from),
                        microseconds(credential.window.until)});
    }
    std::sort(rows.begin(), rows.end(), [](const auto& one, const auto& other) {
        return std::stoll(*one.at(0)) < std::stoll(*other.at(0));
    });
    return rows;
}

std::vector<SqlRow> rows_of_groups(const Client& client) {
    std::vector<SqlRow> rows;
    for (const GroupId& id : client.groups) {
        rows.push_back({id});
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

void check_client(TestDatabase& database, const Replica& replica, const SqlRow& row) {
    INFO("client " << *row.at(0));
    const auto client = replica.find_client(*row.at(0));
    REQUIRE(client != nullptr);
    CHECK(row_of(*client) == row);
    CHECK(client->networks.value_or(std::vector<Network>()) == networks_of(database, *client));
    CHECK(client->attributes == attributes_of(database, *client));
    CHECK(rows_of_credentials(*client) ==
          rows_of(database,
                  *client,
                  "SELECT id, method, coalesce(secret, ''), coalesce(fingerprint, ''), "
                  "(extract(epoch FROM valid_from) * 1000000)::bigint, "
                  "(extract(epoch FROM valid_until) * 1000000)::bigint "
                  "FROM mqtt_auth.credentials WHERE username = {} ORDER BY id"));
    CHECK(rows_of_groups(*client) ==
          rows_of(database,
                  *client,
                  "SELECT g.id FROM mqtt_auth.group_members AS m JOIN mqtt_auth.groups AS g "
                  "ON g.name = m.group_name WHERE m.username = {} ORDER BY g.id"));
}

std::string describe(const AclEntry& entry) {
    static const std::map<Permission, std::string> permissions{
        {Permission::read, "read"},
        {Permission::write, "write"},
        {Permission::read_write, "readWrite"}};
    return fmt::format("{} {} {} {} {} qos {} retain {} of {}",
                       entry.id,
                       entry.effect == Effect::allow ? "allow" : "deny",
                       permissions.at(entry.permission),
                       entry.topic.text(),
                       entry.priority,
                       entry.max_qos ? std::to_string(*entry.max_qos) : "any",
                       entry.allow_retain,
                       entry.owner);
}

void check_entries(TestDatabase& database, const Replica& replica) {
    std::vector<std::string> expected;
    for (const SqlRow& row : database.sql("SELECT id || ' ' || effect || ' ' || permission || "
                                          "' ' || topic || ' ' || priority || ' qos ' || "
                                          "coalesce(max_qos::text, 'any') || ' retain ' || "
                                          "coalesce(allow_retain, true) || ' of ' || "
                                          "coalesce('group ' || mqtt_auth.quoted(group_name), "
                                          "'client ' || mqtt_auth.quoted(username)) "
                                          "FROM mqtt_auth.acls")) {
        expected.push_back(*row.at(0));
    }
    std::vector<std::string> found;
    for (const SqlRow& row : database.sql("SELECT id, name FROM mqtt_auth.groups")) {
        const auto group = replica.find_group(*row.at(0));
        REQUIRE(group != nullptr);
        CHECK(group->name == row.at(1));
        CHECK(replica.find_group_by_name(*row.at(1)) == group);
        std::transform(
            group->entries.begin(), group->entries.end(), std::back_inserter(found), describe);
    }
    for (const SqlRow& row : database.sql("SELECT username FROM mqtt_auth.clients")) {
        const auto client = replica.find_client(*row.at(0));
        REQUIRE(client != nullptr);
        std::transform(client->entries.begin(),
                       client->entries.end(),
                       std::back_inserter(found),
                       describe);
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    CHECK(found == expected);
}

void check_rules(TestDatabase& database, const Replica& replica) {
    std::map<std::string, std::set<std::string>> expected;
    std::map<std::string, bool> enabled;
    for (const SqlRow& row : database.sql("SELECT name, enabled FROM mqtt_auth.group_rules")) {
        expected[*row.at(0)];
        enabled[*row.at(0)] = row.at(1) == "t";
    }
    for (const SqlRow& row :
         database.sql("SELECT rule_name, group_name FROM mqtt_auth.group_rule_groups")) {
        expected[*row.at(0)].insert(*row.at(1));
    }
    std::map<std::string, std::set<std::string>> found;
    replica.for_each_rule([&](const GroupRule& rule) {
        found[rule.name].insert(rule.group_names.begin(), rule.group_names.end());
        CHECK(rule.enabled == enabled[rule.name]);
    });
    CHECK(found == expected);
    CHECK(replica.rule_count() == expected.size());
}

// Row by row, and nothing but these rows.
void check_equal(TestDatabase& database, const Replica& replica) {
    CHECK(std::to_string(replica.client_count()) ==
          database.value("SELECT count(*) FROM mqtt_auth.clients"));
    CHECK(std::to_string(replica.group_count()) ==
          database.value("SELECT count(*) FROM mqtt_auth.groups"));
    CHECK(replica.defects().empty());
    for (const SqlRow& row : database.sql(
             "SELECT username, coalesce(name, username), enabled, client_id, "
             "concat(CASE WHEN 'password' = ANY (required_methods) THEN 'password,' END, "
             "CASE WHEN 'certificate' = ANY (required_methods) THEN 'certificate,' END, "
             "CASE WHEN 'psk' = ANY (required_methods) THEN 'psk,' END), "
             "(extract(epoch FROM valid_from) * 1000000)::bigint, "
             "(extract(epoch FROM valid_until) * 1000000)::bigint, networks IS NOT NULL, "
             "'good' "
             "FROM mqtt_auth.clients")) {
        check_client(database, replica, row);
    }
    check_entries(database, replica);
    check_rules(database, replica);
    for (const SqlRow& row :
         database.sql("SELECT fingerprint FROM mqtt_auth.revoked_certificates")) {
        CHECK(replica.is_revoked(*row.at(0)));
    }
}

std::string fingerprint(char digit) {
    return "SHA256:" + std::string(64, digit);
}

void fill(TestDatabase& database) {
    database.sql(fmt::format(R"(
        SELECT mqtt_auth.create_client('Press 7', username => 'press-7', secret => '{0}', client_id => '%u-*',
            networks => '{{10.1.0.0/16,fd00::/8,192.0.2.7}}', required_methods => '{{certificate,password}}',
            attributes => '{{"line": "a", "number": 7, "spare": true, "größe": "2,5 µm"}}',
            valid_from => '2024-02-29 12:00:00.123456+02', valid_until => '2099-12-31');
        SELECT mqtt_auth.create_client('idle');
        SELECT mqtt_auth.create_client('O''Brien; DROP TABLE "x" \ 日本 🙂', secret => '{0}', enabled => false);
        INSERT INTO mqtt_auth.credentials (username, method, secret, fingerprint, valid_from, valid_until, label) VALUES
            ('press-7', 'certificate', NULL, NULL, NULL, NULL, 'any'),
            ('press-7', 'certificate', NULL, '{1}', '2025-01-01', NULL, NULL),
            ('press-7', 'psk', 'psk:00112233445566778899aabbccddeeff', NULL, NULL, '2030-01-01', NULL);
        SELECT mqtt_auth.create_group(name) FROM unnest(ARRAY['presses', 'operators', 'nobody']) AS name;
        SELECT mqtt_auth.add_to_group('press-7', 'presses');
        SELECT mqtt_auth.add_to_group('press-7', 'operators');
        SELECT mqtt_auth.allow('presses', 'readWrite', 'plant/%u/#', max_qos => 1, allow_retain => false);
        SELECT mqtt_auth.allow('presses', 'read', '+/%c/%{{line}}', priority => -3);
        SELECT mqtt_auth.deny('operators', 'write', '$SYS/#', priority => 2147483647);
        SELECT mqtt_auth.deny(username => 'press-7', permission => 'write', topic => 'größe');
        SELECT mqtt_auth.add_group_rule('presses', ARRAY['presses', 'operators'], client_id => 'press-*');
        SELECT mqtt_auth.add_group_rule('near', ARRAY['operators'], address => '10.0.0.0/8', method => 'password',
            enabled => false);
        SELECT mqtt_auth.add_group_rule('odd', ARRAY['nobody'], username => 'a|b', syntax => 'regex');
        INSERT INTO mqtt_auth.revoked_certificates (fingerprint) VALUES ('{2}'))",
                             sesame_secret,
                             fingerprint('a'),
                             fingerprint('b')));
}

}  // namespace

TEST_CASE("the replica equals the tables row by row", "[postgres]") {
    TestDatabase database;
    fill(database);
    const WatchedFeed feed(database);
    check_equal(database, *feed.current());
    CHECK(feed.current()->is_revoked(fingerprint('b')));
    CHECK_FALSE(feed.current()->is_revoked(fingerprint('a')));
}

TEST_CASE("the replica equals the tables after any edits", "[postgres]") {
    TestDatabase database;
    fill(database);
    WatchedFeed feed(database);
    // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): the same edits each time
    std::mt19937 random(20240229);
    const auto any = [&](const std::vector<std::string>& choices) {
        return choices[random() % choices.size()];
    };
    const auto client = [&] { return any({"a", "b", "c", "press-7", "idle"}); };
    const auto group = [&] { return any({"presses", "operators", "nobody", "g"}); };
    for (int round = 0; round < 8; ++round) {
        SqlSession session = database.session();
        session.sql("BEGIN");
        for (int i = 0; i < 12; ++i) {
            const std::string edits[] = {
                fmt::format("INSERT INTO mqtt_auth.clients (username) VALUES ('{}') ON "
                            "CONFLICT DO NOTHING",
                            client()),
                fmt::format("DELETE FROM mqtt_auth.clients WHERE username = '{}'", client()),
                fmt::format("UPDATE mqtt_auth.clients SET username = 'renamed {}' WHERE "
                            "username = '{}'",
                            random(),
                            client()),
                fmt::format("UPDATE mqtt_auth.clients SET attributes = '{{\"n\": {}}}', "
                            "enabled = {} WHERE username = '{}'",
                            random() % 9,
                            any({"true", "false"}),
                            client()),
                fmt::format(
                    "INSERT INTO mqtt_auth.groups (name) VALUES ('{}') ON CONFLICT DO NOTHING",
                    group()),
                fmt::format("DELETE FROM mqtt_auth.groups WHERE name = '{}'", group()),
                fmt::format("UPDATE mqtt_auth.groups SET name = 'renamed {}' WHERE name = '{}'",
                            random(),
                            group()),
                fmt::format("INSERT INTO mqtt_auth.group_members SELECT g.name, c.username "
                            "FROM mqtt_auth.groups AS g, "
                            "mqtt_auth.clients AS c WHERE g.name = '{}' AND c.username = '{}' "
                            "ON CONFLICT DO NOTHING",
                            group(),
                            client()),
                fmt::format("INSERT INTO mqtt_auth.acls (group_name, permission, topic) SELECT "
                            "name, '{}', 't/{}' "
                            "FROM mqtt_auth.groups WHERE name = '{}'",
                            any({"read", "write", "readWrite"}),
                            random() % 9,
                            group()),
                fmt::format("INSERT INTO mqtt_auth.acls (username, permission, topic, effect) "
                            "SELECT username, 'read', "
                            "'t/{}', '{}' FROM mqtt_auth.clients WHERE username = '{}'",
                            random() % 9,
                            any({"allow", "deny"}),
                            client()),
                fmt::format("UPDATE mqtt_auth.acls SET priority = {} WHERE id % 3 = {}",
                            random() % 5,
                            random() % 3),
                fmt::format("DELETE FROM mqtt_auth.acls WHERE id % 7 = {}", random() % 7),
                fmt::format("UPDATE mqtt_auth.group_rules SET enabled = NOT enabled, name = "
                            "name || '{}'",
                            random() % 9),
                fmt::format(
                    "INSERT INTO mqtt_auth.group_rule_groups SELECT r.name, g.name FROM "
                    "mqtt_auth.group_rules "
                    "AS r, mqtt_auth.groups AS g WHERE g.name = '{}' ON CONFLICT DO NOTHING",
                    group()),
            };
            session.sql(edits[random() % std::size(edits)]);
        }
        session.sql(round % 4 == 3 ? "ROLLBACK" : "COMMIT");
        feed.until_seen(database);
        check_equal(database, *feed->current());
    }
}

TEST_CASE("a row that was forced past the constraints denies, and nothing else is affected",
          "[postgres]") {
    TestDatabase database;
    fill(database);
    database.force(R"(
        INSERT INTO mqtt_auth.acls (group_name, effect, permission, topic) VALUES
            ('nobody', 'allow', 'write', 'a/#/b'),
            ('nobody', 'deny', 'write', 'a+'),
            ('nobody', 'allow', 'readwrite', 'a'),
            ('nobody', 'perhaps', 'read', 'a'),
            (NULL, 'allow', 'read', 'a'),
            ('nobody', 'allow', 'read', 'good');
        INSERT INTO mqtt_auth.acls (group_name, effect, permission, topic, max_qos) VALUES
            ('nobody', 'allow', 'read', 'a', 7);
        UPDATE mqtt_auth.credentials SET secret = 'sesame' WHERE username LIKE 'O%';
        INSERT INTO mqtt_auth.group_rules (name) VALUES ('without a condition');
        INSERT INTO mqtt_auth.group_rule_groups VALUES ('without a condition', 'nobody');
        INSERT INTO mqtt_auth.group_rules (name, syntax, username) VALUES ('unreadable', 'regex', '(');
        INSERT INTO mqtt_auth.clients (username, networks) VALUES ('nowhere', '{}');
        INSERT INTO mqtt_auth.clients (username, attributes) VALUES ('listed', '[1]');
        INSERT INTO mqtt_auth.clients (username, required_methods) VALUES ('charmed', '{charm}');
        INSERT INTO mqtt_auth.group_members VALUES ('no such group', 'idle');
    )");
    WatchedFeed feed(database);
    const auto replica = feed->current();

    std::vector<std::string> entries;
    for (const AclEntry& entry : replica->find_group_by_name("nobody")->entries) {
        entries.push_back(fmt::format(
            "{} `{}`", entry.effect == Effect::allow ? "allow" : "deny", entry.topic.text()));
    }
    std::sort(entries.begin(), entries.end());
    CHECK(std::count(entries.begin(), entries.end(), "allow `good`") == 1);
    CHECK(std::count_if(entries.begin(), entries.end(), [](const std::string& entry) {
              return entry.substr(0, 5) == "allow";
          }) == 1);
    CHECK(std::count(entries.begin(), entries.end(), "deny ``") >= 1);  // every topic

    CHECK(
        replica->find_client("O'Brien; DROP TABLE \"x\" \\ 日本 🙂")->credentials.empty());
    for (const char* username : {"nowhere", "listed", "charmed"}) {
        INFO(username);
        REQUIRE(replica->find_client(username) != nullptr);
        CHECK(replica->find_client(username)->defective);
    }
    ConnectionFacts facts;
    facts.username = "(";
    replica->for_each_rule([&](const GroupRule& rule) {
        if (rule.name == "without a condition" || rule.name == "unreadable") {
            CHECK(rule.match(facts) == Match::no);
        }
    });
    CHECK(replica->find_client("press-7")->credentials.size() == 4);
    CHECK_FALSE(replica->find_client("press-7")->defective);
    CHECK(replica->find_client("idle")->groups.empty());
    CHECK(replica->find_group_by_name("presses")->entries.size() == 2);
    INFO(feed.text());
    CHECK(replica->defects().size() >= 11);
    CHECK(feed.count("`sesame`") == 0);
}

TEST_CASE("a row that makes no sense is named in the log once", "[postgres]") {
    TestDatabase database;
    database.sql("SELECT mqtt_auth.create_group('presses')");
    database.force(
        "INSERT INTO mqtt_auth.acls (group_name, permission, topic) VALUES ('presses', 'read', "
        "'a/#/b')");
    WatchedFeed feed(database);
    for (int i = 0; i < 3; ++i) {
        feed.until_seen(database);
    }
    CHECK(feed.count("`a/#/b`") == 1);
    database.force(
        "INSERT INTO mqtt_auth.acls (group_name, permission, topic) VALUES ('presses', 'read', "
        "'b+')");
    feed.until_seen(database);
    CHECK(feed.count("`b+`") == 1);
    CHECK(feed.count("`a/#/b`") == 1);
    database.terminate_plugin_connections();
    REQUIRE(eventually([&] { return feed.count("connected again") == 1; }));
    feed.until_seen(database);
    CHECK(feed.count("`b+`") == 1);
    CHECK(feed.count("`a/#/b`") == 1);
}

TEST_CASE("a site's own view behind the same name is read like the schema's", "[postgres]") {
    TestDatabase database;
    fill(database);
    WatchedFeed feed(database);
    database.sql("CREATE TABLE public.staff (login text)");
    database.sql("INSERT INTO public.staff VALUES ('zoe')");
    database.sql(
        "CREATE OR REPLACE VIEW mqtt_auth.broker_clients AS "
        "SELECT username, coalesce(name, username) AS name, enabled, client_id, "
        "required_methods, "
        "networks, valid_from, valid_until, attributes FROM mqtt_auth.clients "
        "UNION ALL SELECT login, login, true, NULL, '{}'::text[], NULL, NULL, NULL, '{}' FROM "
        "public.staff");
    database.sql("SELECT mqtt_auth.touch('zoe')");
    CHECK(eventually([&] { return feed.has_client("zoe"); }));
    CHECK(feed.has_client("press-7"));
}
