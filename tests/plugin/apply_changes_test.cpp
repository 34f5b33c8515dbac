#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "support/allocation_failure.hpp"
#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"
#include "support/waiting.hpp"

using namespace pgauth::testing;

namespace {

const PluginOptions immediately{{"sessions_apply_changes", "immediately"}};

using Names = std::vector<std::string>;

// A plant, a plugin on it that has loaded and has seen a tick, and press-7 connected.
struct Running {
    Plant plant;
    LoadedPlugin plugin;
    mosquitto press = connection_of("press-7");

    explicit Running(const PluginOptions& more) : plugin(plant.options(more)) {
        REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
        plugin.tick();
        log_in(press);
    }

    void log_in(mosquitto& client) {
        REQUIRE(plugin.log_in(client, "sesame") == MOSQ_ERR_SUCCESS);
    }

    void sql(const std::string& text) { plant.database().sql(text); }

    // The plugin knows of everything that was committed, and has had the time to act.
    void settle() {
        plant.until_seen(plugin);
        for (int i = 0; i < 20; ++i) {
            plant.until_seen(plugin);
        }
    }

    Names kicks_of_a_tick() {
        CHECK(take_kicks().empty());
        plugin.tick();
        return take_kicks();
    }

    bool may_write(mosquitto& client, const std::string& topic) {
        return plugin.write(client, topic.c_str()) == MOSQ_ERR_SUCCESS;
    }

    bool is_cut() { return !may_write(press, "plant/press-7/state"); }
};

const char* const disable = "SELECT mqtt_auth.disable_client('press-7')";
const char* const enable = "SELECT mqtt_auth.enable_client('press-7')";

}  // namespace

TEST_CASE("immediately: who may not be in any more is cut at once and kicked on the next tick",
          "[plugin][tables]") {
    struct Row {
        std::string sql;
        std::string reason;
    };

    const Row rows[] = {
        {disable, "the client is disabled"},
        {"SELECT mqtt_auth.delete_client('press-7')", "no client has this username"},
        {"SELECT mqtt_auth.rename_client('press-7', 'press-9')", "no client has this username"},
        {"UPDATE mqtt_auth.clients SET valid_until = '2001-01-01' WHERE username = 'press-7'",
         "it is outside valid_from and valid_until"},
        {"UPDATE mqtt_auth.clients SET networks = '{10.0.0.0/8}' WHERE username = 'press-7'",
         "its address lies in none of the client's networks"},
        {"UPDATE mqtt_auth.clients SET client_id = 'x-*' WHERE username = 'press-7'",
         "the client id does not match the client's client_id pattern"},
        {"UPDATE mqtt_auth.clients SET required_methods = '{certificate}' "
         "WHERE username = 'press-7'",
         "not every method in required_methods was satisfied"},
        {"SELECT mqtt_auth.revoke('press-7', 'password')",
         "the client has no live credential of an enabled method"},
        {"SELECT mqtt_auth.set_password('press-7', secret => '$2b$10$' || repeat('e', 53))",
         "the credential that let it in is no longer valid"},
        {"UPDATE mqtt_auth.credentials SET valid_until = '2001-01-01' "
         "WHERE username = 'press-7'",
         "the client has no live credential of an enabled method"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.sql);
        Running running(immediately);
        mosquitto bystander = connection_of("press-8");
        running.log_in(bystander);
        running.sql(row.sql);
        CHECK(eventually([&] { return running.is_cut(); }));
        CHECK(running.plugin.read(running.press, "news") == MOSQ_ERR_ACL_DENIED);
        CHECK(running.plugin.subscribe(running.press, "news") == MOSQ_ERR_ACL_DENIED);
        CHECK(running.kicks_of_a_tick() == Names{"press-7"});
        CHECK(running.kicks_of_a_tick().empty());
        CHECK(broker_log().count("disconnected client id `press-7` username `press-7`: " +
                                 row.reason) == 1);
        CHECK(running.may_write(bystander, "plant/press-8/state"));
        running.plugin.disconnect(running.press);
        CHECK(running.plugin.log_in(running.press, "sesame") != MOSQ_ERR_SUCCESS);
    }
}

TEST_CASE("immediately: rights are worked out anew in place, and nobody is kicked for it",
          "[plugin][tables]") {
    struct Row {
        std::string sql;
        std::string gained;
        std::string lost;
    };

    const Row rows[] = {
        {"SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'own')",
         "own",
         {}},
        {"SELECT mqtt_auth.remove_from_group('press-7', 'presses')", {}, "plant/press-7/state"},
        {"SELECT mqtt_auth.create_group('others'), mqtt_auth.allow('others', 'write', 'a'), "
         "mqtt_auth.add_to_group('press-7', 'others')",
         "a",
         {}},
        {"SELECT mqtt_auth.create_group('named'), mqtt_auth.allow('named', 'write', 'a'), "
         "mqtt_auth.add_group_rule('by name', '{named}', client_name => 'Press *');"
         "UPDATE mqtt_auth.clients SET name = 'Press 7' WHERE username = 'press-7'",
         "a",
         {}},
        {"SELECT mqtt_auth.allow('presses', 'write', 'line/%{line}');"
         "UPDATE mqtt_auth.clients SET attributes = '{\"line\": \"4\"}' "
         "WHERE username = 'press-7'",
         "line/4",
         {}},
        {"SELECT mqtt_auth.create_group('by rule'), mqtt_auth.allow('by rule', 'write', 'a'), "
         "mqtt_auth.add_group_rule('r', '{by rule}', address => '127.0.0.0/8', "
         "method => 'password')",
         "a",
         {}},
        {"SELECT mqtt_auth.delete_group('presses')", {}, "plant/press-7/state"},
        // A second password beside the first, and a window that is still open.
        {"SELECT mqtt_auth.grant_password('press-7', secret => '$2b$10$' || repeat('e', 53)), "
         "mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'a')",
         "a",
         {}},
        {"UPDATE mqtt_auth.clients SET valid_until = '2999-01-01' WHERE username = 'press-7';"
         "SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'a')",
         "a",
         {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.sql);
        Running running(immediately);
        if (!row.gained.empty()) {
            CHECK_FALSE(running.may_write(running.press, row.gained));
        }
        running.sql(row.sql);
        if (!row.gained.empty()) {
            CHECK(eventually([&] { return running.may_write(running.press, row.gained); }));
        }
        if (!row.lost.empty()) {
            CHECK(eventually([&] { return !running.may_write(running.press, row.lost); }));
        }
        running.settle();
        CHECK(running.kicks_of_a_tick().empty());
    }
}

TEST_CASE("with reconnect nothing but disconnect() acts on a session", "[plugin][tables]") {
    Running running(PluginOptions{{"sessions_apply_changes", "reconnect"}});
    running.sql("SELECT mqtt_auth.delete_client('press-7')");
    running.settle();
    CHECK_FALSE(running.is_cut());
    CHECK(running.kicks_of_a_tick().empty());
}

TEST_CASE("a window that runs out cuts without any change in the tables", "[plugin][tables]") {
    for (const char* table : {"clients", "credentials"}) {
        CAPTURE(table);
        Running running(immediately);
        mosquitto second{.id = "second", .username = "press-7"};
        running.sql(
            fmt::format("UPDATE mqtt_auth.{} SET valid_until = clock_timestamp() + "
                        "interval '3 s' WHERE username = 'press-7'",
                        table));
        running.plant.until_seen(running.plugin);
        running.log_in(second);  // its window is known from the beginning
        CHECK_FALSE(running.is_cut());
        CHECK(eventually([&] {
            running.plugin.tick();
            return running.is_cut();
        }));
        running.plugin.tick();
        Names kicked = take_kicks();
        std::sort(kicked.begin(), kicked.end());
        CHECK(kicked == Names{"press-7", "second"});
    }
}

TEST_CASE("who may be in again before the tick is not kicked", "[plugin][tables]") {
    Running running(immediately);
    running.sql(disable);
    CHECK(eventually([&] { return running.is_cut(); }));
    running.sql(enable);
    CHECK(eventually([&] { return !running.is_cut(); }));
    CHECK(running.kicks_of_a_tick().empty());
}

TEST_CASE("a session that came after a cut under the same id is not kicked",
          "[plugin][tables]") {
    for (const auto& [sql, undo] :
         {std::pair(disable, enable),
          std::pair("SELECT mqtt_auth.disconnect('press-7')", "SELECT 1")}) {
        CAPTURE(sql);
        Running running(immediately);
        running.sql(sql);
        running.settle();
        running.sql(undo);
        running.settle();
        // At the same address as well.
        running.plugin.disconnect(running.press);
        running.log_in(running.press);
        CHECK(running.kicks_of_a_tick().empty());
        CHECK_FALSE(running.is_cut());
    }
}

TEST_CASE("disconnect() kicks all sessions of a client, and takes nothing away",
          "[plugin][tables]") {
    for (const char* mode : {"reconnect", "immediately"}) {
        CAPTURE(mode);
        Running running(PluginOptions{{"sessions_apply_changes", mode}});
        mosquitto second{.id = "second", .username = "press-7"};
        mosquitto away{.id = "away", .username = "press-7", .clean_session = false};
        mosquitto other = connection_of("press-8");
        for (mosquitto* client : {&second, &away, &other}) {
            running.log_in(*client);
        }
        running.plugin.disconnect(away);
        running.sql("SELECT mqtt_auth.disconnect('press-7')");
        Names kicked;
        CHECK(eventually([&] {
            running.plugin.tick();
            for (const std::string& name : take_kicks()) {
                kicked.push_back(name);
            }
            return kicked.size() >= 2;
        }));
        CHECK(kicked == Names{"press-7", "second"});
        CHECK_FALSE(running.is_cut());
        CHECK(broker_log().count("disconnected client id `second` username `press-7`: "
                                 "mqtt_auth.disconnect() was called") == 1);
        running.plugin.disconnect(running.press);
        running.log_in(running.press);
        running.settle();
        CHECK(running.kicks_of_a_tick().empty());
    }
}

TEST_CASE("disconnect() of a group kicks whoever is in it, explicitly or by rule",
          "[plugin][tables]") {
    for (const char* mode : {"reconnect", "immediately"}) {
        CAPTURE(mode);
        Running running(PluginOptions{{"sessions_apply_changes", mode}});
        running.sql(
            "SELECT mqtt_auth.add_group_rule('r', '{presses}', client_id => 'guest-*')");
        running.settle();
        mosquitto boss = connection_of("boss");
        mosquitto guest{.id = "guest-1", .username = "boss"};
        mosquitto second{.id = "second", .username = "press-8"};
        for (mosquitto* client : {&boss, &guest, &second}) {
            running.log_in(*client);
        }
        running.sql("SELECT mqtt_auth.disconnect(group_name => 'presses')");
        Names kicked;
        CHECK(eventually([&] {
            running.plugin.tick();
            for (const std::string& name : take_kicks()) {
                kicked.push_back(name);
            }
            return kicked.size() >= 3;
        }));
        std::sort(kicked.begin(), kicked.end());
        CHECK(kicked == Names{"guest-1", "press-7", "second"});
        running.settle();
        CHECK(running.kicks_of_a_tick().empty());
    }
}

TEST_CASE("a command from before the plugin was there does nothing", "[plugin][tables]") {
    Plant plant;
    plant.database().sql("SELECT mqtt_auth.disconnect('press-7')");
    LoadedPlugin plugin(plant.options(immediately));
    mosquitto press = connection_of("press-7");
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    plant.until_seen(plugin);
    plugin.tick();
    CHECK(take_kicks().empty());
}

TEST_CASE("what the broker asks while it throws somebody off is answered in its favour",
          "[plugin][tables]") {
    Running running(immediately);
    mosquitto durable{.id = "durable", .username = "press-7", .clean_session = false};
    running.log_in(durable);
    running.sql(disable);
    CHECK(eventually([&] { return !running.may_write(durable, "plant/press-7/state"); }));

    int kicked = 0;
    {
        const KicksPlayed played([&](const std::string& id, bool with_will) {
            mosquitto& client = id == "durable" ? durable : running.press;
            ++kicked;
            CHECK(with_will);
            // It keeps its subscriptions, for the case that it is enabled again, and no others.
            CHECK(running.plugin.subscribe(client, "news") == MOSQ_ERR_SUCCESS);
            CHECK(running.plugin.subscribe(client, "secret") == MOSQ_ERR_ACL_DENIED);
            CHECK(running.plugin.read(client, "news") == MOSQ_ERR_ACL_DENIED);
            if (is_2_1() && id == "durable") {
                running.plugin.go_offline(client);
            } else {
                running.plugin.disconnect(client);
            }
            CHECK(running.plugin.write(client, "plant/press-7/will") == MOSQ_ERR_ACL_DENIED);
        });
        running.plugin.tick();
    }
    CHECK(kicked == 2);
    durable.address = std::nullopt;
    CHECK(running.plugin.read(durable, "news") == MOSQ_ERR_SUCCESS);  // queued
    CHECK(running.plugin.read(durable, "secret") == MOSQ_ERR_ACL_DENIED);

    running.sql("SELECT mqtt_auth.delete_client('press-7')");
    CHECK(eventually(
        [&] { return running.plugin.read(durable, "news") == MOSQ_ERR_ACL_DENIED; }));
}

TEST_CASE("what a client that was cut off has published before stays published",
          "[plugin][tables]") {
    Running running(immediately);
    mosquitto durable{.id = "durable", .username = "press-7", .clean_session = false};
    running.log_in(durable);
    running.sql(disable);
    CHECK(eventually([&] { return running.is_cut(); }));
    // As the source of a retained message, and once more when the session is not connected.
    mosquitto made_up{.id = "durable", .username = "press-7", .address = std::nullopt};
    CHECK(running.may_write(made_up, "plant/press-7/state"));
    CHECK_FALSE(running.may_write(durable, "plant/press-7/state"));
    running.plugin.disconnect(durable);
    CHECK(running.may_write(made_up, "plant/press-7/state"));
    CHECK_FALSE(running.may_write(made_up, "plant/press-8/state"));
}

TEST_CASE("a plain disconnect leaves a client its will and its deliveries",
          "[plugin][tables]") {
    Running running(immediately);
    running.sql("SELECT mqtt_auth.disconnect('press-7')");
    running.settle();
    const KicksPlayed played([&](const std::string& /*id*/, bool /*with_will*/) {
        CHECK(running.plugin.read(running.press, "news") == MOSQ_ERR_SUCCESS);
        running.plugin.disconnect(running.press);
        CHECK(running.may_write(running.press, "plant/press-7/will"));
    });
    CHECK(running.kicks_of_a_tick() == Names{"press-7"});
}

TEST_CASE("without ticks the login of another client is the time to kick", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options(immediately));
    mosquitto press = connection_of("press-7");
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    plant.database().sql(disable);
    CHECK(eventually(
        [&] { return plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED; }));
    mosquitto again = connection_of("press-7");
    CHECK(plugin.log_in(again, "sesame") == MOSQ_ERR_AUTH);
    CHECK(take_kicks().empty());
    // A SIGHUP: the broker goes through its sessions.
    mosquitto other = connection_of("press-8");
    plugin.reload();
    CHECK(plugin.log_in(press, std::nullopt) == MOSQ_ERR_SUCCESS);
    CHECK(take_kicks().empty());
    CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.log_in(other, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(take_kicks() == Names{"press-7"});
}

TEST_CASE("without ticks a login on one listener throws off who is on an idle one",
          "[plugin][tables]") {
    if (is_2_1()) {
        return;  // 2.1 always raises ticks, and a login that has to be answered late needs them
    }
    for (const char* sql : {disable, "SELECT mqtt_auth.disconnect('press-7')"}) {
        CAPTURE(sql);
        Plant plant;
        LoadedPlugin idle(plant.options(immediately));
        LoadedPlugin busy(plant.options());
        mosquitto press = connection_of("press-7");
        REQUIRE(idle.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
        plant.database().sql(sql);
        plant.until_seen(busy);
        mosquitto other = connection_of("press-8");
        CHECK(eventually([&] {
            CHECK(busy.log_in(other, "sesame") == MOSQ_ERR_SUCCESS);
            return !take_kicks().empty();
        }));
    }
}

TEST_CASE("without ticks a window runs out at the next callback", "[plugin][tables]") {
    if (is_2_1()) {
        return;
    }
    Plant plant;
    plant.database().sql(
        "UPDATE mqtt_auth.clients SET valid_until = clock_timestamp() + interval '1.5 s' "
        "WHERE username = 'press-7'");
    LoadedPlugin plugin(plant.options(immediately));
    mosquitto press = connection_of("press-7");
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(eventually(
        [&] { return plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED; }));
}

TEST_CASE("each load keeps its own sessions in its own mode, and disconnects them",
          "[plugin][tables]") {
    Plant plant;
    LoadedPlugin first(plant.options(immediately));
    LoadedPlugin second(plant.options());
    first.tick();
    mosquitto here{.id = "here", .username = "press-7"};
    mosquitto there{.id = "there", .username = "press-7"};
    REQUIRE(first.log_in(here, "sesame") == MOSQ_ERR_SUCCESS);
    REQUIRE(second.log_in(there, "sesame") == MOSQ_ERR_SUCCESS);
    plant.database().sql(disable);
    plant.until_seen(second);
    CHECK(eventually(
        [&] { return first.write(here, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED; }));
    CHECK(second.write(there, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    second.tick();
    CHECK(take_kicks() == Names{"here"});
    plant.database().sql("SELECT mqtt_auth.disconnect('press-7')");
    Names kicked;
    CHECK(eventually([&] {
        second.tick();
        kicked = take_kicks();
        return !kicked.empty();
    }));
    CHECK(kicked == Names{"there"});
}

TEST_CASE("many sessions are thrown off a few at a time", "[plugin][tables]") {
    Running running(immediately);
    std::vector<mosquitto> presses(1500);
    for (std::size_t i = 0; i < presses.size(); ++i) {
        presses[i] = {.id = "p" + std::to_string(i), .username = "press-7"};
        running.log_in(presses[i]);
    }
    running.sql("SELECT mqtt_auth.disconnect(group_name => 'presses')");
    std::size_t kicked = 0;
    CHECK(eventually([&] {
        running.plugin.tick();
        const std::size_t now = take_kicks().size();
        CHECK(now <= 100);
        kicked += now;
        return kicked > presses.size();
    }));
    CHECK(kicked == presses.size() + 1);
}

TEST_CASE("a cut that runs out of memory comes later, and nobody else is touched",
          "[plugin][tables][memory]") {
    Running running(immediately);
    mosquitto bystander = connection_of("press-8");
    running.log_in(bystander);
    std::size_t failures = 0;
    for (std::size_t nth = 1; nth < 30; ++nth) {
        CAPTURE(nth);
        running.sql(disable);
        bool failed = false;
        int result = MOSQ_ERR_SUCCESS;
        CHECK(eventually([&] {
            {
                const AllocationFailure failure(failed ? 0 : nth);
                result = running.plugin.tick();
                failed = failed || failure.happened();
            }
            return result != MOSQ_ERR_SUCCESS || running.is_cut();
        }));
        CHECK(result == MOSQ_ERR_SUCCESS);
        failures += failed ? 1U : 0U;
        CHECK(running.may_write(bystander, "plant/press-8/state"));
        running.sql(enable);
        CHECK(eventually([&] {
            running.plugin.tick();
            return !running.is_cut();
        }));
    }
    CHECK(failures > 10);
    CHECK(broker_log().count("disconnected client id `press-8`") == 0);
}
