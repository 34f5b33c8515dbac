#include <memory>
#include <string>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"
#include "support/process.hpp"

using namespace pgauth::testing;

// As with `per_listener_settings true`.

namespace {

// What a client that may try again is told: late answers know no other refusal.
int try_again() {
    return is_2_1() ? MOSQ_ERR_AUTH : MOSQ_ERR_UNKNOWN;
}

}  // namespace

TEST_CASE("several loads with one database share its replica", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin first(plant.options());
    LoadedPlugin second(plant.options({{"authentication_unknown", "defer"}}));
    REQUIRE(first.init_result() == MOSQ_ERR_SUCCESS);
    REQUIRE(second.init_result() == MOSQ_ERR_SUCCESS);
    CHECK(count_threads("pgauth-sync") == 1);
    CHECK(plant.database().plugin_connections() == 1);
    Plant other;
    LoadedPlugin third(other.options());
    REQUIRE(third.init_result() == MOSQ_ERR_SUCCESS);
    CHECK(count_threads("pgauth-sync") == 2);
}

TEST_CASE("each load has its own options", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin strict(plant.options());
    LoadedPlugin lenient(plant.options({{"authentication_unknown", "defer"}}));
    mosquitto stranger = connection_of("stranger");
    CHECK(strict.log_in(stranger, "x") == MOSQ_ERR_AUTH);
    CHECK(lenient.log_in(stranger, "x") == MOSQ_ERR_PLUGIN_DEFER);
}

TEST_CASE("a client id is in use on every listener", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin first(plant.options());
    LoadedPlugin second(plant.options({{"authentication_unknown", "defer"}}));
    mosquitto press{.id = "shared", .username = "press-7"};
    mosquitto other{.id = "shared", .username = "press-8"};
    REQUIRE(first.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(second.log_in(other, "sesame") == try_again());
    mosquitto again{.id = "shared", .username = "press-7"};
    CHECK(second.log_in(again, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(first.write(press, "plant/press-7/will") == MOSQ_ERR_SUCCESS);
    CHECK(first.disconnect(press) == MOSQ_ERR_SUCCESS);
    CHECK(second.write(again, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    CHECK(first.log_in(other, "sesame") == try_again());
}

TEST_CASE("the same name in two databases is two clients", "[plugin][tables]") {
    Plant plant;
    Plant other;
    LoadedPlugin first(plant.options());
    LoadedPlugin second(other.options());
    mosquitto here{.id = "shared", .username = "press-7"};
    mosquitto there{.id = "shared", .username = "press-7"};
    REQUIRE(first.log_in(here, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(second.log_in(there, "sesame") == try_again());
}

TEST_CASE("the end of one load leaves the others in force", "[plugin][tables]") {
    Plant plant;
    auto first = std::make_unique<LoadedPlugin>(plant.options());
    LoadedPlugin second(plant.options());
    mosquitto press = connection_of("press-7");
    mosquitto other = connection_of("press-8");
    REQUIRE(first->log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    REQUIRE(second.log_in(other, "sesame") == MOSQ_ERR_SUCCESS);
    first.reset();
    plant.database().sql("SELECT mqtt_auth.allow('presses', 'write', 'alarm')");
    plant.until_seen(second);
    CHECK(second.write(other, "alarm") == MOSQ_ERR_SUCCESS);
    CHECK(count_threads("pgauth-sync") == 1);
}

TEST_CASE("a reload of one load is followed by re-checks on all", "[plugin][tables]") {
    Plant plant;
    LoadedPlugin first(plant.options());
    LoadedPlugin second(plant.options({{"authentication_unknown", "defer"}}));
    mosquitto press = connection_of("press-7");
    mosquitto other = connection_of("press-8");
    REQUIRE(first.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    REQUIRE(second.log_in(other, "sesame") == MOSQ_ERR_SUCCESS);
    first.reload();
    second.reload();
    CHECK(first.log_in(press, std::nullopt) == MOSQ_ERR_SUCCESS);
    CHECK(second.log_in(other, std::nullopt) == MOSQ_ERR_SUCCESS);
}
