#include <string>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"
#include "support/waiting.hpp"

using namespace pgauth::testing;

namespace {

const std::optional<std::string> null;

}  // namespace

TEST_CASE("who proves itself comes in, and everybody else is told the same",
          "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);

    struct Row {
        std::optional<std::string> id;
        std::optional<std::string> username;
        std::optional<std::string> password;
        int result = 0;
    };

    const Row rows[] = {
        {"a", "press-7", "sesame", MOSQ_ERR_SUCCESS},
        {"b", "idle", "sesame", MOSQ_ERR_SUCCESS},
        {"c", "press-7", "wrong", MOSQ_ERR_AUTH},
        {"c", "press-7", "", MOSQ_ERR_AUTH},
        {"c", "press-7", null, MOSQ_ERR_AUTH},
        {"c", "retired", "sesame", MOSQ_ERR_AUTH},
        {"c", "stranger", "sesame", MOSQ_ERR_AUTH},
        {"c", "stranger", null, MOSQ_ERR_AUTH},
        {"c", null, "sesame", MOSQ_ERR_AUTH},
        {"c", null, null, MOSQ_ERR_AUTH},
        {"c", "", "", MOSQ_ERR_AUTH},
        {"c", "#", "sesame", MOSQ_ERR_AUTH},
        {"#", "press-7", "sesame", MOSQ_ERR_AUTH},
        {"a/+", "press-7", "sesame", MOSQ_ERR_AUTH},
        {"a\nb", "press-7", "sesame", MOSQ_ERR_AUTH},
        {null, "stranger", "sesame", MOSQ_ERR_AUTH},
        {null, null, null, MOSQ_ERR_AUTH},
        {"c", std::string(65536, 'u'), "sesame", MOSQ_ERR_AUTH},
        {"c", "press-7", std::string(65536, 'p'), MOSQ_ERR_AUTH},
    };
    for (const Row& row : rows) {
        for (const int version : {3, 4, 5}) {
            mosquitto client{
                .id = row.id, .username = row.username, .protocol_version = version};
            CAPTURE(row.id.value_or("null"), row.username.value_or("null"), version);
            CHECK(plugin.log_in(client, row.password) == row.result);
            plugin.disconnect(client);
        }
    }
}

TEST_CASE("a connection without an address satisfies no network", "[plugin][tables]") {
    Plant plant;
    plant.database().sql("SELECT mqtt_auth.create_client('near', secret => '" +
                         std::string(sesame_secret) + "', networks => '{10.1.0.0/16}')");
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto client = connection_of("near");
    for (const auto& [address, result] :
         {std::pair<std::optional<std::string>, int>{"10.1.2.3", MOSQ_ERR_SUCCESS},
          {"10.2.2.3", MOSQ_ERR_AUTH},
          {"somewhere", MOSQ_ERR_AUTH},
          {"", MOSQ_ERR_AUTH},
          {null, MOSQ_ERR_AUTH}}) {
        CAPTURE(address.value_or("null"));
        client.address = address;
        CHECK(plugin.log_in(client, "sesame") == result);
    }
}

TEST_CASE("a nameless connection comes in only where a group is named for it",
          "[plugin][tables]") {
    Plant plant;
    for (const auto& [group, result] : {std::pair<std::string, int>{"guests", MOSQ_ERR_SUCCESS},
                                        {"no such group", MOSQ_ERR_AUTH}}) {
        LoadedPlugin plugin(plant.options({{"authentication_anonymous_group", group}}));
        REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
        mosquitto client{.id = "a"};
        CHECK(plugin.log_in(client, null) == result);
        CHECK((plugin.read(client, "news") == MOSQ_ERR_SUCCESS) ==
              (result == MOSQ_ERR_SUCCESS));
        CHECK(plugin.read(client, "plant/1") == MOSQ_ERR_ACL_DENIED);
    }
}

TEST_CASE("who is unknown is handed on where the configuration says so, and its checks too",
          "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options({{"authentication_unknown", "defer"}}));
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto stranger = connection_of("stranger");
    CHECK(plugin.log_in(stranger, "whatever") == MOSQ_ERR_PLUGIN_DEFER);
    CHECK(plugin.write(stranger, "a") == MOSQ_ERR_PLUGIN_DEFER);
    CHECK(plugin.subscribe(stranger, "#") == MOSQ_ERR_PLUGIN_DEFER);
    CHECK(plugin.read(stranger, "a") == MOSQ_ERR_PLUGIN_DEFER);

    mosquitto known = connection_of("retired");
    CHECK(plugin.log_in(known, "sesame") == MOSQ_ERR_AUTH);
    CHECK(plugin.write(known, "a") == MOSQ_ERR_ACL_DENIED);
    mosquitto nameless{.id = "a"};
    CHECK(plugin.log_in(nameless, null) == MOSQ_ERR_AUTH);
    CHECK(plugin.write(nameless, "a") == MOSQ_ERR_ACL_DENIED);
}

TEST_CASE("who finds its client id in use by another client may try again",
          "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto first{.id = "shared", .username = "press-7"};
    REQUIRE(plugin.log_in(first, "sesame") == MOSQ_ERR_SUCCESS);
    mosquitto elsewhere{.id = "elsewhere", .username = "press-8"};
    REQUIRE(plugin.log_in(elsewhere, "sesame") == MOSQ_ERR_SUCCESS);  // remembered
    for (const int version : {4, 5}) {
        mosquitto other{.id = "shared", .username = "press-8", .protocol_version = version};
        CHECK(plugin.log_in(other, "sesame") ==
              (is_2_1() && version == 5 ? server_unavailable : MOSQ_ERR_UNKNOWN));
        CHECK(plugin.log_in(other, "wrong") == MOSQ_ERR_AUTH);
    }
    CHECK(plugin.write(first, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a replica that is too old lets nobody in, and throws nobody out",
          "[plugin][tables]") {
    Plant plant;
    LoadedPlugin plugin(
        plant.options({{"replica_max_age", "1s"}, {"database_poll_interval", "100ms"}}));
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto client = connection_of("press-7");
    REQUIRE(plugin.log_in(client, "sesame") == MOSQ_ERR_SUCCESS);

    SqlSession other = plant.database().superuser();
    other.sql("BEGIN; LOCK TABLE mqtt_auth.changes IN ACCESS EXCLUSIVE MODE");
    mosquitto late{.id = "late", .username = "press-8", .protocol_version = 5};
    REQUIRE(eventually([&] {
        return plugin.log_in(late, "sesame") ==
               (is_2_1() ? server_unavailable : MOSQ_ERR_UNKNOWN);
    }));
    CHECK(plugin.write(client, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    other.sql("COMMIT");
    CHECK(eventually([&] { return plugin.log_in(late, "sesame") == MOSQ_ERR_SUCCESS; }));
}
