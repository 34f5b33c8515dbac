#include "authn/scram_offer.hpp"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "password/base64.hpp"
#include "support/catch.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::quick_secret;
using pgauth::test::Tables;

namespace {

constexpr Instant now{std::chrono::seconds(1'750'000'000)};

const ScramDecoy& decoy() {
    static const ScramDecoy decoy;
    return decoy;
}

// The text of a verifier; `key` tells one from another of the same salt.
std::string verifier(std::string_view salt, std::string_view iterations, char key) {
    const std::vector<std::uint8_t> bytes(32, static_cast<std::uint8_t>(key));
    return "SCRAM-SHA-256$" + std::string(iterations) + ":" + std::string(salt) + "$" +
           encode_base64(bytes) + ":" + encode_base64(bytes);
}

constexpr std::string_view salt = "MDEyMzQ1Njc4OWFiY2RlZg==";
constexpr std::string_view other_salt = "YW5vdGhlciBzYWx0IDE2Lg==";

Tables& add(Tables& tables, std::string_view username, std::string_view secret) {
    return tables.credential({.username = username, .method = "password", .secret = secret});
}

ScramOffer offer_to(const Replica& replica,
                    std::string_view username,
                    const AuthnOptions& options = {}) {
    LoginAttempt attempt;
    attempt.client_id = "a";
    attempt.username = username;
    return scram_offer(replica, options, attempt, decoy(), now);
}

}  // namespace

TEST_CASE("the newest verifier is offered, and with it those that are challenged alike",
          "[authn][scram]") {
    Tables tables;
    tables.client({.username = "press-7"});
    const std::string oldest = verifier(salt, "10", 'a');
    const std::string more_iterations = verifier(salt, "11", 'b');
    const std::string other = verifier(other_salt, "10", 'c');
    const std::string newest = verifier(salt, "10", 'd');
    for (const std::string& secret :
         {oldest, more_iterations, quick_secret("s3cret"), other, newest}) {
        add(tables, "press-7", secret);
    }
    const ScramOffer offer = offer_to(*tables.load(), "press-7");
    CHECK(offer.secrets == std::vector{newest, oldest});
    REQUIRE(offer.verifiers.size() == 2);
    CHECK(offer.verifiers[0].stored_key[0] == 'd');
    CHECK(offer.verifiers[1].stored_key[0] == 'a');
    CHECK(offer.verifiers[0].iterations == 10);
    CHECK(offer.verifiers[0].salt == offer.verifiers[1].salt);
}

TEST_CASE("a verifier outside its window is not offered", "[authn][scram]") {
    Tables tables;
    tables.client({.username = "press-7"});
    const std::string live = verifier(salt, "10", 'a');
    const std::string expired = verifier(other_salt, "10", 'b');
    add(tables, "press-7", live);
    tables.credential({.username = "press-7",
                       .method = "password",
                       .secret = expired,
                       .valid_until = "1749999999"});
    CHECK(offer_to(*tables.load(), "press-7").secrets == std::vector{live});
}

TEST_CASE("who has no verifier is offered a decoy of the commonest cost", "[authn][scram]") {
    Tables tables;
    const std::string common = verifier("c2hvcnQgc2FsdA==", "7000", 'a');
    const std::string rare = verifier(salt, "10", 'b');
    for (const std::string_view username : {"a", "b", "c", "by-password"}) {
        tables.client({.username = username});
    }
    add(tables, "a", common);
    add(tables, "b", common);
    add(tables, "c", rare);
    add(tables, "by-password", quick_secret("s3cret"));
    const auto replica = tables.load();
    for (const std::string_view username : {"nobody", "by-password"}) {
        const ScramOffer offer = offer_to(*replica, username);
        REQUIRE(offer.verifiers.size() == 1);
        CHECK(offer.verifiers[0].iterations == 7000);
        CHECK(offer.verifiers[0].salt.size() == 10);
        CHECK(offer.secrets == std::vector{std::string()});
    }
    CHECK(offer_to(*replica, "nobody").verifiers[0].salt !=
          offer_to(*replica, "by-password").verifiers[0].salt);
}

TEST_CASE("where nobody has a verifier, what PostgreSQL makes is shown", "[authn][scram]") {
    Tables tables;
    const ScramOffer offer = offer_to(*tables.load(), "nobody");
    REQUIRE(offer.verifiers.size() == 1);
    CHECK(offer.verifiers[0].iterations == 4096);
    CHECK(offer.verifiers[0].salt.size() == 16);
}

TEST_CASE("unknown usernames are handed on where that is the rule, and known ones never",
          "[authn][scram]") {
    Tables tables;
    tables.client_with_password("press-7", "s3cret");
    const auto replica = tables.load();
    AuthnOptions options;
    options.unknown = UnknownUsers::defer;
    CHECK(offer_to(*replica, "nobody", options).handed_on);
    CHECK_FALSE(offer_to(*replica, "press-7", options).handed_on);
    options.methods = {Method::certificate};
    CHECK(offer_to(*replica, "press-7", options).handed_on);
}
