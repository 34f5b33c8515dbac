#include <set>
#include <string>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"

using namespace pgauth::testing;

namespace {

const std::optional<std::string> null;

}  // namespace

TEST_CASE("an access check is answered with success or denied, whatever is asked",
          "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto press = connection_of("press-7");
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    mosquitto durable{.id = "d", .username = "boss", .clean_session = false};
    REQUIRE(plugin.log_in(durable, "sesame") == MOSQ_ERR_SUCCESS);
    plugin.disconnect(durable);

    const std::string long_topic(65535, 'x');
    const char* const topics[] = {nullptr,
                                  "",
                                  "/",
                                  "#",
                                  "+",
                                  "a/#/b",
                                  "a+",
                                  "plant/press-7/state",
                                  "plant/#",
                                  "plant/press-7/#",
                                  "$SYS/#",
                                  "$SYS/broker/uptime",
                                  "$share",
                                  "$share/",
                                  "$share//",
                                  "$share/g/",
                                  "$share/g/plant/press-7/#",
                                  "$share/g+/a",
                                  "%u",
                                  "\x01",
                                  "\xff\xfe",
                                  "a\nb",
                                  long_topic.c_str()};
    std::vector<mosquitto> clients{press, durable};
    for (const auto& id : {std::optional<std::string>("a"), {"press-7"}, {""}, {"#"}, {}}) {
        for (const auto& username :
             {std::optional<std::string>("press-7"), {"stranger"}, {"+"}, {""}, {}}) {
            for (const auto& address : {std::optional<std::string>("127.0.0.1"), {}}) {
                clients.push_back({.id = id, .username = username, .address = address});
            }
        }
    }
    std::set<int> results;
    for (mosquitto& client : clients) {
        for (const char* topic : topics) {
            for (const int access : {0, 1, 2, 3, 4, 5, 8, 9, 16, 255, -1}) {
                for (const int qos : {0, 2, 3}) {
                    results.insert(plugin.check(client, access, topic, qos));
                }
            }
        }
    }
    CHECK(results == std::set<int>{MOSQ_ERR_SUCCESS, MOSQ_ERR_ACL_DENIED});
}

TEST_CASE("what the broker leaves out opens nothing", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto press = connection_of("press-7");
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    REQUIRE(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);

    CHECK(plugin.write(press, nullptr) == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.read(press, nullptr) == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.subscribe(press, nullptr) == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.check(press, MOSQ_ACL_NONE, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);

    mosquitto without_id{.username = "press-7"};
    CHECK(plugin.write(without_id, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.read(without_id, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    mosquitto without_both{.address = null};
    CHECK(plugin.write(without_both, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.read(without_both, "news") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE("unsubscribing is always allowed", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto idle = connection_of("idle");
    REQUIRE(plugin.log_in(idle, "sesame") == MOSQ_ERR_SUCCESS);
    mosquitto stranger{.id = "a"};
    for (const char* filter : {"#", "plant/#", "$share/g/a", "a/#/b", ""}) {
        CHECK(plugin.unsubscribe(idle, filter) == MOSQ_ERR_SUCCESS);
        CHECK(plugin.unsubscribe(stranger, filter) == MOSQ_ERR_SUCCESS);
    }
    CHECK(plugin.subscribe(idle, "plant/#") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE("a connection that never logged in here has no rights", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    // As where the listener sets use_identity_as_username.
    mosquitto press = connection_of("press-7");
    CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.read(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(broker_log().count("never logged in") == 1);
}

TEST_CASE("a change of a group acts at once, one of a client from its next login on",
          "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto press = connection_of("press-7");
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    plant.database().sql("SELECT mqtt_auth.allow('presses', 'write', 'alarm')");
    plant.database().sql(
        "SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'own')");
    plant.until_seen(plugin);
    CHECK(plugin.write(press, "alarm") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(press, "own") == MOSQ_ERR_ACL_DENIED);
    plugin.disconnect(press);
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(press, "own") == MOSQ_ERR_SUCCESS);
}

TEST_CASE("the log names who was refused what, and why", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto press = connection_of("press-7");
    CHECK(plugin.log_in(press, "wr0ng-passw0rd") == MOSQ_ERR_AUTH);
    CHECK(broker_log().count(
              "pgauth: refused client id `press-7` username `press-7` from 127.0.0.1: "
              "wrong password") == 1);
    CHECK(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(press, "plant/press-8/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(
        broker_log().count("username `press-7`: publish `plant/press-8/state` denied: no entry "
                           "allows it") == 1);
    INFO(broker_log().text());
    CHECK(broker_log().count("wr0ng-passw0rd") == 0);
    CHECK(broker_log().count("sesame") == 0);
}
