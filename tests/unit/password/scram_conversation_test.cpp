#include "password/scram_conversation.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "password/base64.hpp"
#include "password/scram_decoy.hpp"
#include "support/catch.hpp"
#include "support/scram_client.hpp"

using namespace pgauth;
using pgauth::test::ScramClient;

namespace {

// RFC 7677, section 3.
constexpr std::string_view example_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view example_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view example_challenge =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view example_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view example_success = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramVerifier verifier_of(std::string_view password,
                          std::string_view salt = "W22ZaJ0SNY7soEsUEjb6gQ==",
                          std::uint32_t iterations = 4096) {
    return ScramVerifier::derive(
               password, decode_base64(salt, Padding::required).value(), iterations)
        .value();
}

ScramChallenge challenge_of(std::string_view client_first,
                            const ScramVerifier& verifier,
                            std::string_view nonce = example_nonce) {
    return {ScramClientFirst::parse(client_first).value(),
            verifier.salt,
            verifier.iterations,
            nonce};
}

std::optional<ScramError> error_of(std::string_view client_first) {
    const auto parsed = ScramClientFirst::parse(client_first);
    return parsed ? std::nullopt : std::optional(parsed.error());
}

struct Case {
    std::string message;
    ScramError error;
};

}  // namespace

TEST_CASE("the example of RFC 7677 goes as it is written there", "[password][scram]") {
    const ScramVerifier verifier = verifier_of("pencil");
    const ScramChallenge challenge = challenge_of(example_first, verifier);
    CHECK(challenge.message() == example_challenge);
    const auto proof = challenge.check(example_final, {&verifier, 1});
    REQUIRE(proof.has_value());
    CHECK(proof->message == example_success);
    CHECK(proof->fitting == 0);
}

TEST_CASE("a proof is of the verifier whose password it was made with", "[password][scram]") {
    const std::vector<ScramVerifier> verifiers{
        verifier_of("brush"), verifier_of("pencil"), verifier_of("crayon")};
    const ScramChallenge challenge = challenge_of(example_first, verifiers[0]);
    const auto proof = challenge.check(example_final, verifiers);
    REQUIRE(proof.has_value());
    CHECK(proof->fitting == 1);
    CHECK(proof->message == example_success);
}

TEST_CASE("a proof of another password fits no verifier", "[password][scram]") {
    const std::vector<ScramVerifier> verifiers{verifier_of("brush"), verifier_of("crayon")};
    const auto proof =
        challenge_of(example_first, verifiers[0]).check(example_final, verifiers);
    CHECK((!proof && proof.error() == ScramError::invalid_proof));
    const auto none = challenge_of(example_first, verifiers[0]).check(example_final, {});
    CHECK((!none && none.error() == ScramError::invalid_proof));
}

TEST_CASE("a client that knows its password gets in, whatever its names", "[password][scram]") {
    const ScramVerifier verifier = verifier_of("s3cret", "c2FsdHNhbHQ=", 1);
    for (const std::string header : {"n,,", "y,,"}) {
        for (const std::string username : {"press-7", "Größe 7", "a,b=c", "=", ",", "0"}) {
            INFO(header << username);
            ScramClient client(username, "s3cret", header);
            const auto first = ScramClientFirst::parse(client.first());
            REQUIRE(first.has_value());
            CHECK(first->username == username);
            const ScramChallenge challenge(
                *first, verifier.salt, verifier.iterations, make_scram_nonce());
            const auto proof =
                challenge.check(client.answer(challenge.message()), {&verifier, 1});
            REQUIRE(proof.has_value());
            CHECK(client.is_right_server(proof->message));
        }
    }
}

TEST_CASE("a username may be repeated as the one to act as, and no other",
          "[password][scram]") {
    CHECK_FALSE(error_of("n,a=user,n=user,r=abc"));
    CHECK_FALSE(error_of("n,a=a=2Cb,n=a=2Cb,r=abc"));
    CHECK(error_of("n,a=root,n=user,r=abc") == ScramError::other_error);
    CHECK(error_of("n,a=,n=user,r=abc") == ScramError::other_error);
    CHECK(error_of("n,user,n=user,r=abc") == ScramError::other_error);
    const auto first = ScramClientFirst::parse("n,a=user,n=user,r=abc");
    REQUIRE(first.has_value());
    CHECK(first->gs2_header == "n,a=user,");
    CHECK(first->bare == "n=user,r=abc");
    CHECK(first->nonce == "abc");
}

TEST_CASE("extensions are ignored, but for those that must be understood",
          "[password][scram]") {
    CHECK_FALSE(error_of("n,,n=user,r=abc,x=anything,y=1"));
    CHECK(error_of("n,,m=must,n=user,r=abc") == ScramError::extensions_not_supported);
    CHECK(error_of("n,,n=user,r=abc,m=must") == ScramError::extensions_not_supported);
    CHECK(error_of("n,,n=user,r=abc,x=1,m=must") == ScramError::extensions_not_supported);
}

TEST_CASE("a malformed first message is refused with the reason of the standard",
          "[password][scram]") {
    const std::string long_message = "n,,n=user,r=" + std::string(max_scram_message_bytes, 'a');
    const std::vector<Case> cases{
        {"", ScramError::other_error},
        {"n", ScramError::other_error},
        {"n,", ScramError::other_error},
        {"n,,", ScramError::other_error},
        {",,n=user,r=abc", ScramError::other_error},
        {"x,,n=user,r=abc", ScramError::other_error},
        {"N,,n=user,r=abc", ScramError::other_error},
        {"nn,,n=user,r=abc", ScramError::other_error},
        {"p=tls-unique,,n=user,r=abc", ScramError::channel_binding_not_supported},
        {"p=tls-server-end-point,,n=user,r=abc", ScramError::channel_binding_not_supported},
        {"n=user,r=abc", ScramError::other_error},
        {"n,,n=user", ScramError::other_error},
        {"n,,n=user,", ScramError::other_error},
        {"n,,n=user,r=", ScramError::other_error},
        {"n,,n=user,r=abc,", ScramError::other_error},
        {"n,,n=user,r=a bc", ScramError::other_error},
        {"n,,n=user,r=a\x7f", ScramError::other_error},
        {"n,,n=user,r=a\xc3\xa4", ScramError::other_error},
        {std::string("n,,n=user,r=a\0b", 15), ScramError::other_error},
        {"n,,n=user,x=1,r=abc", ScramError::other_error},
        {"n,,r=abc,n=user", ScramError::other_error},
        {"n,,n=user,r=abc,1=x", ScramError::other_error},
        {"n,,n=user,r=abc,x=", ScramError::other_error},
        {"n,,n=user,r=abc,x", ScramError::other_error},
        {"n,,n=,r=abc", ScramError::invalid_username_encoding},
        {"n,,n=a=b,r=abc", ScramError::invalid_username_encoding},
        {"n,,n=a=,r=abc", ScramError::invalid_username_encoding},
        {"n,,n=a=2,r=abc", ScramError::invalid_username_encoding},
        {"n,,n=a=2c,r=abc", ScramError::invalid_username_encoding},
        {std::string("n,,n=a\0b,r=abc", 14), ScramError::invalid_username_encoding},
        {long_message, ScramError::other_error},
    };
    for (const Case& one : cases) {
        INFO(one.message.substr(0, 60));
        CHECK(error_of(one.message) == one.error);
    }
}

TEST_CASE("a malformed last message is refused with the reason of the standard",
          "[password][scram]") {
    const ScramVerifier verifier = verifier_of("pencil");
    const ScramChallenge challenge = challenge_of(example_first, verifier);
    const std::string nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const std::string proof = ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const std::vector<Case> cases{
        {"", ScramError::other_error},
        {",p=", ScramError::other_error},
        {"c=biws", ScramError::other_error},
        {"c=biws," + nonce, ScramError::other_error},
        {nonce + proof, ScramError::other_error},
        {nonce + ",c=biws" + proof, ScramError::other_error},
        {"c=," + nonce + proof, ScramError::other_error},
        {"c=eSws," + nonce + proof, ScramError::channel_bindings_dont_match},  // y,,
        {"c=biw=," + nonce + proof, ScramError::channel_bindings_dont_match},
        {"c=!," + nonce + proof, ScramError::channel_bindings_dont_match},
        {"c=biws,r=" + proof, ScramError::other_error},
        {"c=biws,r=rOprNGfwEbeRWgbNEkqO" + proof, ScramError::other_error},
        {"c=biws," + nonce + "0" + proof, ScramError::other_error},
        {"c=biws," + nonce + ",m=must" + proof, ScramError::extensions_not_supported},
        {"c=biws," + nonce + "," + proof, ScramError::other_error},
        {"c=biws," + nonce + ",p=", ScramError::invalid_encoding},
        {"c=biws," + nonce + ",p=AAAA", ScramError::invalid_encoding},
        {"c=biws," + nonce + proof + "=", ScramError::invalid_encoding},
        {"c=biws," + nonce + proof + " ", ScramError::invalid_encoding},
        {"c=biws," + nonce + proof + ",x=1", ScramError::invalid_encoding},
        // An extension is part of what is signed.
        {"c=biws," + nonce + ",x=1" + proof, ScramError::invalid_proof},
        {"c=biws," + nonce + ",p=AHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
         ScramError::invalid_proof},
        {std::string(max_scram_message_bytes, 'a') + proof, ScramError::other_error},
    };
    for (const Case& one : cases) {
        INFO(one.message.substr(0, 120));
        const auto found = challenge.check(one.message, {&verifier, 1});
        REQUIRE_FALSE(found.has_value());
        CHECK(to_string(found.error()) == to_string(one.error));
    }
}

TEST_CASE("no message but the client's own passes, whichever byte is another",
          "[password][scram]") {
    const ScramVerifier verifier = verifier_of("pencil");
    const ScramChallenge challenge = challenge_of(example_first, verifier);
    std::string message(example_final);
    for (char& letter : message) {
        const char before = letter;
        for (const char other : {'\0', ',', '=', 'A', 'z', '0', '\x7f', '\xff'}) {
            letter = other;
            CHECK((letter == before || !challenge.check(message, {&verifier, 1})));
        }
        letter = before;
    }
    for (std::size_t size = 0; size < message.size(); ++size) {
        CHECK_FALSE(challenge.check(message.substr(0, size), {&verifier, 1}));
    }
    CHECK(challenge.check(message, {&verifier, 1}));
}

TEST_CASE("what is made of random pieces of SCRAM is read or refused", "[password][scram]") {
    constexpr std::array<std::string_view, 22> pieces{
        "n", "y",  "p=", ",",    ",,",   "n=", "r=",      "a=",     "m=",  "c=biws", "=2C",
        "=", "=3", "x",  "\xff", "r=ab", "%",  "user,r=", ",p=AA=", "i=1", "s=AA==", ";"};
    const ScramVerifier verifier = verifier_of("pencil");
    const ScramChallenge challenge = challenge_of(example_first, verifier);
    // The same each time. NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp)
    std::mt19937 random(20260701);
    std::uniform_int_distribution<std::size_t> piece(0, pieces.size() - 1);
    std::uniform_int_distribution<int> count(0, 12);
    for (int i = 0; i < 20000; ++i) {
        std::string message;
        for (int left = count(random); left > 0; --left) {
            message += pieces.at(piece(random));
        }
        INFO(message);
        const auto first = ScramClientFirst::parse(message);
        if (first) {
            CHECK(first->gs2_header + first->bare == message);
            CHECK_FALSE((first->username.empty() || first->nonce.empty()));
        }
        CHECK_FALSE(challenge.check(message, {&verifier, 1}));
    }
}

TEST_CASE("no two nonces are alike", "[password][scram]") {
    std::set<std::string> nonces;
    for (int i = 0; i < 1000; ++i) {
        CHECK(nonces.insert(make_scram_nonce()).second);
    }
    CHECK(nonces.begin()->size() >= 24);
}

TEST_CASE("who has no verifier is challenged with the same salt each time",
          "[password][scram]") {
    const ScramDecoy decoy;
    const ScramCost cost{.iterations = 15000, .salt_bytes = 20};
    const ScramVerifier nobody = decoy.verifier_for("nobody", cost);
    CHECK(nobody.iterations == 15000);
    CHECK(nobody.salt.size() == 20);
    CHECK(decoy.verifier_for("nobody", cost).salt == nobody.salt);
    CHECK(decoy.verifier_for("nobody-2", cost).salt != nobody.salt);
    CHECK(ScramDecoy().verifier_for("nobody", cost).salt != nobody.salt);
    CHECK(decoy.verifier_for("nobody", {.iterations = 1, .salt_bytes = 64}).salt.size() == 64);
}

TEST_CASE("a conversation with who has no verifier fails like a wrong proof",
          "[password][scram]") {
    const ScramVerifier nobody = ScramDecoy().verifier_for("nobody", {});
    ScramClient client("nobody", "s3cret");
    const ScramChallenge challenge(ScramClientFirst::parse(client.first()).value(),
                                   nobody.salt,
                                   nobody.iterations,
                                   make_scram_nonce());
    const auto proof = challenge.check(client.answer(challenge.message()), {&nobody, 1});
    CHECK((!proof && proof.error() == ScramError::invalid_proof));
}
