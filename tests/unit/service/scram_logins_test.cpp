#include "service/scram_logins.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "support/catch.hpp"
#include "support/scram_client.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::ScramClient;
using pgauth::test::Tables;
using std::chrono::milliseconds;

namespace {

// "sesame"
constexpr std::string_view secret =
    "SCRAM-SHA-256$10:MDEyMzQ1Njc4OWFiY2RlZg==$AjT989/TpsF9gOMbX+4Tvc9tpEOukZKVpULARxvurws=:"
    "CG9EJTV9mXeorPY+BlPWUwSVd5tJVyuHG5bfsnH1rx8=";

// Connections are told apart by where they are: one for each character.
struct Place {
    std::array<char, ScramLogins::max_pending + 10> connections{};
    SteadyInstant now{std::chrono::hours(1)};
    View view;
    ScramDecoy decoy;
    ScramLogins logins{decoy};
    ScramClient client{"press-7", "sesame"};
    PasswordChecks checks{PasswordOptions{}};

    Place() {
        Tables tables;
        tables.client({.username = "press-7"})
            .credential({.username = "press-7", .method = "password", .secret = secret});
        view.replica = tables.load();
        view.options = std::make_shared<const Options>();
    }

    [[nodiscard]] LoginRequest request(std::size_t connection) const {
        LoginRequest request;
        request.client_id = "a";
        request.address = "10.1.2.3";
        request.connection = &connections.at(connection);
        return request;
    }

    std::string begin(std::size_t connection) {
        const ScramStep step = logins.begin(view, request(connection), client.first(), now);
        REQUIRE_FALSE(step.decision.has_value());
        return step.message;
    }

    // REQUIRES: `challenge` is what the client was sent last.
    LoginDecision conclude(std::size_t connection, const std::string& challenge) {
        return *logins
                    .conclude(view,
                              request(connection),
                              nullptr,
                              nullptr,
                              client.answer(challenge),
                              now,
                              checks)
                    .decision;
    }
};

}  // namespace

TEST_CASE("a login by SCRAM that is answered in time succeeds, and a late one does not",
          "[service][scram]") {
    Place place;
    std::string challenge = place.begin(0);
    CHECK(place.logins.has_not_succeeded(&place.connections[0]));
    place.now += ScramLogins::patience;
    CHECK(place.conclude(0, challenge).outcome == LoginOutcome::accepted);
    CHECK_FALSE(place.logins.has_not_succeeded(&place.connections[0]));
    challenge = place.begin(0);
    place.now += ScramLogins::patience + milliseconds(1);
    const LoginDecision late = place.conclude(0, challenge);
    CHECK(late.outcome == LoginOutcome::refused);
    CHECK(late.cause == LoginCause::no_conversation);
}

TEST_CASE("a proof can be given once", "[service][scram]") {
    Place place;
    const std::string challenge = place.begin(0);
    CHECK(place.conclude(0, challenge).outcome == LoginOutcome::accepted);
    CHECK(place.conclude(0, challenge).cause == LoginCause::no_conversation);
}

TEST_CASE(
    "past the bound the oldest login is forgotten, and those that are concluded do not "
    "count",
    "[service][scram]") {
    Place place;
    const std::string first = place.begin(0);
    const std::string second = place.begin(1);
    for (std::size_t i = 2; i < ScramLogins::max_pending; ++i) {
        place.begin(i);
    }
    // Full: each that is concluded makes room for one.
    std::string newest = place.begin(ScramLogins::max_pending);
    CHECK(place.conclude(0, first).cause == LoginCause::no_conversation);
    CHECK(place.logins.has_not_succeeded(&place.connections[0]));
    CHECK(place.conclude(ScramLogins::max_pending, newest).outcome == LoginOutcome::accepted);
    newest = place.begin(ScramLogins::max_pending + 1);
    CHECK(place.conclude(1, second).outcome == LoginOutcome::accepted);
    place.logins.forget(&place.connections[2]);
    CHECK_FALSE(place.logins.has_begun(&place.connections[2]));
    CHECK(place.conclude(ScramLogins::max_pending + 1, newest).outcome ==
          LoginOutcome::accepted);
}

TEST_CASE("a connection that begins again is asked anew", "[service][scram]") {
    Place place;
    const std::string before = place.begin(0);
    const std::string challenge = place.begin(0);
    CHECK(before != challenge);
    CHECK(place.conclude(0, before).cause == LoginCause::bad_scram_message);
    CHECK(place.conclude(0, challenge).cause == LoginCause::no_conversation);
}

TEST_CASE("an answer under another client id is refused", "[service][scram]") {
    Place place;
    const std::string challenge = place.begin(0);
    LoginRequest request = place.request(0);
    request.client_id = "b";
    const ScramStep step = place.logins.conclude(place.view,
                                                 request,
                                                 nullptr,
                                                 nullptr,
                                                 place.client.answer(challenge),
                                                 place.now,
                                                 place.checks);
    CHECK(step.decision->cause == LoginCause::no_conversation);
}

TEST_CASE("wrong proofs run out as wrong passwords do", "[service][scram]") {
    Place place;
    const ScramClient owner = place.client;
    place.client = ScramClient("press-7", "open");
    for (unsigned i = 0; i < AttemptOptions{}.per_client; ++i) {
        CHECK(place.conclude(0, place.begin(0)).cause == LoginCause::wrong_password);
    }
    place.client = owner;
    const LoginDecision decision = place.conclude(0, place.begin(0));
    CHECK(decision.outcome == LoginOutcome::try_again);
    CHECK(decision.cause == LoginCause::too_many_attempts);
}
