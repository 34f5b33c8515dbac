#include "authz/session_table.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authz/group_set.hpp"
#include "support/catch.hpp"

using pgauth::Session;
using pgauth::SessionTable;

namespace {

// Connections of the broker: only their addresses count.
const std::array<char, 2000> connections{};
const void* const first = &connections[0];
const void* const second = &connections[1];
const void* const made_up = &connections[2];

const void* const plant = "the realm of one database";
const void* const office = "the realm of another";

enum class Kind : std::uint8_t { fleeting, durable };

Session session_of(std::string client_id,
                   std::optional<std::string> username,
                   const void* token,
                   Kind kind = Kind::fleeting,
                   const void* realm = plant) {
    Session session;
    session.realm = realm;
    session.client_id = std::move(client_id);
    session.username = std::move(username);
    session.token = token;
    session.durable = kind == Kind::durable;
    return session;
}

}  // namespace

TEST_CASE("a session belongs to its connection", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    const Session* session = table.find(plant, "a", first, "press-7");
    REQUIRE(session != nullptr);
    CHECK(session->username == "press-7");
    CHECK(session->connected);
    CHECK(table.logged_in("a", first));
    CHECK(table.find_connected("a") == session);
}

TEST_CASE("a check under another id, username, connection or realm finds no session",
          "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));

    struct Row {
        std::string name;
        const void* realm;
        std::string client_id;
        const void* token;
        std::optional<std::string> username;
        bool found;
    };

    const std::vector<Row> rows{
        {"this very connection", plant, "a", first, "press-7", true},
        {"no username is said", plant, "a", first, std::nullopt, true},
        {"another client id", plant, "b", first, "press-7", false},
        {"another username", plant, "a", first, "press-8", false},
        {"an empty username", plant, "a", first, "", false},
        {"made up, on its behalf", plant, "a", made_up, "press-7", true},
        {"made up, for another username", plant, "a", made_up, "press-8", false},
        {"made up, nameless", plant, "a", made_up, std::nullopt, false},
        {"another realm", office, "a", first, "press-7", false},
        {"another realm, made up", office, "a", made_up, "press-7", false},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const Session* session = table.find(row.realm, row.client_id, row.token, row.username);
        CHECK((session != nullptr) == row.found);
    }
}

TEST_CASE("a nameless session is found by nameless checks only", "[authz]") {
    SessionTable table;
    table.open(session_of("a", std::nullopt, first));
    CHECK(table.find(plant, "a", first, std::nullopt) != nullptr);
    CHECK(table.find(plant, "a", made_up, std::nullopt) != nullptr);
    CHECK(table.find(plant, "a", first, "press-7") == nullptr);
    CHECK(table.find(plant, "a", first, "") == nullptr);
}

TEST_CASE("who was found before is not found any more once it has gone", "[authz]") {
    SessionTable table;
    const auto find = [&] { return table.find(plant, "a", first, "press-7"); };
    const auto open = [&](Kind kind) {
        table.open(session_of("a", "press-7", first, kind));
        REQUIRE(find() != nullptr);
        REQUIRE(find() == table.find_connected("a"));
    };
    SECTION("closed: it departs, and somebody else has the address") {
        open(Kind::fleeting);
        table.close(first, "a");
        table.open(session_of("b", "press-8", first));
        REQUIRE(find() != nullptr);
        CHECK_FALSE(find()->connected);
        CHECK(table.find(plant, "b", first, "press-8") == table.find_connected("b"));
    }
    SECTION("replaced: both have their own") {
        open(Kind::fleeting);
        table.open(session_of("a", "press-8", second));
        REQUIRE(find() != nullptr);
        CHECK(find()->username == "press-7");
        CHECK_FALSE(find()->connected);
        CHECK(table.find(plant, "a", second, "press-8") == table.find_connected("a"));
    }
    SECTION("replaced at its own address") {
        open(Kind::fleeting);
        table.open(session_of("a", "press-8", first));
        CHECK(table.find(plant, "a", first, "press-8") == table.find_connected("a"));
        REQUIRE(find() != nullptr);
        CHECK_FALSE(find()->connected);
    }
    SECTION("durable: it stays, closed, and comes back at another address") {
        open(Kind::durable);
        table.close(first, "a");
        REQUIRE(find() != nullptr);
        CHECK_FALSE(find()->connected);
        table.open(session_of("a", "press-7", second, Kind::durable));
        REQUIRE(find() != nullptr);
        CHECK_FALSE(find()->connected);
        CHECK(table.find(plant, "a", second, "press-7")->connected);
    }
}

TEST_CASE("who logged in is remembered whatever its username has become", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    CHECK(table.find(plant, "a", first, "renamed") == nullptr);
    CHECK(table.logged_in("a", first));
    CHECK_FALSE(table.logged_in("a", second));
    CHECK_FALSE(table.logged_in("b", first));
}

TEST_CASE("a takeover replaces the session, and the old one's will keeps its own rights",
          "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    table.open(session_of("a", "press-8", second));
    CHECK(table.size() == 1);
    CHECK(table.find_connected("a")->username == "press-8");

    const Session* old = table.find(plant, "a", first, "press-7");  // its will
    REQUIRE(old != nullptr);
    CHECK(old->token == first);
    CHECK_FALSE(old->connected);

    table.close(first, "a");  // its disconnect comes after
    REQUIRE(table.find_connected("a") != nullptr);
    CHECK(table.find_connected("a")->token == second);
}

TEST_CASE("a refused login's disconnect leaves the live session alone", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    table.close(second, "a");  // the broker gives it the id of the live one
    CHECK(table.find_connected("a") != nullptr);
    table.close(second, std::nullopt);
    CHECK(table.find_connected("a") != nullptr);
}

TEST_CASE("a disconnect under another id than the session's closes nothing", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    table.close(first, "b");
    table.close(first, "");
    CHECK(table.find_connected("a") != nullptr);
}

TEST_CASE("a disconnect whose id the broker has lost closes by its connection", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    table.open(session_of("b", "press-8", second));
    table.close(first, std::nullopt);
    CHECK(table.find_connected("a") == nullptr);
    CHECK(table.find_connected("b") != nullptr);
}

TEST_CASE("a disconnect of nobody closes nothing", "[authz]") {
    SessionTable table;
    table.close(first, "a");
    table.close(nullptr, std::nullopt);
    table.open(session_of("a", "press-7", first));
    table.close(first, "a");
    table.close(first, "a");
    CHECK(table.size() == 0);
}

TEST_CASE("the will of a session that has just gone is judged by its rights", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    table.close(first, "a");
    CHECK(table.size() == 0);
    CHECK_FALSE(table.logged_in("a", first));
    const Session* session = table.find(plant, "a", first, "press-7");
    REQUIRE(session != nullptr);
    CHECK_FALSE(session->connected);
    // Only for that connection: made-up ones are answered from the records.
    CHECK(table.find(plant, "a", made_up, "press-7") == nullptr);
}

TEST_CASE("of two departed sessions at one address the later one counts", "[authz]") {
    SessionTable table;
    for (const char* username : {"press-7", "press-8"}) {
        table.open(session_of("a", username, first));
        table.close(first, "a");
    }
    const Session* session = table.find(plant, "a", first, std::nullopt);
    REQUIRE(session != nullptr);
    CHECK(session->username == "press-8");
}

TEST_CASE("departed sessions are bounded, and the oldest goes first", "[authz]") {
    SessionTable table;
    for (std::size_t i = 0; i <= SessionTable::max_departed; ++i) {
        const std::string client_id = std::to_string(i);
        table.open(session_of(client_id, "press-7", &connections[i]));
        table.close(&connections[i], client_id);
    }
    CHECK(table.size() == 0);
    CHECK(table.find(plant, "0", &connections[0], "press-7") == nullptr);
    CHECK(table.find(plant, "1", &connections[1], "press-7") != nullptr);
    const std::string last = std::to_string(SessionTable::max_departed);
    CHECK(table.find(plant, last, &connections[SessionTable::max_departed], "press-7") !=
          nullptr);
}

TEST_CASE("a durable session outlives its connection, and is found by whoever asks for it",
          "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first, Kind::durable));
    table.close(first, "a");
    CHECK(table.size() == 1);
    CHECK(table.find_connected("a") == nullptr);
    for (const void* token : {first, made_up}) {
        const Session* session = table.find(plant, "a", token, "press-7");
        REQUIRE(session != nullptr);
        CHECK_FALSE(session->connected);
        CHECK(session->durable);
    }
}

TEST_CASE("a durable session that comes back is connected again", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first, Kind::durable));
    table.close(first, "a");
    table.open(session_of("a", "press-7", second, Kind::durable));
    CHECK(table.size() == 1);
    REQUIRE(table.find_connected("a") != nullptr);
    CHECK(table.find_connected("a")->token == second);
    table.close(second, "a");
    CHECK(table.find_connected("a") == nullptr);
}

TEST_CASE("a session whose address is used again without a word is closed", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    table.open(session_of("b", "press-8", first));
    CHECK(table.find_connected("a") == nullptr);
    REQUIRE(table.find_connected("b") != nullptr);
    CHECK_FALSE(table.logged_in("a", first));
    CHECK(table.find(plant, "b", first, "press-8") != nullptr);
    table.close(first, "b");
    CHECK(table.find_connected("b") == nullptr);
}

TEST_CASE("a durable session whose address is used again stays, closed", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first, Kind::durable));
    table.open(session_of("b", "press-8", first));
    CHECK(table.size() == 2);
    CHECK(table.find_connected("a") == nullptr);
    CHECK(table.find_connected("b") != nullptr);
    CHECK(table.find(plant, "a", made_up, "press-7") != nullptr);
}

TEST_CASE("a session that comes back does not tear down who uses its old address now",
          "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first, Kind::durable));
    table.close(first, "a");
    table.open(session_of("b", "press-8", first));
    table.open(session_of("a", "press-7", second, Kind::durable));
    table.close(first, "b");
    CHECK(table.find_connected("b") == nullptr);
    CHECK(table.find_connected("a") != nullptr);
}

TEST_CASE("a connection that logs in again under the same id is one session", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first));
    table.open(session_of("a", "press-7", first));
    CHECK(table.size() == 1);
    CHECK(table.find_connected("a") != nullptr);
    table.close(first, "a");
    CHECK(table.size() == 0);
}

TEST_CASE("client ids are the broker's, usernames a realm's", "[authz]") {
    SessionTable table;
    table.open(session_of("a", "press-7", first, Kind::durable, plant));
    table.open(session_of("a", "press-7", second, Kind::durable, office));
    CHECK(table.size() == 1);
    CHECK(table.find_connected("a")->realm == office);
    CHECK(table.find(office, "a", made_up, "press-7")->token == second);
    CHECK(table.find(plant, "a", first, "press-7")->token == first);  // its will
    CHECK(table.find(plant, "a", made_up, "press-7") == nullptr);
    table.close(first, "a");
    CHECK(table.find_connected("a") != nullptr);
}

TEST_CASE("many sessions at few addresses leave nothing behind", "[authz]") {
    SessionTable table;
    for (int i = 0; i < 2000; ++i) {
        const std::string client_id = std::to_string(i % 7);
        const void* token = &connections[static_cast<std::size_t>(i) % 5];
        table.open(session_of(
            client_id, "press-7", token, i % 3 == 0 ? Kind::durable : Kind::fleeting));
        REQUIRE(table.find_connected(client_id) != nullptr);
        REQUIRE(table.find_connected(client_id)->token == token);
    }
    for (std::size_t token = 0; token < 5; ++token) {
        table.close(&connections[token], std::nullopt);
    }
    for (int id = 0; id < 7; ++id) {
        INFO(id);
        CHECK(table.find_connected(std::to_string(id)) == nullptr);
    }
}

namespace {

std::vector<std::string> client_ids(const SessionTable& table, std::string_view username) {
    std::vector<std::string> ids;
    std::uint64_t serial = 0;
    while (const Session* session = table.next(username, serial)) {
        if (session->username != username) {
            break;
        }
        ids.push_back(session->client_id);
        serial = session->serial;
    }
    return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("the sessions of a username are found in the order in which they were opened",
          "[authz]") {
    SessionTable table;
    table.open(session_of("c", "press-7", &connections[1], Kind::durable));
    table.open(session_of("x", "press-6", &connections[2]));
    table.open(session_of("a", "press-7", &connections[3]));
    table.open(session_of("y", std::nullopt, &connections[4]));
    table.open(session_of("b", "press-7", &connections[5]));
    CHECK(client_ids(table, "press-7") == Ids{"c", "a", "b"});
    CHECK(client_ids(table, "press-6") == Ids{"x"});
    CHECK(client_ids(table, "press") == Ids{});

    table.close(&connections[3], std::nullopt);  // leaves nothing
    table.close(&connections[1], std::nullopt);  // is kept
    CHECK(client_ids(table, "press-7") == Ids{"c", "b"});
    table.open(session_of("b", "press-6", &connections[6]));  // takes the id over
    CHECK(client_ids(table, "press-7") == Ids{"c"});
    CHECK(client_ids(table, "press-6") == Ids{"x", "b"});
    table.open(session_of("c", "press-7", &connections[7]));
    CHECK(client_ids(table, "press-7") == Ids{"c"});
    CHECK(table.next("", 0)->client_id == "y");
}

TEST_CASE("the sessions of a set of groups follow its changes", "[authz]") {
    SessionTable table;
    pgauth::GroupSets sets;
    const auto one = sets.find_or_add({.certain = {"1"}, .possible = {}});
    const auto two = sets.find_or_add({.certain = {"1", "2"}, .possible = {"3"}});
    for (const auto& [id, token] : {std::pair("a", 1U), {"b", 2U}, {"c", 3U}}) {
        Session session = session_of(id, "press-7", &connections[token]);
        session.rights.groups = one;
        table.open(std::move(session));
    }
    CHECK(table.next_of(*two, 0) == nullptr);
    Session* second = table.next("press-7", table.next("press-7", 0)->serial);
    table.set_rights(*second, {.client = nullptr, .groups = two, .own = nullptr});
    CHECK(table.next_of(*two, 0) == second);
    CHECK(table.next_of(*two, second->serial) == nullptr);
    const Session* first = table.next_of(*one, 0);
    CHECK(first->client_id == "a");
    CHECK(table.next_of(*one, first->serial)->client_id == "c");
    CHECK(sets.holding("1").size() == 2);
    CHECK(sets.holding("2") == std::vector<std::shared_ptr<const pgauth::GroupSet>>{two});
    CHECK(sets.holding("3").empty());
}

TEST_CASE("the session whose deadline was first is the next one due", "[authz]") {
    using std::chrono::seconds;
    const pgauth::Instant noon{seconds(1'750'000'000)};
    SessionTable table;
    const void* const mine = "a keeper";
    std::size_t number = 0;
    for (const int deadline : {30, 10, 20}) {
        Session session =
            session_of(std::to_string(deadline), "press-7", &connections[++number]);
        session.keeper = mine;
        session.deadline = noon + seconds(deadline);
        table.open(std::move(session));
    }
    CHECK(table.first_due(mine, noon) == nullptr);
    CHECK(table.first_due("another", noon + seconds(99)) == nullptr);
    Session* first = table.first_due(mine, noon + seconds(10));
    REQUIRE(first != nullptr);
    CHECK(first->client_id == "10");
    table.set_deadline(*first, noon + seconds(25));
    CHECK(table.first_due(mine, noon + seconds(99))->client_id == "20");
    table.close(table.first_due(mine, noon + seconds(99))->token, std::nullopt);
    CHECK(table.first_due(mine, noon + seconds(99))->client_id == "10");
    table.set_deadline(*first, std::nullopt);
    CHECK(table.first_due(mine, noon + seconds(29)) == nullptr);
    CHECK(table.first_due(mine, noon + seconds(30))->client_id == "30");
}
