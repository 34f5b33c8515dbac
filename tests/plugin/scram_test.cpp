#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/made_certificate.hpp"
#include "support/plant.hpp"
#include "support/scram_client.hpp"

using namespace pgauth::testing;
using pgauth::test::make_certificate;
using pgauth::test::ScramClient;

namespace {

const std::optional<std::string> null;
constexpr const char* scram = "SCRAM-SHA-256";

// "sesame", "changed" with the same salt, and "changed" with another.
constexpr const char* sesame =
    "SCRAM-SHA-256$10:MDEyMzQ1Njc4OWFiY2RlZg==$AjT989/TpsF9gOMbX+4Tvc9tpEOukZKVpULARxvurws=:"
    "CG9EJTV9mXeorPY+BlPWUwSVd5tJVyuHG5bfsnH1rx8=";
constexpr const char* changed_alike =
    "SCRAM-SHA-256$10:MDEyMzQ1Njc4OWFiY2RlZg==$TXAeEzguvqb5wFCLlBQewui9b9wCGqk8vBbiuunpiZU=:E+"
    "zE1jIws1/nrf6Efz3LJSQ74qwDiaWNlId4zSsSWzc=";
constexpr const char* changed =
    "SCRAM-SHA-256$10:YW5vdGhlciBzYWx0IDE2Lg==$E7WeNlBJN2HAm/rEzQIqY9jWylhFbqTiST0MB0SVMSw=:"
    "nUVU/xVraL9515Ks0CkIt0F3LfkWdp+8qERSyzGEaoc=";

// press-7, press-8 and retired have a verifier of "sesame"; the others have what a plant gives
// them.
struct Running {
    Plant plant;
    LoadedPlugin plugin;

    explicit Running(const PluginOptions& more = {})
        : plugin((prepare(plant), plant.options(more))) {
        REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    }

    static void prepare(Plant& plant) {
        plant.database().sql(std::string("UPDATE mqtt_auth.credentials SET secret = '") +
                             sesame + "' WHERE username IN ('press-7', 'press-8', 'retired')");
    }

    void sql(const std::string& text) {
        plant.database().sql(text);
        plant.until_seen(plugin);
    }

    void add_secret(const std::string& username, const char* secret) {
        sql("INSERT INTO mqtt_auth.credentials (username, method, secret) VALUES ('" +
            username + "', 'password', '" + secret + "')");
    }

    int start(mosquitto& client, const ScramClient& scram_client) {
        return plugin.start_authentication(client, scram, scram_client.first());
    }

    // What the whole conversation comes to.
    int authenticate(mosquitto& client, ScramClient scram_client) {
        const int started = start(client, scram_client);
        if (started != MOSQ_ERR_AUTH_CONTINUE) {
            CHECK(plugin.authentication().empty());
            return started;
        }
        const int result = plugin.continue_authentication(
            client, scram, scram_client.answer(plugin.authentication()));
        CHECK((result == MOSQ_ERR_SUCCESS
                   ? scram_client.is_right_server(plugin.authentication())
                   : plugin.authentication().empty()));
        return result;
    }

    int authenticate(mosquitto& client, const std::string& password = "sesame") {
        return authenticate(client, ScramClient(client.username.value_or(""), password));
    }

    [[nodiscard]] bool is_in(mosquitto& client, const std::string& username) {
        return plugin.write(client, ("plant/" + username + "/state").c_str()) ==
               MOSQ_ERR_SUCCESS;
    }
};

mosquitto nameless_connection(const std::string& id = "a") {
    return {.id = id, .protocol_version = 5};
}

mosquitto connection_5(const std::string& username) {
    return {.id = username, .username = username, .protocol_version = 5};
}

}  // namespace

TEST_CASE("a client that proves its password is let in under the name in its messages",
          "[plugin][tables][scram]") {
    Running running;
    for (const std::optional<std::string>& username : {null, {"press-7"}}) {
        mosquitto press{.id = "a", .username = username, .protocol_version = 5};
        CHECK(running.authenticate(press, ScramClient("press-7", "sesame")) ==
              MOSQ_ERR_SUCCESS);
        CHECK(press.username == "press-7");
        CHECK(running.is_in(press, "press-7"));
        CHECK_FALSE(running.is_in(press, "press-8"));
        running.plugin.disconnect(press);
    }
}

TEST_CASE("the same secret lets a client in by its password", "[plugin][tables][scram]") {
    Running running;
    mosquitto press = connection_of("press-7");
    CHECK(running.plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.log_in(press, "wrong") == MOSQ_ERR_AUTH);
}

TEST_CASE("whoever fails is challenged and refused like a wrong password",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = nameless_connection();
    for (const auto& [username, password] :
         std::vector<std::pair<std::string, std::string>>{{"press-7", "wrong"},
                                                          {"nobody", "sesame"},
                                                          {"retired", "sesame"},
                                                          {"boss", "sesame"},
                                                          {"press-#", "sesame"}}) {
        INFO(username);
        std::string salt;
        for (int i = 0; i < 2; ++i) {
            ScramClient client(username, password);
            CHECK(running.start(press, client) == MOSQ_ERR_AUTH_CONTINUE);
            const std::string challenge = running.plugin.authentication();
            const std::string shown = challenge.substr(challenge.find(",s="));
            CHECK(shown.size() == std::string(",s=MDEyMzQ1Njc4OWFiY2RlZg==,i=10").size());
            CHECK(shown.ends_with("==,i=10"));
            CHECK((salt.empty() || salt == shown));
            salt = shown;
            CHECK(running.plugin.continue_authentication(
                      press, scram, client.answer(challenge)) == MOSQ_ERR_AUTH);
            CHECK(running.plugin.authentication().empty());
        }
        CHECK_FALSE(press.username.has_value());
    }
    for (const char* reason : {"wrong password",
                               "no client has this username",
                               "the client is disabled",
                               "no live password of the kind SCRAM-SHA-256",
                               "may not hold"}) {
        INFO(broker_log().text());
        CHECK(broker_log().count(reason) == 2);
    }
}

TEST_CASE("what is no SCRAM, or not what is offered, is refused at once",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = nameless_connection();
    for (const std::string message : {"",
                                      "press-7",
                                      "n,,n=press-7",
                                      "n,,m=x,n=press-7,r=abc",
                                      "p=tls-unique,,n=press-7,r=abc",
                                      "n,a=boss,n=press-7,r=abc"}) {
        INFO(message);
        CHECK(running.plugin.start_authentication(press, scram, message) == MOSQ_ERR_AUTH);
        CHECK(running.plugin.continue_authentication(press, scram, message) == MOSQ_ERR_AUTH);
    }
    ScramClient client("press-7", "sesame");
    CHECK(running.start(press, client) == MOSQ_ERR_AUTH_CONTINUE);
    CHECK(running.plugin.continue_authentication(press, scram, "") == MOSQ_ERR_AUTH);
}

TEST_CASE("other methods are the next plugin's", "[plugin][tables][scram]") {
    Running running;
    mosquitto press = nameless_connection();
    const std::string first = ScramClient("press-7", "sesame").first();
    for (const char* method : {"SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "scram-sha-256", ""}) {
        CHECK(running.plugin.start_authentication(press, method, first) ==
              MOSQ_ERR_PLUGIN_DEFER);
    }
    // One that another plugin has begun.
    CHECK(running.plugin.continue_authentication(press, "other", "x") == MOSQ_ERR_PLUGIN_DEFER);
}

TEST_CASE("where passwords are no method, or unknown usernames are another's, so is SCRAM",
          "[plugin][tables][scram]") {
    mosquitto press = nameless_connection();
    {
        Running running(PluginOptions{{"authentication_methods", "certificate"}});
        CHECK(running.authenticate(press, ScramClient("press-7", "sesame")) ==
              MOSQ_ERR_PLUGIN_DEFER);
    }
    Running running(PluginOptions{{"authentication_unknown", "defer"}});
    CHECK(running.authenticate(press, ScramClient("nobody", "sesame")) ==
          MOSQ_ERR_PLUGIN_DEFER);
    CHECK(running.authenticate(press, ScramClient("press-7", "wrong")) == MOSQ_ERR_AUTH);
    CHECK(running.authenticate(press, ScramClient("press-7", "sesame")) == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a username beside the one in the messages must be the same",
          "[plugin][tables][scram]") {
    Running running;
    for (const std::string username : {"press-8", "nobody", ""}) {
        mosquitto press{.id = "a", .username = username, .protocol_version = 5};
        CHECK(running.authenticate(press, ScramClient("press-7", "sesame")) == MOSQ_ERR_AUTH);
    }
    CHECK(broker_log().count("not the one that it has") == 3);
}

TEST_CASE("a client id in use by another client is told to try again, once it is proved",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto holder{.id = "a", .username = "press-8", .protocol_version = 5};
    REQUIRE(running.authenticate(holder) == MOSQ_ERR_SUCCESS);
    mosquitto press = nameless_connection();
    CHECK(running.authenticate(press, ScramClient("press-7", "wrong")) == MOSQ_ERR_AUTH);
    CHECK(running.authenticate(press, ScramClient("press-7", "sesame")) ==
          (is_2_1() ? server_unavailable : MOSQ_ERR_UNKNOWN));
    CHECK(running.is_in(holder, "press-8"));
}

TEST_CASE("of several verifiers the newest counts, and those that share its salt",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = connection_5("press-7");
    running.add_secret("press-7", changed_alike);
    CHECK(running.authenticate(press, "sesame") == MOSQ_ERR_SUCCESS);
    CHECK(running.authenticate(press, "changed") == MOSQ_ERR_SUCCESS);
    running.add_secret("press-8", changed);
    mosquitto other = connection_5("press-8");
    CHECK(running.authenticate(other, "sesame") == MOSQ_ERR_AUTH);
    CHECK(running.authenticate(other, "changed") == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a secret that goes during the conversation lets nobody in",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = connection_5("press-7");
    ScramClient client("press-7", "sesame");
    CHECK(running.start(press, client) == MOSQ_ERR_AUTH_CONTINUE);
    const std::string challenge = running.plugin.authentication();
    running.sql("DELETE FROM mqtt_auth.credentials WHERE username = 'press-7'");
    CHECK(running.plugin.continue_authentication(press, scram, client.answer(challenge)) ==
          MOSQ_ERR_AUTH);
    CHECK(broker_log().count("no live credential of an enabled method") == 1);
}

TEST_CASE("SCRAM shows a password, and no more than that", "[plugin][tables][scram]") {
    Running running;
    running.sql(
        "SELECT mqtt_auth.grant_certificate('press-7');"
        "UPDATE mqtt_auth.clients SET required_methods = '{password, certificate}' "
        "WHERE username = 'press-7'");
    const std::string certificate = make_certificate({.subject = {{"CN", "press-7"}}});
    mosquitto press = connection_5("press-7");
    CHECK(running.authenticate(press) == MOSQ_ERR_AUTH);
    press.certificate = certificate;
    CHECK(running.authenticate(press, "wrong") == MOSQ_ERR_AUTH);
    CHECK(running.authenticate(press) == MOSQ_ERR_SUCCESS);

    // A certificate that would do by itself does not make up for a wrong proof.
    running.sql("UPDATE mqtt_auth.clients SET required_methods = '{}'");
    mosquitto second{.id = "b", .protocol_version = 5, .certificate = certificate};
    CHECK(running.authenticate(second, ScramClient("press-7", "wrong")) == MOSQ_ERR_AUTH);
    CHECK(running.authenticate(second, ScramClient("press-8", "sesame")) == MOSQ_ERR_AUTH);
    CHECK(running.authenticate(second, ScramClient("press-7", "sesame")) == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a live connection that authenticates again keeps its session",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = connection_5("press-7");
    REQUIRE(running.authenticate(press) == MOSQ_ERR_SUCCESS);
    running.add_secret("press-7", changed);
    CHECK(running.is_in(press, "press-7"));
    CHECK(running.authenticate(press, "changed") == MOSQ_ERR_SUCCESS);
    CHECK(running.is_in(press, "press-7"));
    running.plugin.tick();
    CHECK(take_kicks().empty());
}

TEST_CASE("a live connection that fails to authenticate again is refused",
          "[plugin][tables][scram]") {
    Running running;
    const auto another_client = ScramClient("press-8", "sesame");
    const auto wrong_password = ScramClient("press-7", "wrong");
    for (const ScramClient& attempt : {another_client, wrong_password}) {
        mosquitto press = connection_5("press-7");
        REQUIRE(running.authenticate(press) == MOSQ_ERR_SUCCESS);
        CHECK(running.authenticate(press, attempt) == MOSQ_ERR_AUTH);
        CHECK(press.username == "press-7");
        running.plugin.disconnect(press);
    }
}

TEST_CASE("a proof holds only for the connection that it was asked of",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = nameless_connection();
    mosquitto other = nameless_connection("b");
    ScramClient client("press-7", "sesame");
    CHECK(running.start(press, client) == MOSQ_ERR_AUTH_CONTINUE);
    const std::string answer = client.answer(running.plugin.authentication());
    CHECK(running.start(other, client) == MOSQ_ERR_AUTH_CONTINUE);
    CHECK(running.plugin.continue_authentication(other, scram, answer) == MOSQ_ERR_AUTH);
    CHECK(running.plugin.continue_authentication(press, scram, answer) == MOSQ_ERR_SUCCESS);

    // Nor a second time, nor after the connection has ended.
    CHECK(running.start(other, client) == MOSQ_ERR_AUTH_CONTINUE);
    CHECK(running.plugin.continue_authentication(other, scram, answer) == MOSQ_ERR_AUTH);
    CHECK(running.start(other, client) == MOSQ_ERR_AUTH_CONTINUE);
    const std::string late = client.answer(running.plugin.authentication());
    running.plugin.disconnect(other);
    CHECK(running.plugin.continue_authentication(other, scram, late) == MOSQ_ERR_PLUGIN_DEFER);
}

// A refusal would make the broker forget the client id of a connection that it goes on finding
// by that id.
TEST_CASE("a live connection that is out of turn is answered, and thrown off",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = connection_5("press-7");
    REQUIRE(running.authenticate(press) == MOSQ_ERR_SUCCESS);
    for (int i = 0; i < 2; ++i) {
        CHECK(running.plugin.continue_authentication(press, scram, "") ==
              MOSQ_ERR_AUTH_CONTINUE);
        CHECK(running.plugin.authentication().empty());
    }
    CHECK(take_kicks().empty());
    running.plugin.tick();
    CHECK(take_kicks().front() == "press-7");
}

TEST_CASE("a 2.0 broker finds no client id on a connection that never authenticated",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto stranger = nameless_connection("press-7");
    CHECK(running.start(stranger, ScramClient("press-7", "guessed")) == MOSQ_ERR_AUTH_CONTINUE);
    running.plugin.disconnect(stranger);
    CHECK((stranger.id->front() == '\0') == !is_2_1());

    // But it does on every other.
    mosquitto press = connection_5("press-7");
    REQUIRE(running.authenticate(press) == MOSQ_ERR_SUCCESS);
    running.plugin.reload();
    CHECK(running.plugin.log_in(press, null) == MOSQ_ERR_SUCCESS);
    running.plugin.tick();
    CHECK(running.start(press, ScramClient("press-7", "sesame")) == MOSQ_ERR_AUTH_CONTINUE);
    running.plugin.disconnect(press);
    CHECK(press.id == "press-7");
    mosquitto by_password = connection_of("press-8");
    CHECK(running.start(by_password, ScramClient("press-8", "sesame")) ==
          MOSQ_ERR_AUTH_CONTINUE);
    CHECK(running.plugin.log_in(by_password, "wrong") == MOSQ_ERR_AUTH);
    running.plugin.disconnect(by_password);
    CHECK(by_password.id == "press-8");
}

TEST_CASE("whoever came by SCRAM stays in over a reload, and may authenticate again",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = nameless_connection();
    REQUIRE(running.authenticate(press, ScramClient("press-7", "sesame")) == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.reload() == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.log_in(press, null) == MOSQ_ERR_SUCCESS);
    running.plugin.tick();
    CHECK(running.is_in(press, "press-7"));
    CHECK(running.authenticate(press) == MOSQ_ERR_SUCCESS);
    CHECK(running.plugin.continue_authentication(press, scram, "") == MOSQ_ERR_AUTH_CONTINUE);
}

TEST_CASE("with immediate changes, who loses the secret that it proved is thrown off",
          "[plugin][tables][scram]") {
    Running running(PluginOptions{{"sessions_apply_changes", "immediately"}});
    mosquitto press = connection_5("press-7");
    mosquitto again = connection_5("press-8");
    REQUIRE(running.authenticate(press) == MOSQ_ERR_SUCCESS);
    REQUIRE(running.authenticate(again) == MOSQ_ERR_SUCCESS);
    running.sql(std::string("INSERT INTO mqtt_auth.credentials (username, method, secret) "
                            "SELECT unnest(ARRAY['press-7', 'press-8']), 'password', '") +
                changed + "'");
    CHECK(running.authenticate(again, "changed") == MOSQ_ERR_SUCCESS);
    running.sql(std::string("DELETE FROM mqtt_auth.credentials WHERE secret = '") + sesame +
                "'");
    running.plugin.tick();
    CHECK_FALSE(running.is_in(press, "press-7"));
    CHECK(running.is_in(again, "press-8"));
    CHECK(take_kicks() == std::vector<std::string>{"press-7"});
}

TEST_CASE("the will of a connection that never finished is nobody's",
          "[plugin][tables][scram]") {
    Running running;
    mosquitto press = connection_5("press-7");
    REQUIRE(running.authenticate(press) == MOSQ_ERR_SUCCESS);
    mosquitto stranger = connection_5("press-7");
    CHECK(running.start(stranger, ScramClient("press-7", "guessed")) == MOSQ_ERR_AUTH_CONTINUE);
    running.plugin.disconnect(stranger);
    CHECK_FALSE(running.is_in(stranger, "press-7"));
    CHECK(running.is_in(press, "press-7"));
}

TEST_CASE("before anything is loaded a SCRAM client is told to try again", "[plugin]") {
    LoadedPlugin plugin(
        {{"database_connection", "host=127.0.0.1 port=1"}, {"replica_start_wait", "0s"}});
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto press = nameless_connection();
    CHECK(plugin.start_authentication(press, scram, ScramClient("press-7", "sesame").first()) ==
          (is_2_1() ? server_unavailable : MOSQ_ERR_UNKNOWN));
}
