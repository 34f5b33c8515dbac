#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/thread.hpp"
#include "support/black_hole.hpp"
#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/process.hpp"
#include "support/temporary_file.hpp"
#include "support/waiting.hpp"

using namespace pgauth::testing;

namespace {

constexpr const char* local = "host=/nowhere dbname=none";

// One line, and what it must not have.
void check_line(const BrokerLog::Line& line, const std::string& named) {
    CHECK(line.level == MOSQ_LOG_ERR);
    INFO(line.text);
    CHECK(line.text.find(named) != std::string::npos);
    CHECK(line.text.find('\n') == std::string::npos);
    CHECK(line.text.find("hunter2") == std::string::npos);
}

// The kernel may still be closing a thread's own files after it was joined.
bool all_threads_have_gone() {
    return threads_of_the_plugin().empty();
}

// Neither loaded, nor anything left behind.
void check_refusal(const PluginOptions& options, const std::string& named) {
    const std::size_t files = open_files();
    const LoadedPlugin plugin(options);
    INFO(broker_log().text());
    CHECK(plugin.init_result() != MOSQ_ERR_SUCCESS);
    CHECK(plugin.callback_count() == 0);
    REQUIRE(broker_log().lines().size() == 1);
    check_line(broker_log().lines()[0], named);
    CHECK(eventually(all_threads_have_gone));
    CHECK(open_files() == files);
}

}  // namespace

TEST_CASE("the broker does not start with an option that makes no sense, and one line says why",
          "[plugin]") {
    struct Row {
        PluginOptions options;
        std::string named;
    };

    const Row rows[] = {
        {{{"conection", local}}, "plugin_opt_conection"},
        {{{"", "x"}}, "plugin_opt_"},
        {{{"database_connection", local}, {"database_connection", local}}, "given twice"},
        {{{"database_connection", std::nullopt}}, "plugin_opt_database_connection"},
        {{{"database_connection", ""}}, "plugin_opt_database_connection"},
        {{{"database_connection", "password=hunter2 rubbish"}},
         "plugin_opt_database_connection"},
        {{{"database_connection", "postgresql://u:hunter2@[::1/x"}},
         "plugin_opt_database_connection"},
        {{{"database_connection", "postgresql://u:hunter2@db.example/x?sslmode=disable"}},
         "sslmode"},
        {{{"database_connection", "host=db.example\npassword=hunter2"}}, "one line"},
        {{{"database_connection", local}, {"database_tls", "maybe"}},
         "plugin_opt_database_tls"},
        {{{"database_connection", local}, {"database_poll_interval", "5"}},
         "plugin_opt_database_poll_interval"},
        {{{"database_connection", local}, {"database_poll_interval", "-1s"}},
         "plugin_opt_database_poll_interval"},
        {{{"database_connection", local}, {"replica_start_wait", "1 fortnight"}},
         "plugin_opt_replica_start_wait"},
        {{{"database_connection", local}, {"authentication_unknown", "allow"}},
         "plugin_opt_authentication_unknown"},
        {{{"database_connection", local}, {"authentication_methods", "password, passwd"}},
         "passwd"},
        {{{"database_connection", local}, {"authorization_subscribe", std::nullopt}},
         "plugin_opt_authorization_subscribe"},
        {{{"config", std::nullopt}}, "plugin_opt_config"},
        {{{"config", ""}}, "plugin_opt_config"},
        {{{"config", "/nowhere/pgauth.yaml"}}, "/nowhere/pgauth.yaml"},
        {{{"config", "/"}}, "plugin_opt_config"},
    };
    for (const Row& row : rows) {
        check_refusal(row.options, row.named);
    }
}

TEST_CASE("the broker does not start with a pgauth.yaml that makes no sense", "[plugin]") {
    struct Row {
        std::string yaml;
        std::string named;
    };

    const Row rows[] = {
        {"database: {connection: 'host=/nowhere'}\nauthentification: {}\n", ":2: "},
        {"database:\n  connection: 'password=hunter2 rubbish'\n", "database.connection"},
        {"database: [\n", ":"},
        {"- database\n", ":1: "},
        {"authentication:\n  methods: [passwd]\n", ":2: "},
    };
    for (const Row& row : rows) {
        const TemporaryFile file(row.yaml);
        check_refusal({{"config", file.path()}}, row.named);
    }
}

TEST_CASE("a database that cannot be reached lets the broker start, and the log says so once",
          "[plugin]") {
    LoadedPlugin plugin(
        {{"database_connection", refused_connection()}, {"replica_start_wait", "100ms"}});
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    CHECK(plugin.callback_count() == (is_2_1() ? 10 : 8));
    REQUIRE(eventually([&] {
        plugin.tick();
        return broker_log().count("nobody can log in") == 1;
    }));
    INFO(broker_log().text());
    REQUIRE(broker_log().lines().size() == 1);
    CHECK(broker_log().lines()[0].level == MOSQ_LOG_WARNING);
    const std::string first = broker_log().lines()[0].text;
    INFO(first);
    CHECK(first.find("Connection refused") != std::string::npos);
}

TEST_CASE("without a database nobody comes in, and nobody is told that this is final",
          "[plugin]") {
    LoadedPlugin plugin({{"database_connection", refused_connection()},
                         {"replica_start_wait", "0s"},
                         {"authentication_anonymous_group", "guests"},
                         {"authentication_unknown", "defer"}});
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    for (const auto& username : {std::optional<std::string>("press-7"), {}}) {
        for (const auto& password : {std::optional<std::string>("sesame"), {}}) {
            for (const int version : {3, 4, 5}) {
                mosquitto client{.id = "a", .username = username, .protocol_version = version};
                CHECK(plugin.log_in(client, password) ==
                      (is_2_1() && version == 5 ? server_unavailable : MOSQ_ERR_UNKNOWN));
            }
        }
    }
}

TEST_CASE("without a database only deliveries to sessions that are not connected are allowed",
          "[plugin]") {
    LoadedPlugin plugin(
        {{"database_connection", refused_connection()}, {"replica_start_wait", "0s"}});
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto restored{.id = "a", .username = "press-7", .address = std::nullopt};
    CHECK(plugin.read(restored, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    CHECK(plugin.write(restored, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.subscribe(restored, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    mosquitto connected{.id = "a", .username = "press-7"};
    CHECK(plugin.read(connected, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(plugin.unsubscribe(connected, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a database that never answers holds up neither a callback nor the end", "[plugin]") {
    const BlackHole hole;
    const auto started = std::chrono::steady_clock::now();
    {
        LoadedPlugin plugin(
            {{"database_connection", hole.connection()}, {"replica_start_wait", "100ms"}});
        REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
        REQUIRE(eventually([&] { return hole.has_visitor(); }));
        mosquitto client{.id = "a", .username = "press-7"};
        for (int i = 0; i < 100; ++i) {
            plugin.log_in(client, "sesame");
            plugin.write(client, "a");
            plugin.tick();
        }
        CHECK(plugin.reload() == MOSQ_ERR_SUCCESS);
    }
    // The plugin itself would give up after ten.
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(5));
    CHECK(eventually(all_threads_have_gone));
}

TEST_CASE("the plugin can be loaded and unloaded again and again, and nothing is left",
          "[plugin]") {
    const TemporaryFile file("database: {connection: '" + refused_connection() + "'}\n");
    const auto load_and_unload = [&] {
        LoadedPlugin plugin({{"config", file.path()}, {"replica_start_wait", "0s"}});
        REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
        plugin.reload();
        plugin.tick();
        CHECK(plugin.clean_up() == MOSQ_ERR_SUCCESS);
        CHECK(plugin.callback_count() == 0);
    };
    load_and_unload();
    const std::size_t files = open_files();
    for (int i = 0; i < 20; ++i) {
        load_and_unload();
        CHECK(eventually(all_threads_have_gone));
    }
    CHECK(open_files() == files);
}

TEST_CASE("every thread of the plugin blocks every signal, and has no file of the broker's",
          "[plugin]") {
    const BlackHole hole;
    const auto socket_of_the_broker =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(hole.descriptor()));
    const TemporaryFile file("database: {connection: '" + hole.connection() + "'}\n");
    LoadedPlugin plugin({{"config", file.path()}, {"replica_start_wait", "0s"}});
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    const auto count_complete = [&] {
        const auto threads = threads_of_the_plugin();
        return std::count_if(threads.begin(), threads.end(), [&](const ThreadStatus& thread) {
            return thread.blocks_all_signals &&
                   (thread.files.count(socket_of_the_broker) == 0) == pgauth::own_descriptors;
        });
    };
    constexpr int feed_and_verifiers = 3;
    CHECK(eventually([&] { return count_complete() == feed_and_verifiers; }));
    CHECK(threads_of_the_plugin().size() == feed_and_verifiers);
}

TEST_CASE("a tick asks for the next one at once, and to be woken up in a tenth of a second",
          "[plugin]") {
    LoadedPlugin plugin(
        {{"database_connection", refused_connection()}, {"replica_start_wait", "0s"}});
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto_evt_tick event{};
    event.now_s = 1'700'000'000;
    event.now_ns = 1;
    event.next_s = 1'700'000'000;
    event.next_ns = 1;
    CHECK(plugin.tick(event) == MOSQ_ERR_SUCCESS);
    CHECK(event.now_s == 0);
    CHECK(event.now_ns == 0);
    CHECK(event.next_ns == 100);  // called next_ms from 2.1 on
}

TEST_CASE("the plugin works with version 5 of the interface and with no other", "[plugin]") {
    CHECK(negotiate({5}) == 5);
    CHECK(negotiate({2, 3, 4, 5}) == 5);
    CHECK(negotiate({5, 6}) == 5);
    CHECK(negotiate({4}) == -1);
    CHECK(negotiate({6}) == -1);
    CHECK(negotiate({}) == -1);
}
