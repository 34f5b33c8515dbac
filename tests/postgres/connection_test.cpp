#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "store/pg_connection.hpp"
#include "support/black_hole.hpp"
#include "support/catch.hpp"
#include "support/watched_feed.hpp"

using namespace pgauth;
using namespace pgauth::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

std::string create(const std::string& username) {
    return "SELECT mqtt_auth.create_client('" + username + "')";
}

bool is_one_line(const std::string& text) {
    return std::none_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f';
    });
}

}  // namespace

TEST_CASE("a connection that ends is made anew, and each end is said once", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database);
    for (std::size_t times = 1; times <= 2; ++times) {
        feed.until_seen(database);
        database.terminate_plugin_connections();
        REQUIRE(eventually([&] { return feed.count("connected again to") == times; }));
        CHECK(feed.count("trying again") == times);
        CHECK(feed.count("decisions go on from the replica") == times);
    }
    feed.until_seen(database);
    INFO(feed.text());
    CHECK(feed.lines().size() == 5);
    CHECK(std::all_of(feed.lines().begin(), feed.lines().end(), is_one_line));
}

TEST_CASE("what changes while the connection is away is there when it is back", "[postgres]") {
    TestDatabase database;
    database.sql(create("before"));
    WatchedFeed feed(database);
    database.sql("REVOKE CONNECT ON DATABASE " + database.name() + " FROM PUBLIC");
    database.terminate_plugin_connections();
    REQUIRE(eventually([&] { return feed.count("trying again") == 1; }));
    const auto confirmed = feed->confirmed_at();
    database.sql("DELETE FROM mqtt_auth.clients;" + create("meanwhile"));
    CHECK(feed.has_client("before"));
    CHECK_FALSE(feed.has_client("meanwhile"));
    CHECK(feed->confirmed_at() == confirmed);
    database.sql("GRANT CONNECT ON DATABASE " + database.name() + " TO PUBLIC");
    CHECK(eventually([&] { return feed.has_client("meanwhile"); }));
    CHECK_FALSE(feed.has_client("before"));
    REQUIRE(eventually([&] { return feed.count("connected again to") == 1; }));
    CHECK(feed.count("trying again") == 1);
}

TEST_CASE("another database behind the same name is read afresh", "[postgres]") {
    TestDatabase database;
    database.sql(create("old"));
    WatchedFeed feed(database);
    REQUIRE(feed.has_client("old"));
    database.recreate();
    database.sql(create("new"));
    CHECK(eventually([&] { return feed.has_client("new") && !feed.has_client("old"); }));
}

TEST_CASE("a server that is away is tried again and again, and said once", "[postgres]") {
    BlackHole hole;
    WatchedFeed feed({.connection = hole.connection()});
    int turned_away = 0;
    REQUIRE(eventually([&] {
        turned_away += hole.turn_away();
        return turned_away >= 3;
    }));
    INFO(feed.text());
    CHECK(feed.lines().size() == 1);
    CHECK(feed.count("nobody can log in until the tables have been loaded, trying again") == 1);
    CHECK(is_one_line(feed.lines()[0]));
}

TEST_CASE("what an administrator has forgotten is said in one line, and done is enough",
          "[postgres]") {
    struct Row {
        std::string forget;
        std::string advice;
        std::string remember;
    };

    const Row rows[] = {
        {"ALTER SCHEMA mqtt_auth RENAME TO elsewhere",
         "is schema mqtt_auth installed in this database (psql -f schema/mqtt_auth.sql)?",
         "ALTER SCHEMA elsewhere RENAME TO mqtt_auth"},
        {"ALTER VIEW mqtt_auth.broker_rules RENAME TO elsewhere",
         "is schema mqtt_auth installed in this database",
         "ALTER VIEW mqtt_auth.elsewhere RENAME TO broker_rules"},
        {"ALTER VIEW mqtt_auth.broker_clients RENAME COLUMN networks TO elsewhere",
         "is schema mqtt_auth installed in this database",
         "ALTER VIEW mqtt_auth.broker_clients RENAME COLUMN elsewhere TO networks"},
        {"REVOKE USAGE ON SCHEMA mqtt_auth FROM mqtt_auth_broker",
         "permission denied for schema mqtt_auth: grant mqtt_auth_broker to the role that the "
         "broker connects as",
         "GRANT USAGE ON SCHEMA mqtt_auth TO mqtt_auth_broker"},
        {"REVOKE SELECT ON mqtt_auth.broker_entries FROM mqtt_auth_broker",
         "permission denied for view broker_entries: grant mqtt_auth_broker",
         "GRANT SELECT ON mqtt_auth.broker_entries TO mqtt_auth_broker"},
        {"ALTER TABLE mqtt_auth.settings DROP CONSTRAINT settings_value;"
         "UPDATE mqtt_auth.settings SET value = '3' WHERE key = 'schema_version'",
         "schema mqtt_auth has version `3`: this plugin works with 1 to 2: upgrade the plugin",
         "UPDATE mqtt_auth.settings SET value = '2' WHERE key = 'schema_version'"},
        {"ALTER TABLE mqtt_auth.settings DROP CONSTRAINT IF EXISTS settings_value;"
         "UPDATE mqtt_auth.settings SET value = '' WHERE key = 'schema_version'",
         "schema mqtt_auth has version ``",
         "UPDATE mqtt_auth.settings SET value = '1' WHERE key = 'schema_version'"},
    };
    for (const Row& row : rows) {
        TestDatabase database;
        database.sql(row.forget);
        WatchedFeed feed({.connection = database.connection()});
        REQUIRE(eventually([&] { return !feed.lines().empty(); }));
        INFO(feed.text());
        CHECK(feed.count(row.advice) == 1);
        CHECK(is_one_line(feed.lines()[0]));
        database.sql(row.remember);
        CHECK(feed->wait_for_first_load(generous));
        REQUIRE(eventually([&] { return feed.count("connected to") == 1; }));
        CHECK(feed.lines().size() == 2);
    }
}

TEST_CASE("a locked table holds up nobody who asks for the replica", "[postgres]") {
    TestDatabase database;
    database.sql(create("press-7"));
    WatchedFeed feed(database);
    SqlSession lock = database.superuser();
    lock.sql("BEGIN; LOCK TABLE mqtt_auth.acls IN ACCESS EXCLUSIVE MODE");
    database.sql(create("press-8"));
    REQUIRE(eventually([&] { return database.plugin_waits_for_lock() == 1; }));
    const auto before = steady_clock::now();
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(feed.has_client("press-7"));
        REQUIRE_FALSE(feed.has_client("press-8"));
    }
    CHECK(steady_clock::now() - before < seconds(2));
    lock.sql("COMMIT");
    CHECK(eventually([&] { return feed.has_client("press-8"); }));
    CHECK(feed.count("trying again") == 0);
}

TEST_CASE("the end waits for no database, whatever it is doing", "[postgres]") {
    TestDatabase database;
    SqlSession lock = database.superuser();
    const BlackHole hole;
    std::optional<WatchedFeed> feed;

    struct Row {
        std::string state;
        std::function<void()> bring_about;
    };

    const Row rows[] = {
        {"listening", [&] { feed.emplace(database); }},
        {"waiting for a lock",
         [&] {
             lock.sql("BEGIN; LOCK TABLE mqtt_auth.clients IN ACCESS EXCLUSIVE MODE");
             feed.emplace(DatabaseOptions{.connection = database.connection()});
             REQUIRE(eventually([&] { return database.plugin_waits_for_lock() == 1; }));
         }},
        {"connecting",
         [&] {
             feed.emplace(DatabaseOptions{.connection = hole.connection()});
             REQUIRE(eventually([&] { return hole.has_visitor(); }));
         }},
        {"waiting to try again",
         [&] {
             feed.emplace(DatabaseOptions{.connection = refused_connection()});
             REQUIRE(eventually([&] { return feed->count("trying again") == 1; }));
         }},
        {"starting",
         [&] { feed.emplace(DatabaseOptions{.connection = database.connection()}); }},
    };
    for (const Row& row : rows) {
        row.bring_about();
        INFO(row.state);
        const auto before = steady_clock::now();
        feed.reset();
        CHECK(steady_clock::now() - before < seconds(2));
    }
}

TEST_CASE("a feed that was stopped keeps its replica", "[postgres]") {
    TestDatabase database;
    database.sql(create("press-7"));
    WatchedFeed feed(database);
    CHECK_FALSE(feed->is_stopped());
    feed->stop();
    CHECK(feed->is_stopped());
    CHECK(eventually([&] { return database.plugin_connections() == 0; }));
    CHECK(feed.has_client("press-7"));
}

TEST_CASE("of several hosts the one that is there is used", "[postgres]") {
    TestDatabase database;
    const BlackHole hole;
    // Nobody listens on port 1.
    WatchedFeed feed({.connection = fmt::format("{} host=127.0.0.1,{} port=1,{}",
                                                database.connection(),
                                                std::getenv("PGHOST"),
                                                std::getenv("PGPORT"))});
    CHECK(feed->wait_for_first_load(generous));
}

TEST_CASE("of several hosts one that never answers does not keep from the next", "[postgres]") {
    TestDatabase database;
    const BlackHole hole;
    WatchedFeed feed(
        {.connection = fmt::format("{} connect_timeout=2 host=127.0.0.1,{} port={},{}",
                                   database.connection(),
                                   std::getenv("PGHOST"),
                                   hole.port(),
                                   std::getenv("PGPORT"))});
    CHECK(feed->wait_for_first_load(seconds(4)));
}

TEST_CASE("what each of several hosts said is in the one line of the log", "[postgres]") {
    const BlackHole hole;
    WatchedFeed feed(
        {.connection =
             fmt::format("connect_timeout=1 host=127.0.0.1,127.0.0.1 port=1,{}", hole.port())});
    REQUIRE(eventually([&] { return !feed.lines().empty(); }));
    INFO(feed.text());
    CHECK(feed.lines().size() == 1);
    CHECK(feed.count("port 1 failed: Connection refused") == 1);
    CHECK(feed.count(fmt::format("; no answer from 127.0.0.1:{} within 1 s", hole.port())) ==
          1);
    CHECK(is_one_line(feed.lines()[0]));
}

TEST_CASE("a statement that the server refuses leaves the savepoint before it usable",
          "[postgres]") {
    TestDatabase database;
    DatabaseOptions options;
    options.connection = database.connection();
    const Interrupt never;
    auto connection = PgConnection::open(options, never);
    REQUIRE(connection);
    REQUIRE(connection->execute("BEGIN"));
    REQUIRE(connection->execute("SAVEPOINT before"));
    const auto refused = connection->query("SELECT 1 / $1::integer", {"0"}, [](const auto&) {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "division by zero");
    CHECK_FALSE(connection->execute("SELECT 1"));
    REQUIRE(connection->execute("ROLLBACK TO SAVEPOINT before"));
    CHECK(connection->execute("SELECT 1"));
    CHECK(connection->execute("COMMIT"));
}
