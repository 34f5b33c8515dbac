#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authn/authenticator.hpp"
#include "support/catch.hpp"
#include "support/check_password.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

const Instant now{std::chrono::seconds(1'750'000'000)};
const std::string past = "1700000000";
const std::string future = "1800000000";

std::string fingerprint(char digit) {
    return "SHA256:" + std::string(64, digit);
}

// press-7 has a certificate by name, press-8 the pinned certificate 8, both a password;
// password has nothing else; both-7 must show both.
Tables plant() {
    Tables tables;
    for (const char* name : {"press-7", "press-8", "password"}) {
        tables.client_with_password(name, "s3cret");
    }
    tables.client({.username = "both", .required_methods = R"(["password", "certificate"])"})
        .password("both", "s3cret")
        .credential({.username = "both", .method = "certificate"})
        .credential({.username = "press-7", .method = "certificate"})
        .credential(
            {.username = "press-8", .method = "certificate", .fingerprint = fingerprint('8')});
    return tables;
}

struct Shown {
    std::optional<std::string> common_name;
    char digit = '1';  // of the fingerprint
};

LoginDecision log_in(const Replica& replica,
                     const std::optional<Shown>& shown,
                     std::optional<std::string_view> username,
                     std::optional<std::string_view> password,
                     const AuthnOptions& options = {}) {
    Certificate certificate;
    LoginAttempt attempt{.client_id = "device",
                         .username = username,
                         .password = password,
                         .address = std::nullopt};
    if (shown) {
        certificate.fingerprint = fingerprint(shown->digit);
        certificate.common_name = shown->common_name;
        attempt.certificate = &certificate;
    }
    const Screening screening = Authenticator(options).screen(replica, attempt, now);
    return screening.conclude(check_password(screening, password.value_or("")));
}

void check(const LoginDecision& decision, LoginOutcome outcome, LoginCause cause) {
    CHECK(explain(decision.cause) == explain(cause));
    CHECK(decision.outcome == outcome);
}

}  // namespace

TEST_CASE("a certificate names its client, proves it, or is only transport", "[authn]") {
    struct Row {
        std::string name;
        std::optional<Shown> shown;
        std::optional<std::string_view> username;
        std::optional<std::string_view> password;
        LoginCause cause;
        std::string client = {};  // who was let in; empty: refused
    };

    const std::vector<Row> rows{
        {"by name", Shown{"press-7"}, {}, {}, LoginCause::proved, "press-7"},
        {"by fingerprint", Shown{{}, '8'}, {}, {}, LoginCause::proved, "press-8"},
        {"by fingerprint, whatever its name",
         Shown{"press-7", '8'},
         {},
         {},
         LoginCause::proved,
         "press-8"},
        {"beside its username", Shown{"press-7"}, "press-7", {}, LoginCause::proved, "press-7"},
        {"beside a username of nobody",
         Shown{"press-7"},
         "nobody",
         {},
         LoginCause::proved,
         "press-7"},
        {"beside a wrong password",
         Shown{"press-7"},
         "press-7",
         "wrong",
         LoginCause::proved,
         "press-7"},
        {"of nobody, with a password",
         Shown{"ghost"},
         "press-7",
         "s3cret",
         LoginCause::proved,
         "press-7"},
        {"without a name, with a password",
         Shown{},
         "password",
         "s3cret",
         LoginCause::proved,
         "password"},
        {"both", Shown{"both"}, "both", "s3cret", LoginCause::proved, "both"},
        {"beside another's username",
         Shown{"press-7"},
         "press-8",
         "s3cret",
         LoginCause::contradiction},
        {"of nobody", Shown{"ghost"}, {}, {}, LoginCause::no_username},
        {"without a name", Shown{}, {}, {}, LoginCause::no_username},
        {"of one who has no grant", Shown{"password"}, {}, {}, LoginCause::no_username},
        {"of one whose certificate is another",
         Shown{"press-8"},
         {},
         {},
         LoginCause::no_username},
        {"of one who has no grant, beside its username",
         Shown{"password"},
         "password",
         {},
         LoginCause::no_password},
        {"half of both", Shown{"both"}, {}, {}, LoginCause::requirement_unmet},
        {"half of both, and a wrong password",
         Shown{"both"},
         "both",
         "wrong",
         LoginCause::requirement_unmet},
        {"the other half of both", {}, "both", "s3cret", LoginCause::requirement_unmet},
        {"a name that no client may have",
         Shown{"press-7"},
         "a#",
         {},
         LoginCause::bad_identifier},
    };
    const auto replica = plant().load();
    for (const Row& row : rows) {
        INFO(row.name);
        const LoginDecision decision = log_in(*replica, row.shown, row.username, row.password);
        check(decision,
              row.client.empty() ? LoginOutcome::refused : LoginOutcome::accepted,
              row.cause);
        if (!row.client.empty()) {
            REQUIRE(decision.client);
            CHECK(decision.client->username == row.client);
        }
    }
}

TEST_CASE("what was satisfied is what a session's group rules see", "[authn]") {
    const auto replica = plant().load();
    const Shown shown{"press-7"};
    CHECK(log_in(*replica, shown, {}, {}).satisfied == MethodSet{Method::certificate});
    CHECK(log_in(*replica, shown, "press-7", "s3cret").satisfied ==
          MethodSet{Method::certificate, Method::password});
    CHECK(log_in(*replica, {}, "press-7", "s3cret").satisfied == MethodSet{Method::password});
}

TEST_CASE("a revoked certificate is refused, whatever else holds", "[authn]") {
    Tables tables = plant();
    const auto replica = tables.revoked(fingerprint('1')).revoked(fingerprint('8')).load();
    check(log_in(*replica, Shown{"press-7"}, {}, {}),
          LoginOutcome::refused,
          LoginCause::revoked_certificate);
    check(log_in(*replica, Shown{{}, '8'}, {}, {}),
          LoginOutcome::refused,
          LoginCause::revoked_certificate);
    check(log_in(*replica, Shown{"ghost"}, "password", "s3cret"),
          LoginOutcome::refused,
          LoginCause::revoked_certificate);
    check(log_in(*replica, Shown{"press-7", '2'}, {}, {}),
          LoginOutcome::accepted,
          LoginCause::proved);
}

TEST_CASE("methods are switched off for a broker", "[authn]") {
    const auto replica = plant().load();
    const Shown shown{"press-7"};
    AuthnOptions options;
    options.methods = {Method::password};
    check(log_in(*replica, shown, {}, {}, options),
          LoginOutcome::refused,
          LoginCause::no_username);
    check(log_in(*replica, shown, "press-8", "s3cret", options),
          LoginOutcome::accepted,
          LoginCause::proved);
    check(log_in(*replica, Shown{"both"}, "both", "s3cret", options),
          LoginOutcome::refused,
          LoginCause::requirement_unmet);
    options.methods = {Method::certificate};
    check(log_in(*replica, shown, {}, {}, options), LoginOutcome::accepted, LoginCause::proved);
    check(log_in(*replica, {}, "press-7", "s3cret", options),
          LoginOutcome::refused,
          LoginCause::no_certificate);
    check(log_in(*replica, {}, "password", "s3cret", options),
          LoginOutcome::refused,
          LoginCause::no_credential);
}

TEST_CASE("a certificate that is pinned counts only inside its window", "[authn]") {
    Tables tables;
    tables.client_with_password("press-7", "s3cret")
        .credential({.username = "press-7",
                     .method = "certificate",
                     .fingerprint = fingerprint('1'),
                     .valid_until = past})
        .credential({.username = "press-7",
                     .method = "certificate",
                     .fingerprint = fingerprint('2'),
                     .valid_until = future})
        .credential({.username = "press-7",
                     .method = "certificate",
                     .fingerprint = fingerprint('3'),
                     .valid_from = past})
        .credential({.username = "press-7",
                     .method = "certificate",
                     .fingerprint = fingerprint('4'),
                     .valid_from = future});
    const auto replica = tables.load();
    // It still says whose it is: the password must be its client's.
    check(log_in(*replica, Shown{{}, '1'}, {}, {}),
          LoginOutcome::refused,
          LoginCause::no_password);
    check(log_in(*replica, Shown{{}, '1'}, "press-7", "s3cret"),
          LoginOutcome::accepted,
          LoginCause::proved);
    check(log_in(*replica, Shown{{}, '2'}, {}, {}), LoginOutcome::accepted, LoginCause::proved);
    check(log_in(*replica, Shown{{}, '3'}, {}, {}), LoginOutcome::accepted, LoginCause::proved);
    check(log_in(*replica, Shown{{}, '4'}, {}, {}),
          LoginOutcome::refused,
          LoginCause::no_password);
}

TEST_CASE("an expired certificate that is required does not leave the password alone",
          "[authn]") {
    const auto replica =
        Tables()
            .client({.username = "both", .required_methods = R"(["certificate"])"})
            .password("both", "s3cret")
            .credential({.username = "both", .method = "certificate", .valid_until = past})
            .load();
    check(log_in(*replica, Shown{"both"}, "both", "s3cret"),
          LoginOutcome::refused,
          LoginCause::requirement_unmet);
}

TEST_CASE("a fingerprint that two clients claim identifies neither, and is named",
          "[replica]") {
    Tables tables;
    for (const char* name : {"press-7", "press-8"}) {
        tables.client({.username = name})
            .credential(
                {.username = name, .method = "certificate", .fingerprint = fingerprint('1')});
    }
    const auto replica = tables.load();
    CHECK(replica->find_client_by_fingerprint(fingerprint('1')) == nullptr);
    CHECK(replica->defects().size() == 1);
    check(log_in(*replica, Shown{}, {}, {}), LoginOutcome::refused, LoginCause::no_username);
}

TEST_CASE("a pre-shared key is had only by who may come in", "[authn]") {
    Tables tables;
    const std::string key(32, 'a');
    for (const char* name : {"press-7", "disabled", "password", "elsewhere"}) {
        tables.client({.username = name,
                       .enabled = name == std::string_view("disabled") ? "f" : "t",
                       .networks = name == std::string_view("elsewhere")
                                       ? Field(R"(["10.0.0.0/8"])")
                                       : std::nullopt});
    }
    const std::string secret = "psk:" + key;
    const std::string old = "psk:" + std::string(32, 'b');
    for (const char* name : {"press-7", "disabled", "elsewhere"}) {
        tables.credential({.id = "1", .username = name, .method = "psk", .secret = old})
            .credential({.id = "2", .username = name, .method = "psk", .secret = secret})
            .credential({.id = "3",
                         .username = name,
                         .method = "psk",
                         .secret = old,
                         .valid_until = past});
    }
    const auto replica = tables.load();
    AuthnOptions options;
    options.methods = {Method::psk};
    const Authenticator authenticator(options);
    const auto address = IpAddress::parse("192.0.2.1").value();
    const auto key_of = [&](std::string_view identity) {
        return authenticator.pre_shared_key(*replica, identity, address, now);
    };
    CHECK(key_of("press-7") == key);  // the newest that is live
    CHECK(key_of("disabled").error() == LoginCause::disabled);
    CHECK(key_of("elsewhere").error() == LoginCause::wrong_network);
    CHECK(key_of("password").error() == LoginCause::no_credential);
    CHECK(key_of("ghost").error() == LoginCause::unknown_client);
    CHECK(key_of("a#").error() == LoginCause::unknown_client);
    CHECK(Authenticator({}).pre_shared_key(*replica, "press-7", address, now).error() ==
          LoginCause::no_credential);
}
