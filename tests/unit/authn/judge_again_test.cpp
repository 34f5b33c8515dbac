#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authn/authenticator.hpp"
#include "support/catch.hpp"
#include "support/check_password.hpp"
#include "support/sha256_hex.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

const Instant now{std::chrono::seconds(1'750'000'000)};
constexpr std::string_view past = "1700000000";
constexpr std::string_view future = "1800000000";

const std::string old_password = pgauth::test::quick_secret("s3cret");
const std::string new_password = pgauth::test::quick_secret("another");
const std::string old_key = "psk:" + std::string(32, 'a');
const std::string new_key = "psk:" + std::string(32, 'b');
const std::string print(64, '1');
const std::string fingerprint = "SHA256:" + print;

// How the session came in.
enum class Way : std::uint8_t { password, certificate, key };

using Edit = std::function<void(Tables&)>;

CredentialRow password_row(const std::string& secret) {
    return {.username = "press-7", .method = "password", .secret = secret};
}

CredentialRow rehashed_row(const std::string& secret, const std::string& from) {
    return {
        .username = "press-7", .method = "password", .secret = secret, .rehashed_from = from};
}

CredentialRow key_row(const std::string& secret) {
    return {.username = "press-7", .method = "psk", .secret = secret};
}

CredentialRow certificate_row(Field pinned = std::nullopt) {
    return {.username = "press-7", .method = "certificate", .fingerprint = pinned};
}

// What each came in with, and all at once.
void all_credentials(Tables& tables) {
    tables.credential(password_row(old_password))
        .credential(certificate_row())
        .credential(key_row(old_key));
}

std::shared_ptr<const Replica> tables_before() {
    Tables tables;
    tables.client({.username = "press-7"});
    all_credentials(tables);
    return tables.load();
}

Certificate certificate() {
    Certificate shown;
    shown.fingerprint = fingerprint;
    shown.common_name = "press-7";
    return shown;
}

AuthnOptions every_method() {
    AuthnOptions options;
    options.methods = {Method::password, Method::certificate, Method::psk};
    return options;
}

std::shared_ptr<const Admission> let_in(Way way) {
    const Certificate shown = certificate();
    const LoginAttempt attempt{.client_id = "a",
                               .username = "press-7",
                               .password = way == Way::password
                                               ? std::optional<std::string_view>("s3cret")
                                               : std::nullopt,
                               .address = IpAddress::parse("10.1.2.3").value(),
                               .certificate = way == Way::certificate ? &shown : nullptr,
                               .has_pre_shared_key = way == Way::key};
    const auto replica = tables_before();
    const Screening screening = Authenticator(every_method()).screen(*replica, attempt, now);
    const LoginDecision decision =
        screening.conclude(check_password(screening, attempt.password.value_or("")));
    REQUIRE(decision.outcome == LoginOutcome::accepted);
    return admission_of(attempt, decision);
}

LoginDecision judge_again(const Replica& replica,
                          Way way,
                          const AuthnOptions& options = every_method()) {
    return Authenticator(options).judge_again(replica, "a", "press-7", *let_in(way), now);
}

}  // namespace

TEST_CASE("a session stays in as long as it could log in again as it did", "[authn]") {
    struct Row {
        std::string name;
        ClientRow client;
        Edit edit;
        std::vector<Way> stay;  // who came in so; the others may not be in any more
        LoginCause cause = LoginCause::proved;
    };

    const std::vector<Way> everybody{Way::password, Way::certificate, Way::key};
    const std::vector<Way> nobody;
    const Row rows[] = {
        {"nothing", {.username = "press-7"}, all_credentials, everybody},
        {"its name and attributes",
         {.username = "press-7", .name = "P7", .attributes = R"({"line": "1"})"},
         all_credentials,
         everybody},
        {"deleted", {.username = "other"}, {}, nobody, LoginCause::unknown_client},
        {"disabled",
         {.username = "press-7", .enabled = "f"},
         all_credentials,
         nobody,
         LoginCause::disabled},
        {"a row that makes no sense",
         {.username = "press-7", .enabled = "maybe"},
         all_credentials,
         nobody,
         LoginCause::defective_row},
        {"expired",
         {.username = "press-7", .valid_until = past},
         all_credentials,
         nobody,
         LoginCause::outside_window},
        {"will expire",
         {.username = "press-7", .valid_until = future},
         all_credentials,
         everybody},
        {"networks that hold its address",
         {.username = "press-7", .networks = R"(["10.0.0.0/8"])"},
         all_credentials,
         everybody},
        {"other networks",
         {.username = "press-7", .networks = R"(["192.168.0.0/16"])"},
         all_credentials,
         nobody,
         LoginCause::wrong_network},
        {"a client id that it has",
         {.username = "press-7", .client_id = "?"},
         all_credentials,
         everybody},
        {"another client id",
         {.username = "press-7", .client_id = "%u"},
         all_credentials,
         nobody,
         LoginCause::wrong_client_id},
        {"its password alone is left",
         {.username = "press-7"},
         [](Tables& tables) { tables.credential(password_row(old_password)); },
         {Way::password},
         LoginCause::credential_gone},
        {"its key alone is left",
         {.username = "press-7"},
         [](Tables& tables) { tables.credential(key_row(old_key)); },
         {Way::key},
         LoginCause::no_credential},
        {"its certificate alone is left",
         {.username = "press-7"},
         [](Tables& tables) { tables.credential(certificate_row()); },
         {Way::certificate},
         LoginCause::no_certificate},
        {"its certificate is pinned now",
         {.username = "press-7"},
         [](Tables& tables) { tables.credential(certificate_row(fingerprint)); },
         {Way::certificate},
         LoginCause::no_certificate},
        {"password and key are others",
         {.username = "press-7"},
         [](Tables& tables) {
             tables.credential(password_row(new_password)).credential(key_row(new_key));
         },
         nobody,
         LoginCause::credential_gone},
        {"new ones beside the old ones",
         {.username = "press-7"},
         [](Tables& tables) {
             all_credentials(tables);
             tables.credential(password_row(new_password)).credential(key_row(new_key));
         },
         everybody},
        {"a method that only one has",
         {.username = "press-7", .required_methods = R"(["certificate"])"},
         all_credentials,
         {Way::certificate},
         LoginCause::requirement_unmet},
        {"its credentials have expired",
         {.username = "press-7"},
         [](Tables& tables) {
             for (CredentialRow row :
                  {password_row(old_password), certificate_row(), key_row(old_key)}) {
                 row.valid_until = past;
                 tables.credential(row);
             }
         },
         nobody,
         LoginCause::no_credential},
        {"a revoked certificate",
         {.username = "press-7"},
         [](Tables& tables) {
             all_credentials(tables);
             tables.revoked(fingerprint);
         },
         {Way::password, Way::key},
         LoginCause::revoked_certificate},
    };
    for (const Row& row : rows) {
        Tables tables;
        tables.client(row.client);
        if (row.edit) {
            row.edit(tables);
        }
        const auto replica = tables.load();
        for (const Way way : everybody) {
            CAPTURE(row.name, static_cast<int>(way));
            const bool stays =
                std::find(row.stay.begin(), row.stay.end(), way) != row.stay.end();
            const LoginDecision decision = judge_again(*replica, way);
            CHECK((decision.outcome == LoginOutcome::accepted) == stays);
            CHECK(explain(decision.cause) == explain(stays ? LoginCause::proved : row.cause));
        }
    }
}

TEST_CASE("a method that is switched off lets nobody stay who came in by it alone", "[authn]") {
    AuthnOptions options;
    options.methods = {Method::password};
    CHECK(judge_again(*tables_before(), Way::password, options).outcome ==
          LoginOutcome::accepted);
    for (const Way way : {Way::certificate, Way::key}) {
        CHECK(judge_again(*tables_before(), way, options).cause == LoginCause::credential_gone);
    }
}

TEST_CASE("a session of a client that is gone is not handed on", "[authn]") {
    AuthnOptions options = every_method();
    options.unknown = UnknownUsers::defer;
    const LoginDecision decision =
        judge_again(*Tables().client({.username = "other"}).load(), Way::password, options);
    CHECK(decision.outcome == LoginOutcome::refused);
    CHECK(decision.cause == LoginCause::unknown_client);
}

TEST_CASE("a certificate that is another client's by now does not keep a session in",
          "[authn]") {
    const auto replica =
        Tables()
            .client({.username = "press-8"})
            .credential(
                {.username = "press-8", .method = "certificate", .fingerprint = fingerprint})
            .load();
    CHECK(judge_again(*replica, Way::certificate).cause == LoginCause::unknown_client);
}

TEST_CASE("a nameless session stays in as long as the anonymous group exists", "[authn]") {
    AuthnOptions options;
    options.anonymous_group = "guests";
    const Authenticator authenticator(options);
    const Admission nothing_shown;
    const auto with = Tables().group("guests").load();
    const auto without = Tables().load();
    CHECK(authenticator.judge_again(*with, "a", std::nullopt, nothing_shown, now).cause ==
          LoginCause::anonymous);
    CHECK(authenticator.judge_again(*without, "a", std::nullopt, nothing_shown, now).cause ==
          LoginCause::no_username);
}

TEST_CASE("what is satisfied now is what group rules see from now on", "[authn]") {
    const auto admission = let_in(Way::certificate);
    const auto transport = transport_of(*admission, {Method::certificate});
    CHECK(transport.fingerprint == fingerprint);
    CHECK(transport.common_name == "press-7");
    CHECK(transport.address == IpAddress::parse("10.1.2.3").value());
    CHECK(transport.methods == MethodSet{Method::certificate});
    CHECK(judge_again(*tables_before(), Way::key).satisfied == MethodSet{Method::psk});
}

TEST_CASE("a new hash of the same password keeps its session, and only that", "[authn]") {
    const std::string of_old_password = "SHA256:" + test::sha256_hex(old_password);
    const std::string of_another = "SHA256:" + test::sha256_hex(new_password);
    const std::string of_nonsense = "SHA256:x";

    struct Row {
        std::string name;
        CredentialRow credential;
        LoginCause cause;
    };

    const Row rows[] = {
        {"rehashed", rehashed_row(new_password, of_old_password), LoginCause::proved},
        {"set anew", password_row(new_password), LoginCause::credential_gone},
        {"rehashed of another",
         rehashed_row(new_password, of_another),
         LoginCause::credential_gone},
        {"a key",
         {.username = "press-7",
          .method = "psk",
          .secret = new_key,
          .rehashed_from = of_old_password},
         LoginCause::no_credential},
        {"rehashed of nonsense",
         rehashed_row(old_password, of_nonsense),
         LoginCause::no_credential},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        AuthnOptions options;
        options.methods = {Method::password};
        const auto replica =
            Tables().client({.username = "press-7"}).credential(row.credential).load();
        CHECK(judge_again(*replica, Way::password, options).cause == row.cause);
    }
}
