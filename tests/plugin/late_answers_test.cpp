// Brokers from 2.1: logins that are answered later. Not built for the fake broker of 2.0.

#include <string>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"
#include "support/waiting.hpp"

using namespace pgauth::testing;

namespace {

// Until the verifiers have nothing to do any more.
bool until_late(LoadedPlugin& plugin, const mosquitto& client) {
    return eventually([&] {
        plugin.tick();
        return plugin.late_result(client).has_value();
    });
}

// Whatever has been waited for is answered by now.
void let_time_pass(LoadedPlugin& plugin) {
    mosquitto somebody{.id = "somebody", .username = "press-8"};
    static int guesses = 0;
    const std::string password = "guess " + std::to_string(++guesses);
    REQUIRE(plugin.log_in(somebody, password) == MOSQ_ERR_AUTH);
}

}  // namespace

TEST_CASE("a password that is not known is answered later, and then at once",
          "[plugin][tables][late]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    mosquitto press{.id = "a", .username = "press-7"};
    CHECK(plugin.begin_log_in(press, "sesame") == auth_delayed);
    CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    REQUIRE(until_late(plugin, press));
    CHECK(plugin.late_result(press) == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    plugin.disconnect(press);
    CHECK(plugin.begin_log_in(press, "sesame") == MOSQ_ERR_SUCCESS);

    mosquitto wrong{.id = "b", .username = "press-7"};
    CHECK(plugin.begin_log_in(wrong, "open") == auth_delayed);
    REQUIRE(until_late(plugin, wrong));
    CHECK(plugin.late_result(wrong) == MOSQ_ERR_AUTH);
    CHECK(plugin.begin_log_in(wrong, "open") == MOSQ_ERR_AUTH);
    // Nobody learns from the way that it is answered whether there is such a client.
    mosquitto stranger{.id = "c", .username = "stranger"};
    CHECK(plugin.begin_log_in(stranger, "open") == auth_delayed);
    REQUIRE(until_late(plugin, stranger));
    CHECK(plugin.late_result(stranger) == MOSQ_ERR_AUTH);
    CHECK(plugin.begin_log_in(stranger, "open") == MOSQ_ERR_AUTH);
}

TEST_CASE("a verdict never reaches another connection under the same client id",
          "[plugin][tables][late]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());

    struct Row {
        const char* first;
        const char* second;
        int result;
    };

    int i = 0;
    for (const Row& row : {Row{"wrong", "sesame", MOSQ_ERR_SUCCESS},
                           Row{"sesame", "wrong", MOSQ_ERR_AUTH},
                           Row{"wrong", "other", MOSQ_ERR_AUTH}}) {
        const std::string id = "contested " + std::to_string(++i);
        const std::string first = row.first + std::to_string(i);
        const std::string second = row.second + std::to_string(i);
        // Passwords that are remembered would be answered at once.
        plant.database().sql("SELECT mqtt_auth.set_password('press-7', 'sesame" +
                             std::to_string(i) + "')");
        plant.until_seen(plugin);
        mosquitto a{.id = id, .username = "press-7"};
        mosquitto b{.id = id, .username = "press-7"};
        REQUIRE(plugin.begin_log_in(a, first) == auth_delayed);
        plugin.drop_waiting(a);
        REQUIRE(plugin.begin_log_in(b, second) == auth_delayed);
        REQUIRE(until_late(plugin, b));
        CHECK(plugin.late_result(b) == row.result);
        CHECK(plugin.late_result(a) == std::nullopt);
        CHECK(plugin.write(b, "plant/press-7/state") ==
              (row.result == MOSQ_ERR_SUCCESS ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED));
        plugin.disconnect(b);
    }
}

TEST_CASE("nor one that waits on another listener", "[plugin][tables][late]") {
    Plant plant;
    LoadedPlugin first(plant.options());
    LoadedPlugin second(plant.options());
    mosquitto a{.id = "contested", .username = "press-7"};
    mosquitto b{.id = "contested", .username = "press-7"};
    REQUIRE(first.begin_log_in(a, "sesame") == auth_delayed);
    first.drop_waiting(a);
    REQUIRE(second.begin_log_in(b, "wrong") == auth_delayed);
    let_time_pass(first);
    CHECK(second.late_result(b) == std::nullopt);
    REQUIRE(until_late(second, b));
    CHECK(second.late_result(b) == MOSQ_ERR_AUTH);
}

TEST_CASE("who goes while it waits leaves the one alone whose client id it wanted",
          "[plugin][tables][late]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    mosquitto press{.id = "a", .username = "press-7"};
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    plant.database().sql("SELECT mqtt_auth.grant_password('press-7', 'second')");
    plant.until_seen(plugin);
    mosquitto again{.id = "a", .username = "press-7"};
    REQUIRE(plugin.begin_log_in(again, "second") == auth_delayed);
    plugin.drop_waiting(again);
    CHECK(eventually([&] {
        plugin.tick();
        return broker_log().count("it had gone before its password was checked") == 1;
    }));
    CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.disconnect(press) == MOSQ_ERR_SUCCESS);
}

TEST_CASE("what has changed while a login waited counts", "[plugin][tables][late]") {
    for (const char* sql : {"SELECT mqtt_auth.disable_client('press-7')",
                            "SELECT mqtt_auth.set_password('press-7', 'other')",
                            "SELECT mqtt_auth.delete_client('press-7')"}) {
        CAPTURE(sql);
        Plant plant;
        LoadedPlugin plugin(plant.options());
        mosquitto press{.id = "a", .username = "press-7"};
        REQUIRE(plugin.begin_log_in(press, "sesame") == auth_delayed);
        plant.database().sql(sql);
        // Without ticks nobody is answered meanwhile.
        plant.until_seen(plugin);
        REQUIRE(until_late(plugin, press));
        INFO(broker_log().text());
        CHECK(plugin.late_result(press) == MOSQ_ERR_AUTH);
        CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    }
}

TEST_CASE("while a login waits the broker is woken soon", "[plugin][tables][late]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    mosquitto_evt_tick tick{};
    plugin.tick(tick);
    const long idle = tick.next_ns;
    mosquitto press{.id = "a", .username = "press-7"};
    REQUIRE(plugin.begin_log_in(press, "sesame") == auth_delayed);
    CHECK(eventually([&] {
        plugin.tick(tick);
        return plugin.late_result(press) || tick.next_ns < idle;
    }));
    REQUIRE(until_late(plugin, press));
    plugin.tick(tick);
    CHECK(tick.next_ns == idle);
}

TEST_CASE("a SIGHUP never puts off who is in", "[plugin][tables][late]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    mosquitto press{.id = "a", .username = "press-7"};
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    plant.database().sql("SELECT mqtt_auth.set_password('press-7', 'other')");
    plant.until_seen(plugin);
    plugin.reload();
    CHECK(plugin.begin_log_in(press, std::nullopt) == MOSQ_ERR_SUCCESS);
}
