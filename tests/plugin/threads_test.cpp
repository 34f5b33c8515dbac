#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"
#include "support/temporary_file.hpp"
#include "support/waiting.hpp"

using namespace pgauth::testing;

namespace {

// The HTTP API of a 2.1 broker: asks through connections on its stack, until it is stopped.
class HttpApi {
  public:
    explicit HttpApi(LoadedPlugin& plugin)
        : thread_([this, &plugin] {
              while (!stopped_) {
                  ask(plugin);
                  ++rounds_;
              }
          }) {}

    ~HttpApi() {
        stopped_ = true;
        thread_.join();
    }

    HttpApi(const HttpApi&) = delete;
    HttpApi& operator=(const HttpApi&) = delete;
    HttpApi(HttpApi&&) = delete;
    HttpApi& operator=(HttpApi&&) = delete;

    [[nodiscard]] int rounds() const noexcept { return rounds_; }

    [[nodiscard]] int mistakes() const noexcept { return mistakes_; }

  private:
    void ask(LoadedPlugin& plugin) {
        mosquitto press{.id = "api", .username = "press-7", .address = std::nullopt};
        expect(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
        expect(plugin.log_in(press, "wrong") == MOSQ_ERR_AUTH);
        expect(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
        expect(plugin.write(press, "plant/press-8/state") == MOSQ_ERR_ACL_DENIED);
        expect(plugin.read(press, "news") == MOSQ_ERR_SUCCESS);
        mosquitto stranger{.id = "api", .username = "stranger", .address = std::nullopt};
        expect(plugin.log_in(stranger, "sesame") == MOSQ_ERR_AUTH);
        expect(plugin.subscribe(stranger, "#") == MOSQ_ERR_ACL_DENIED);
    }

    void expect(bool condition) { mistakes_ += condition ? 0 : 1; }

    std::atomic<bool> stopped_{false};
    std::atomic<int> rounds_{0};
    std::atomic<int> mistakes_{0};
    std::thread thread_;
};

}  // namespace

TEST_CASE("the HTTP API may ask from its own thread while the broker goes on",
          "[plugin][tables][threads]") {
    Plant plant;
    const auto yaml = [&](const std::string& more) {
        return "database: {connection: '" + plant.database().connection() + "'}\n" + more;
    };
    const TemporaryFile file(yaml(""));
    LoadedPlugin plugin({{"config", file.path()}});
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    {
        const HttpApi one(plugin);
        const HttpApi two(plugin);
        for (int i = 0; i < 20 || one.rounds() < 20 || two.rounds() < 20; ++i) {
            mosquitto press = connection_of("press-8");
            CHECK(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
            CHECK(plugin.write(press, "plant/press-8/state") == MOSQ_ERR_SUCCESS);
            CHECK(plugin.write(press, "plant/press-7/state") == MOSQ_ERR_ACL_DENIED);
            plugin.disconnect(press);
            plugin.tick();
            if (i < 20) {
                file.write(yaml(i % 2 == 0 ? "authorization: {subscribe: overlapping}\n" : ""));
                plugin.reload();
                plant.database().sql("SELECT mqtt_auth.allow('presses', 'read', 'edit/" +
                                     std::to_string(i) + "')");
                plugin.tick();
            }
        }
        CHECK(one.mistakes() == 0);
        CHECK(two.mistakes() == 0);
    }
    plugin.tick();
    CHECK(broker_log().lines().size() > 20);
}

TEST_CASE("only the broker's own thread writes into its log", "[plugin][tables][threads]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    // The lines that say so wait for whoever comes next.
    plant.database().terminate_plugin_connections();
    REQUIRE(eventually([&] { return plant.database().plugin_connections() == 0; }));
    REQUIRE(eventually([&] { return plant.database().plugin_connections() == 1; }));
    {
        const HttpApi api(plugin);
        REQUIRE(eventually([&] { return api.rounds() > 2; }));
    }
    CHECK(broker_log().foreign() == 0);
    REQUIRE(eventually([&] {
        plugin.tick();
        return broker_log().count("connected again") == 1;
    }));
    CHECK(broker_log().foreign() == 0);
}
