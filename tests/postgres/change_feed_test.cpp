#include <string>

#include "support/catch.hpp"
#include "support/watched_feed.hpp"

using namespace pgauth;
using namespace pgauth::testing;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds often{100};

std::string create(const std::string& username) {
    return "SELECT mqtt_auth.create_client('" + username + "')";
}

void turn_notifications_off(TestDatabase& database) {
    database.sql("UPDATE mqtt_auth.settings SET value = 'off' WHERE key = 'notify'");
}

}  // namespace

TEST_CASE("what is there at the start is loaded, and said once", "[postgres]") {
    TestDatabase database;
    database.sql(create("press-7") + ";" + create("press-8") +
                 "; SELECT mqtt_auth.create_group('presses')");
    WatchedFeed feed(database);
    CHECK(feed.has_client("press-7"));
    CHECK_FALSE(feed.has_client("press-9"));
    REQUIRE(eventually([&] { return !feed.lines().empty(); }));
    INFO(feed.text());
    CHECK(feed.lines().size() == 1);
    CHECK(feed.count(".s.PGSQL.") == 1);
    CHECK(feed.count(": 2 clients, 1 groups") == 1);
}

TEST_CASE("nothing is there before the first load, and the wait for it ends", "[postgres]") {
    TestDatabase database;
    SqlSession other = database.superuser();
    other.sql("BEGIN; LOCK TABLE mqtt_auth.clients IN ACCESS EXCLUSIVE MODE");
    WatchedFeed feed({.connection = database.connection()});
    CHECK_FALSE(feed->wait_for_first_load(milliseconds(100)));
    CHECK(feed->current() == nullptr);
    CHECK(feed->generation() == 0);
    CHECK_FALSE(feed->confirmed_at());
    other.sql("COMMIT");
    CHECK(feed->wait_for_first_load(generous));
    CHECK(feed->current() != nullptr);
    CHECK(feed->generation() == feed->current()->generation());
    CHECK(feed->confirmed_at());
}

TEST_CASE("a long load says how far it is", "[postgres]") {
    TestDatabase database;
    database.sql(
        "INSERT INTO mqtt_auth.clients (username) "
        "SELECT 'press-' || n FROM generate_series(1, 9000) AS n");
    database.sql(
        "CREATE OR REPLACE VIEW mqtt_auth.broker_clients AS "
        "SELECT username, coalesce(name, username) AS name, enabled, client_id, "
        "required_methods, networks, valid_from, valid_until, attributes "
        "FROM mqtt_auth.clients "
        "WHERE CASE username WHEN 'press-6000' THEN pg_sleep(6) IS NOT NULL ELSE true END");
    WatchedFeed feed(database);
    CHECK(feed.has_client("press-6000"));
    CHECK(feed.has_client("press-9000"));
    INFO(feed.text());
    CHECK(feed.count("rows of broker_clients so far") == 1);
    CHECK(feed.count("s: 8192 rows of broker_clients so far") == 1);
}

TEST_CASE("an edit is seen because it notifies", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database);
    for (int i = 0; i < 5; ++i) {
        const std::string username = "press-" + std::to_string(i);
        database.sql(create(username));
        CHECK(eventually([&] { return feed.has_client(username); }));
        database.sql("DELETE FROM mqtt_auth.clients WHERE username = '" + username + "'");
        CHECK(eventually([&] { return !feed.has_client(username); }));
    }
}

TEST_CASE("an edit is seen by polling where notifications are off", "[postgres]") {
    TestDatabase database;
    turn_notifications_off(database);
    WatchedFeed feed(database, often);
    database.sql(create("press-7"));
    CHECK(eventually([&] { return feed.has_client("press-7"); }));
    database.sql("TRUNCATE mqtt_auth.clients CASCADE");
    CHECK(eventually([&] { return !feed.has_client("press-7"); }));
}

TEST_CASE("an edit of every table is seen", "[postgres]") {
    TestDatabase database;
    database.sql(R"(
        SELECT mqtt_auth.create_client('press-7');
        SELECT mqtt_auth.create_group('presses');
        SELECT mqtt_auth.add_group_rule('all', ARRAY['presses'], client_id => 'p*');
        SELECT mqtt_auth.allow('presses', 'write', 'a'))");
    WatchedFeed feed(database);
    const std::string edits[] = {
        "UPDATE mqtt_auth.clients SET enabled = false",
        "INSERT INTO mqtt_auth.credentials (method, username) SELECT 'certificate', 'press-7'",
        "UPDATE mqtt_auth.credentials SET fingerprint = 'SHA256:' || repeat('a', 64)",
        "DELETE FROM mqtt_auth.credentials",
        "INSERT INTO mqtt_auth.revoked_certificates VALUES ('SHA256:' || repeat('a', 64))",
        "DELETE FROM mqtt_auth.revoked_certificates",
        "UPDATE mqtt_auth.groups SET name = 'all presses'",
        "INSERT INTO mqtt_auth.group_members VALUES ('all presses', 'press-7')",
        "DELETE FROM mqtt_auth.group_members",
        "UPDATE mqtt_auth.group_rules SET client_id = 'q*'",
        "DELETE FROM mqtt_auth.group_rule_groups",
        "UPDATE mqtt_auth.acls SET effect = 'deny'",
        "DELETE FROM mqtt_auth.acls",
        "SELECT mqtt_auth.touch('press-7')",
        "SELECT mqtt_auth.touch()",
        "TRUNCATE mqtt_auth.groups CASCADE",
    };
    for (const std::string& edit : edits) {
        INFO(edit);
        const std::uint64_t before = feed->generation();
        database.sql(edit);
        CHECK(eventually([&] { return feed->generation() != before; }));
    }
}

TEST_CASE("a setting that the plugin does not read changes nothing", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database, often);
    feed.until_asked(1);
    const std::uint64_t before = feed->generation();
    database.sql("UPDATE mqtt_auth.settings SET value = '2 days' WHERE key = 'changes_keep'");
    feed.until_asked(2);
    CHECK(feed->generation() == before);
}

TEST_CASE("one changed client leaves all others the same objects", "[postgres]") {
    TestDatabase database;
    database.sql(create("press-7") + ";" + create("press-8") +
                 "; SELECT mqtt_auth.create_group('presses')");
    WatchedFeed feed(database);
    const auto before = feed.current();
    database.sql("SELECT mqtt_auth.disable_client('press-8')");
    REQUIRE(eventually([&] { return !feed.current()->find_client("press-8")->enabled; }));
    const auto after = feed.current();
    CHECK(after->find_rows("press-7") == before->find_rows("press-7"));
    CHECK(after->groups_generation() == before->groups_generation());
    // Read afresh, it is the same all the same.
    database.sql("SELECT mqtt_auth.touch()");
    REQUIRE(eventually([&] { return feed.current() != after; }));
    CHECK(feed.current()->find_rows("press-7") == before->find_rows("press-7"));
    CHECK(feed.current()->find_rows("press-8") == after->find_rows("press-8"));
    CHECK(feed.current()->groups_generation() == before->groups_generation());
}

TEST_CASE("thousands of changes in one transaction are seen at once", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database);
    for (const int count : {3'000, 25'000}) {  // row by row, and everything afresh
        const std::string number = std::to_string(count);
        database.sql("INSERT INTO mqtt_auth.clients (username) SELECT '" + number +
                     "-' || i FROM generate_series(1, " + number + ") AS i");
        REQUIRE(eventually([&] { return feed.has_client(number + "-" + number); }));
        CHECK(feed.has_client(number + "-1"));
    }
    CHECK(feed.current()->client_count() == 28'000);
    SqlSession copy = database.session();
    copy.sql("BEGIN; DELETE FROM mqtt_auth.clients WHERE username LIKE '3000-%'");
    copy.sql("INSERT INTO mqtt_auth.clients (username) VALUES ('3000-1'); COMMIT");
    REQUIRE(eventually([&] { return feed.current()->client_count() == 25'001; }));
    CHECK(feed.has_client("3000-1"));
}

TEST_CASE(
    "rows of the feed that were restored from a server with other transactions are "
    "passed over",
    "[postgres]") {
    TestDatabase database;
    database.superuser().sql(
        "INSERT INTO mqtt_auth.changes (kind, xid, horizon) "
        "VALUES ('everything', '9000000000000000', '9000000000000000')");
    WatchedFeed feed(database, often);
    feed.until_asked(1);
    const std::uint64_t before = feed->generation();
    feed.until_asked(3);
    CHECK(feed->generation() == before);
    feed.until_seen(database);
}

TEST_CASE("a transaction is seen although it commits after later ones", "[postgres]") {
    for (const bool notified : {true, false}) {
        TestDatabase database;
        if (!notified) {
            turn_notifications_off(database);
        }
        WatchedFeed feed(database, notified ? milliseconds(never) : often);
        SqlSession first = database.session();
        SqlSession second = database.session();
        first.sql("BEGIN;" + create("first"));
        second.sql("BEGIN;" + create("second"));
        for (int i = 0; i < 3; ++i) {
            feed.until_seen(database);
        }
        CHECK_FALSE(feed.has_client("first"));
        second.sql("COMMIT");
        CHECK(eventually([&] { return feed.has_client("second"); }));
        feed.until_seen(database);
        CHECK_FALSE(feed.has_client("first"));
        first.sql("COMMIT");
        CHECK(eventually([&] { return feed.has_client("first"); }));
    }
}

TEST_CASE("a transaction that began before the first load is seen when it commits",
          "[postgres]") {
    TestDatabase database;
    SqlSession early = database.session();
    SqlSession idle = database.session();
    early.sql("BEGIN;" + create("early"));
    idle.sql("BEGIN; SELECT pg_current_xact_id()");
    WatchedFeed feed(database);
    feed.until_seen(database);
    early.sql("COMMIT");
    CHECK(eventually([&] { return feed.has_client("early"); }));
    feed.until_seen(database);
    // It has an id that is older than everything that was read, and edits only now.
    idle.sql(create("late") + "; COMMIT");
    CHECK(eventually([&] { return feed.has_client("late"); }));
}

TEST_CASE("many transactions in any order of commit are all seen", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database);
    std::vector<SqlSession> sessions;
    sessions.reserve(8);
    for (int i = 0; i < 8; ++i) {
        sessions.push_back(database.session());
    }
    for (int round = 0; round < 5; ++round) {
        const auto name = [&](std::size_t i) {
            return "r" + std::to_string(round) + "-" + std::to_string(i);
        };
        for (std::size_t i = 0; i < sessions.size(); ++i) {
            sessions[i].sql("BEGIN;" + create(name(i)));
        }
        for (std::size_t step = 0; step < sessions.size(); ++step) {
            const std::size_t i = step * 3 % sessions.size();
            sessions[i].sql("COMMIT");
            CHECK(eventually([&] { return feed.has_client(name(i)); }));
        }
    }
}

TEST_CASE("a transaction that is rolled back changes nothing", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database, often);
    feed.until_seen(database);
    feed.until_asked(1);
    const std::uint64_t before = feed->generation();
    SqlSession other = database.session();
    other.sql("BEGIN;" + create("press-7") + "; ROLLBACK");
    feed.until_asked(3);
    CHECK(feed->generation() == before);
    CHECK_FALSE(feed.has_client("press-7"));
    other.sql("BEGIN; SAVEPOINT s;" + create("press-7") + "; ROLLBACK TO s;" +
              create("press-8") + "; COMMIT");
    CHECK(eventually([&] { return feed.has_client("press-8"); }));
    CHECK_FALSE(feed.has_client("press-7"));
}

TEST_CASE("while nothing changes, nothing is loaded, whatever transaction stays open",
          "[postgres]") {
    TestDatabase database;
    TestDatabase elsewhere;
    SqlSession open = elsewhere.session();
    open.sql("BEGIN; SELECT pg_current_xact_id()");  // holds the horizon back
    WatchedFeed feed(database, often);
    feed.until_seen(database);
    feed.until_asked(1);
    const std::uint64_t before = feed->generation();
    feed.until_asked(4);
    CHECK(feed->generation() == before);
    feed.until_seen(database);
}

TEST_CASE("a transaction is seen whole", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database);
    SqlSession other = database.session();
    other.sql("BEGIN;" + create("left"));
    feed.until_seen(database);
    CHECK_FALSE(feed.has_client("left"));
    other.sql(create("right"));
    feed.until_seen(database);
    CHECK_FALSE(feed.has_client("left"));
    CHECK_FALSE(feed.has_client("right"));
    other.sql("COMMIT");
    REQUIRE(eventually([&] { return feed.has_client("left"); }));
    CHECK(feed.has_client("right"));
}

TEST_CASE("a feed that prunes itself loses nothing", "[postgres]") {
    TestDatabase database;
    WatchedFeed feed(database, often);
    for (int round = 0; round < 3; ++round) {
        database.sql(
            "UPDATE mqtt_auth.changes SET changed_at = changed_at - interval '2 days'");
        database.sql(
            "DO $$ BEGIN FOR i IN 1 .. 200 LOOP PERFORM mqtt_auth.touch(); END LOOP; END $$");
        feed.until_seen(database);
    }
    CHECK(std::stoi(database.value("SELECT count(*) FROM mqtt_auth.changes")) < 400);
    database.sql("DELETE FROM mqtt_auth.changes");
    database.sql(create("press-7"));
    CHECK(eventually([&] { return feed.has_client("press-7"); }));
}
