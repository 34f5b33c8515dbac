#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"
#include "support/process.hpp"
#include "support/temporary_file.hpp"
#include "support/waiting.hpp"

using namespace pgauth::testing;

namespace {

const std::optional<std::string> null;

struct Running {
    Plant plant;
    TemporaryFile file{yaml("")};
    LoadedPlugin plugin{{{"config", file.path()}}};

    Running() { REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS); }

    [[nodiscard]] std::string yaml(const std::string& more) {
        return "database: {connection: '" + plant.database().connection() + "'}\n" + more;
    }

    void log_in(mosquitto& client) {
        REQUIRE(plugin.log_in(client, "sesame") == MOSQ_ERR_SUCCESS);
    }

    // As SIGHUP, until what comes of it is in the log.
    bool reload(const std::string& line) {
        const std::size_t before = broker_log().count(line);
        return plugin.reload() == MOSQ_ERR_SUCCESS && eventually([&] {
                   plugin.tick();
                   return broker_log().count(line) > before;
               });
    }
};

}  // namespace

TEST_CASE("after a reload whoever is in stays in, and the next turn of the loop ends that",
          "[plugin][tables]") {
    Running running;
    LoadedPlugin& plugin = running.plugin;
    mosquitto press = connection_of("press-7");
    mosquitto durable{.id = "d", .username = "boss", .clean_session = false};
    running.log_in(press);
    running.log_in(durable);
    plugin.disconnect(durable);
    mosquitto restored{.id = "r", .username = "boss", .address = null};
    mosquitto nameless{.id = "n", .address = null};

    CHECK(plugin.log_in(press, null) == MOSQ_ERR_AUTH);
    running.log_in(press);
    CHECK(plugin.reload() == MOSQ_ERR_SUCCESS);
    CHECK(plugin.log_in(press, null) == MOSQ_ERR_SUCCESS);
    CHECK(plugin.log_in(press, "wrong") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.log_in(durable, null) == MOSQ_ERR_SUCCESS);
    CHECK(plugin.log_in(restored, null) == MOSQ_ERR_SUCCESS);
    CHECK(plugin.log_in(nameless, null) == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);

    plugin.tick();
    CHECK(plugin.log_in(press, null) == MOSQ_ERR_AUTH);
    CHECK(plugin.log_in(restored, null) == MOSQ_ERR_AUTH);
    CHECK(plugin.log_in(nameless, null) == MOSQ_ERR_AUTH);
}

TEST_CASE("a re-check leaves the rights of a session as they are", "[plugin][tables]") {
    Running running;
    mosquitto press = connection_of("press-7");
    running.log_in(press);
    running.plant.database().sql("SELECT mqtt_auth.remove_from_group('press-7', 'presses')");
    running.plant.until_seen(running.plugin);
    running.plugin.reload();
    CHECK(running.plugin.log_in(press, null) == MOSQ_ERR_SUCCESS);
    running.plugin.tick();
    CHECK(running.plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
}

TEST_CASE("during the re-checks a stranger is still asked for its password",
          "[plugin][tables]") {
    Running running;
    LoadedPlugin& plugin = running.plugin;
    mosquitto press = connection_of("press-7");
    running.log_in(press);
    plugin.reload();

    mosquitto elsewhere = connection_of("press-7");  // the id and name of a session
    CHECK(plugin.log_in(elsewhere, "wrong") == MOSQ_ERR_AUTH);
    press.username = "press-8";  // its address and id
    CHECK(plugin.log_in(press, "wrong") == MOSQ_ERR_AUTH);
    press = {.id = "b", .username = "press-7"};  // its address and name
    CHECK(plugin.log_in(press, "wrong") == MOSQ_ERR_AUTH);
}

TEST_CASE("during the re-checks the address of a connection that has gone opens nothing",
          "[plugin][tables]") {
    // Where the broker raises no ticks (2.0.11 with per_listener_settings) a new connection can
    // come as long as the re-checks are thought to go on.
    Running running;
    for (const bool clean : {true, false}) {
        mosquitto press{.id = "press-7", .username = "press-7", .clean_session = clean};
        running.log_in(press);
        running.plugin.reload();
        running.plugin.disconnect(press);
        if (!clean) {
            mosquitto after{.id = "press-7", .username = "press-7"};
            running.log_in(after);  // takes the durable session over, and goes
            running.plugin.disconnect(after);
        }
        CHECK(running.plugin.log_in(press, "wrong") == MOSQ_ERR_AUTH);
        running.plugin.tick();
    }
}

TEST_CASE(
    "during the re-checks a connection that the HTTP API makes up is asked for its password",
    "[plugin][tables]") {
    Running running;
    running.plugin.reload();
    int wrong = MOSQ_ERR_SUCCESS;
    int right = MOSQ_ERR_AUTH;
    std::thread([&] {
        mosquitto made_up{.id = "api", .username = "press-7", .address = null};
        wrong = running.plugin.log_in(made_up, "wrong");
        right = running.plugin.log_in(made_up, "sesame");
    }).join();
    CHECK(wrong == MOSQ_ERR_AUTH);
    CHECK(right == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a reload takes up a changed pgauth.yaml", "[plugin][tables]") {
    Running running;
    mosquitto nameless{.id = "n"};
    CHECK(running.plugin.log_in(nameless, null) == MOSQ_ERR_AUTH);
    running.file.write(running.yaml("authentication: {anonymous_group: guests}\n"));
    REQUIRE(running.reload("taken up"));
    CHECK(running.plugin.log_in(nameless, null) == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.read(nameless, "news") == MOSQ_ERR_SUCCESS);
    REQUIRE(running.reload("nothing has changed"));
    CHECK(running.plugin.log_in(nameless, null) == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a reload with a broken pgauth.yaml succeeds, says so, and leaves the old in force",
          "[plugin][tables]") {
    Running running;
    mosquitto press = connection_of("press-7");
    running.log_in(press);
    const std::string broken[] = {
        "database: [",
        "databse: {}\n",
        running.yaml("sessions: {takeover: none}\n"),
        "database: {connection: 'password=hunter2 rubbish'}\n",
        "database: {connection: 'host=db.example sslmode=disable'}\n"};
    for (const std::string& text : broken) {
        running.file.write(text);
        CAPTURE(text);
        CHECK(running.reload("the running configuration stays in force"));
        CHECK(running.plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
        mosquitto nameless{.id = "n"};
        CHECK(running.plugin.log_in(nameless, null) == MOSQ_ERR_AUTH);
    }
    CHECK(broker_log().lines(MOSQ_LOG_ERR).size() == std::size(broken));
    CHECK(broker_log().count("hunter2") == 0);
}

TEST_CASE("a reload may name another database, and the old one serves until it is there",
          "[plugin][tables]") {
    Running running;
    mosquitto press = connection_of("press-7");
    running.log_in(press);
    Plant other;
    other.database().sql("SELECT mqtt_auth.rename_client('idle', 'moved')");
    SqlSession lock = other.database().superuser();
    lock.sql("BEGIN; LOCK TABLE mqtt_auth.clients IN ACCESS EXCLUSIVE MODE");
    running.file.write("database: {connection: '" + other.database().connection() + "'}\n");
    REQUIRE(running.reload("taken up"));
    mosquitto moved = connection_of("moved");
    mosquitto idle = connection_of("idle");
    CHECK(running.plugin.log_in(moved, "sesame") == MOSQ_ERR_AUTH);
    CHECK(running.plugin.log_in(idle, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    lock.sql("COMMIT");
    CHECK(
        eventually([&] { return running.plugin.log_in(moved, "sesame") == MOSQ_ERR_SUCCESS; }));
    CHECK(running.plugin.log_in(idle, "sesame") == MOSQ_ERR_AUTH);
    CHECK(eventually([] { return count_threads("pgauth-sync") == 1; }));
}
