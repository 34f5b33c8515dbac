#include <array>
#include <string>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"

using namespace pgauth::testing;

namespace {

const std::optional<std::string> null;

// A plant with a plugin on it that has loaded.
struct Running {
    Plant plant;
    LoadedPlugin plugin;

    explicit Running(const PluginOptions& more = {}) : plugin(plant.options(more)) {
        REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    }

    void log_in(mosquitto& client) {
        REQUIRE(plugin.log_in(client, "sesame") == MOSQ_ERR_SUCCESS);
    }

    // Whether another client is kept out of `id`.
    bool is_in_use(const std::string& id) {
        mosquitto other{.id = id, .username = "idle"};
        const int result = plugin.log_in(other, "sesame");
        if (result == MOSQ_ERR_SUCCESS) {
            plugin.disconnect(other);
        }
        return result != MOSQ_ERR_SUCCESS;
    }
};

}  // namespace

TEST_CASE("after a takeover the will of the old connection is judged by its own rights",
          "[plugin][tables]") {
    Running running;
    LoadedPlugin& plugin = running.plugin;
    running.plant.database().sql(
        "SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => "
        "'will/old')");
    running.plant.until_seen(plugin);
    mosquitto before = connection_of("press-7");
    running.log_in(before);
    running.plant.database().sql(
        "UPDATE mqtt_auth.acls SET topic = 'will/new' WHERE topic = 'will/old'");
    running.plant.until_seen(plugin);

    mosquitto after = connection_of("press-7");
    running.log_in(after);
    CHECK(plugin.write(before, "will/old") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(before, "will/new") == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.disconnect(before) == MOSQ_ERR_SUCCESS);

    CHECK(plugin.write(after, "will/new") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(after, "will/old") == MOSQ_ERR_ACL_DENIED);
    CHECK(running.is_in_use("press-7"));
    CHECK(plugin.disconnect(after) == MOSQ_ERR_SUCCESS);
    CHECK_FALSE(running.is_in_use("press-7"));
}

TEST_CASE("a will after the disconnect is judged by the rights of the session",
          "[plugin][tables]") {
    Running running;
    for (const bool clean : {true, false}) {
        mosquitto press{.id = "a", .username = "press-7", .clean_session = clean};
        running.log_in(press);
        CHECK(running.plugin.disconnect(press) == MOSQ_ERR_SUCCESS);
        CHECK(running.plugin.write(press, "plant/press-7/will") == MOSQ_ERR_SUCCESS);
        CHECK(running.plugin.write(press, "plant/press-8/will") == MOSQ_ERR_ACL_DENIED);
    }
}

TEST_CASE("the disconnect of a refused login does not disturb the session whose id it bears",
          "[plugin][tables]") {
    Running running;
    mosquitto live = connection_of("press-7");
    running.log_in(live);

    struct Row {
        std::string username;
        std::string password;
    };

    for (const Row& row : {Row{"press-7", "wrong"}, {"press-8", "sesame"}, {"stranger", "x"}}) {
        mosquitto refused{.id = "press-7", .username = row.username, .protocol_version = 5};
        CHECK(running.plugin.log_in(refused, row.password) != MOSQ_ERR_SUCCESS);
        CHECK(running.plugin.write(refused, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
        CHECK(running.plugin.disconnect(refused) == MOSQ_ERR_SUCCESS);
        CHECK(running.plugin.write(live, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
        CHECK(running.is_in_use("press-7"));
    }
}

TEST_CASE("a disconnect without a client id ends the session of its connection",
          "[plugin][tables]") {
    Running running;
    mosquitto press = connection_of("press-7");
    mosquitto other = connection_of("press-8");
    running.log_in(press);
    running.log_in(other);
    press.id = null;
    CHECK(running.plugin.disconnect(press) == MOSQ_ERR_SUCCESS);
    CHECK_FALSE(running.is_in_use("press-7"));
    CHECK(running.is_in_use("press-8"));

    mosquitto unknown{.id = null, .address = null};
    CHECK(running.plugin.disconnect(unknown) == MOSQ_ERR_SUCCESS);
    CHECK(running.is_in_use("press-8"));
}

TEST_CASE("a second disconnect of one connection is harmless", "[plugin][tables]") {
    Running running;
    for (const bool clean : {true, false}) {
        mosquitto press{.id = "press-7", .username = "press-7", .clean_session = clean};
        running.log_in(press);
        for (int i = 0; i < 3; ++i) {
            CHECK(running.plugin.disconnect(press) == MOSQ_ERR_SUCCESS);
        }
        CHECK_FALSE(running.is_in_use("press-7"));
    }
}

TEST_CASE("a client replaces itself, and another one does not", "[plugin][tables]") {
    Running running;
    std::array<mosquitto, 5> presses;
    presses.fill(connection_of("press-7"));
    for (mosquitto& press : presses) {
        running.log_in(press);
        CHECK(running.is_in_use("press-7"));
    }
    // The broker may be late with the ends of the others.
    for (std::size_t i = 0; i + 1 < presses.size(); ++i) {
        CHECK(running.plugin.disconnect(presses[i]) == MOSQ_ERR_SUCCESS);
    }
    CHECK(running.plugin.write(presses.back(), "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    CHECK(running.is_in_use("press-7"));
}

TEST_CASE("with takeover any another client may have the id, and its own rights with it",
          "[plugin][tables]") {
    Running running(PluginOptions{{"sessions_takeover", "any"}});
    mosquitto first{.id = "shared", .username = "press-7"};
    mosquitto second{.id = "shared", .username = "press-8"};
    running.log_in(first);
    running.log_in(second);
    CHECK(running.plugin.write(first, "plant/press-7/will") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.disconnect(first) == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.write(second, "plant/press-8/state") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.write(second, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE(
    "the source of a retained message is judged through the connection that the broker makes "
    "up",
    "[plugin][tables]") {
    Running running;
    mosquitto press{.id = "a", .username = "press-7"};
    running.log_in(press);

    struct Row {
        std::optional<std::string> id;
        std::optional<std::string> username;
        const char* topic;
        int result;
    };

    const Row rows[] = {
        {"a", "press-7", "plant/press-7/state", MOSQ_ERR_SUCCESS},
        {"a", "press-7", "plant/press-8/state", MOSQ_ERR_ACL_DENIED},
        {"a", "press-8", "plant/press-8/state", MOSQ_ERR_SUCCESS},  // who had the id before
        {"a", "press-8", "plant/press-7/state", MOSQ_ERR_ACL_DENIED},
        {"gone", "press-8", "plant/press-8/state", MOSQ_ERR_SUCCESS},
        {"gone", "stranger", "plant/stranger/state", MOSQ_ERR_ACL_DENIED},
        {"a", null, "plant/press-7/state", MOSQ_ERR_ACL_DENIED},
        {null, "press-7", "plant/press-7/state", MOSQ_ERR_ACL_DENIED},
    };
    for (const Row& row : rows) {
        CAPTURE(row.id.value_or("null"), row.username.value_or("null"), row.topic);
        mosquitto made_up{.id = row.id, .username = row.username, .address = null};
        CHECK(running.plugin.write(made_up, row.topic) == row.result);
    }
}

TEST_CASE("messages are queued for a session from before a restart, and for what it may read",
          "[plugin][tables]") {
    Running running;
    mosquitto restored{
        .id = "away", .username = "boss", .address = null, .clean_session = false};
    CHECK(running.plugin.read(restored, "plant/1") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.read(restored, "secret") == MOSQ_ERR_ACL_DENIED);
    CHECK(running.plugin.subscribe(restored, "plant/#") == MOSQ_ERR_SUCCESS);
    mosquitto stranger{.id = "away", .username = "stranger", .address = null};
    CHECK(running.plugin.read(stranger, "plant/1") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE("a durable session that is offline is judged, and its id is free",
          "[plugin][tables]") {
    Running running;
    mosquitto boss{.id = "boss", .username = "boss", .clean_session = false};
    running.log_in(boss);
    if (is_2_1()) {
        CHECK(running.plugin.go_offline(boss) == MOSQ_ERR_SUCCESS);
    } else {
        CHECK(running.plugin.disconnect(boss) == MOSQ_ERR_SUCCESS);
    }
    boss.address = null;
    CHECK(running.plugin.read(boss, "plant/1") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.read(boss, "secret") == MOSQ_ERR_ACL_DENIED);
    CHECK_FALSE(running.is_in_use("boss"));
}

TEST_CASE(
    "the address of a connection that went without a word says nothing of the next one there",
    "[plugin][tables]") {
    Running running;
    mosquitto there = connection_of("press-7");
    running.log_in(there);
    there = connection_of("press-8");
    running.log_in(there);
    CHECK(running.plugin.write(there, "plant/press-8/state") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.write(there, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK_FALSE(running.is_in_use("press-7"));

    there = connection_of("stranger");
    CHECK(running.plugin.log_in(there, "x") == MOSQ_ERR_AUTH);
    CHECK(running.plugin.write(there, "plant/press-8/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(running.plugin.read(there, "plant/press-8/state") == MOSQ_ERR_ACL_DENIED);

    // The same id, and a name that nobody has asked the plugin about.
    there = {.id = "press-8", .username = "press-7"};
    CHECK(running.plugin.write(there, "plant/press-8/state") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE("a session outlives another one that once had its address", "[plugin][tables]") {
    Running running;
    // An MQTT 5 session that may be kept, and whose connection has gone.
    mosquitto there{.id = "gone", .username = "press-7", .protocol_version = 5};
    running.log_in(there);
    running.plugin.disconnect(there);
    there = {.id = "live", .username = "press-7"};
    running.log_in(there);
    mosquitto elsewhere{.id = "gone", .username = "press-7", .protocol_version = 5};
    running.log_in(elsewhere);

    CHECK(running.is_in_use("live"));
    CHECK(running.plugin.write(there, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    running.plugin.disconnect(there);
    CHECK_FALSE(running.is_in_use("live"));
}

TEST_CASE("a connection that comes in unasked does not inherit a session of its id and name",
          "[plugin][tables]") {
    Running running;
    mosquitto durable{.id = "press-7", .username = "press-7", .clean_session = false};
    running.log_in(durable);
    // As on a listener with use_identity_as_username.
    mosquitto unasked = connection_of("press-7");
    CHECK(running.plugin.write(unasked, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    running.plugin.disconnect(durable);
    CHECK(running.plugin.write(unasked, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(running.plugin.read(unasked, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE("a connection that was renamed has the rights of its new name", "[plugin][tables]") {
    Running running;
    mosquitto press{.id = "a", .username = "press-7"};
    running.log_in(press);
    press.username = "boss";  // by another plugin
    CHECK(running.plugin.read(press, "plant/1") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE("many connections come and go", "[plugin][tables]") {
    Running running;
    std::array<mosquitto, 64> pool;
    for (int round = 0; round < 40; ++round) {
        for (std::size_t i = 0; i < pool.size(); ++i) {
            const bool durable = (static_cast<std::size_t>(round) + i) % 3 == 0;
            pool[i] = {
                .id = "c" + std::to_string((i * 7 + static_cast<std::size_t>(round)) % 97),
                .username = "press-7",
                .clean_session = !durable};
            running.log_in(pool[i]);
            CHECK(running.plugin.write(pool[i], "plant/press-7/state") == MOSQ_ERR_SUCCESS);
        }
        for (std::size_t i = 0; i < pool.size(); i += 2) {
            running.plugin.disconnect(pool[i]);
        }
    }
    for (mosquitto& client : pool) {
        running.plugin.disconnect(client);
    }
    for (int i = 0; i < 97; ++i) {
        CHECK_FALSE(running.is_in_use("c" + std::to_string(i)));
    }
}
