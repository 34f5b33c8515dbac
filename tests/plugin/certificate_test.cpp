#include <string>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/made_certificate.hpp"
#include "support/plant.hpp"

using namespace pgauth::testing;
using pgauth::test::make_certificate;

namespace {

const std::optional<std::string> null;
constexpr const char* key = "00112233445566778899aabbccddeeff";

std::string certificate_of(const std::string& common_name) {
    return make_certificate({.subject = {{"CN", common_name}}});
}

// press-7 may also come with a certificate or a key; psk is a method of this broker.
struct Running {
    Plant plant;
    LoadedPlugin plugin;

    Running()
        : plugin((prepare(plant),
                  plant.options({{"authentication_methods", "password, certificate, psk"}}))) {
        REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    }

    static void prepare(Plant& plant) {
        plant.database().sql(
            std::string("SELECT mqtt_auth.grant_certificate('press-7');"
                        "INSERT INTO mqtt_auth.credentials (username, method, secret) "
                        "VALUES ('press-7', 'psk', 'psk:") +
            key + "')");
    }
};

}  // namespace

TEST_CASE("a certificate says who it is, and the broker is told its username",
          "[plugin][tables]") {
    Running running;
    for (const auto& username :
         {null, {"press-7"}, {"a name that nobody has and that is long"}}) {
        mosquitto press{
            .id = "a", .username = username, .certificate = certificate_of("press-7")};
        CHECK(running.plugin.log_in(press, null) == MOSQ_ERR_SUCCESS);
        CHECK(press.username == "press-7");
        CHECK(running.plugin.write(press, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
        CHECK(running.plugin.write(press, "plant/press-8/state") == MOSQ_ERR_ACL_DENIED);
        running.plugin.disconnect(press);
    }
}

TEST_CASE("a certificate that identifies nobody opens nothing, and renames nobody",
          "[plugin][tables]") {
    Running running;
    for (const std::string& der : {certificate_of("stranger"),
                                   certificate_of("press-8"),
                                   certificate_of("retired"),
                                   certificate_of("#"),
                                   std::string("no certificate")}) {
        mosquitto client{.id = "a", .certificate = der};
        CHECK(running.plugin.log_in(client, null) == MOSQ_ERR_AUTH);
        CHECK(client.username == null);
        client.username = "press-8";
        CHECK(running.plugin.log_in(client, "wrong") == MOSQ_ERR_AUTH);
        CHECK(running.plugin.log_in(client, "sesame") == MOSQ_ERR_SUCCESS);
        CHECK(client.username == "press-8");
        running.plugin.disconnect(client);
    }
}

TEST_CASE("a certificate beside another client's name is refused", "[plugin][tables]") {
    Running running;
    mosquitto client{
        .id = "a", .username = "press-8", .certificate = certificate_of("press-7")};
    CHECK(running.plugin.log_in(client, "sesame") == MOSQ_ERR_AUTH);
    CHECK(client.username == "press-8");
}

TEST_CASE("who was let in unasked is judged at its first check, and thrown off on a tick",
          "[plugin][tables]") {
    // As on a listener with use_identity_as_username.
    Running running;
    mosquitto good{.id = "a", .username = "press-7", .certificate = certificate_of("press-7")};
    CHECK(running.plugin.write(good, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
    mosquitto bad{.id = "b", .username = "retired", .certificate = certificate_of("retired")};
    CHECK(running.plugin.write(bad, "plant/retired/state") == MOSQ_ERR_ACL_DENIED);
    CHECK(running.plugin.read(bad, "news") == MOSQ_ERR_ACL_DENIED);
    CHECK(take_kicks().empty());
    running.plugin.tick();
    // A 2.0 broker would raise a disconnect with a freed connection.
    CHECK(take_kicks() ==
          (is_2_1() ? std::vector<std::string>{"b"} : std::vector<std::string>()));
    running.plugin.tick();
    CHECK(take_kicks().empty());
}

TEST_CASE("who is thrown off unasked takes no subscription of the client id's owner along",
          "[plugin][tables]") {
    if (!is_2_1()) {
        return;
    }
    Running running;
    mosquitto thief{.id = "a", .username = "retired", .certificate = certificate_of("retired")};
    thief.clean_session = false;
    mosquitto gone = thief;
    gone.id = "gone";
    mosquitto other = thief;
    other.id = "other";
    REQUIRE(running.plugin.subscribe(thief, "news") == MOSQ_ERR_ACL_DENIED);
    REQUIRE(running.plugin.subscribe(gone, "news") == MOSQ_ERR_ACL_DENIED);
    running.plugin.go_offline(gone);
    {
        const KicksPlayed played([&](const std::string& id, bool with_will) {
            CHECK(id == "a");
            CHECK_FALSE(with_will);
            CHECK(running.plugin.subscribe(thief, "news") == MOSQ_ERR_SUCCESS);
            CHECK(running.plugin.read(thief, "news") == MOSQ_ERR_ACL_DENIED);
            CHECK(running.plugin.write(thief, "plant/all") == MOSQ_ERR_ACL_DENIED);
            CHECK(running.plugin.subscribe(other, "news") == MOSQ_ERR_ACL_DENIED);
            running.plugin.go_offline(thief);
        });
        running.plugin.tick();
    }
    CHECK(running.plugin.subscribe(thief, "news") == MOSQ_ERR_ACL_DENIED);
    CHECK(take_kicks() == std::vector<std::string>{"a"});
}

TEST_CASE("a pre-shared key is given to who may come in with it, and fits its place",
          "[plugin][tables]") {
    Running running;
    mosquitto nobody_yet{.address = "10.0.0.1"};
    CHECK(running.plugin.pre_shared_key(nobody_yet, "press-7") == key);
    CHECK(running.plugin.pre_shared_key(nobody_yet, "press-7", 33) == key);
    CHECK(running.plugin.pre_shared_key(nobody_yet, "press-7", 32) == null);
    CHECK(running.plugin.pre_shared_key(nobody_yet, "press-7", 0) == null);
    CHECK(running.plugin.pre_shared_key(nobody_yet, nullptr) == null);
    for (const char* identity : {"press-8", "stranger", "retired", "#", ""}) {
        // A key that nobody has: who may not come in looks like who has a wrong key.
        const auto given = running.plugin.pre_shared_key(nobody_yet, identity);
        REQUIRE(given);
        CHECK(given->size() == 64);
        CHECK(given != key);
        CHECK(given != running.plugin.pre_shared_key(nobody_yet, identity));
    }
    CHECK(broker_log().count(key) == 0);
}
