#include "authn/authenticator.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "password/password_hash.hpp"
#include "support/catch.hpp"
#include "support/check_password.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::quick_secret;
using pgauth::test::Tables;

namespace {

const Instant now{std::chrono::seconds(1'750'000'000)};

// The client `press-7` with the password `s3cret`, who may do everything that is asked below.
Tables plant() {
    Tables tables;
    tables.group("visitors").client_with_password("press-7", "s3cret");
    return tables;
}

LoginAttempt attempt_of(std::optional<std::string_view> username,
                        std::optional<std::string_view> password) {
    return {.client_id = "press-7-a",
            .username = username,
            .password = password,
            .address = IpAddress::parse("10.1.2.3").value()};
}

struct Login {
    std::size_t hashes;
    LoginDecision decision;
};

Login log_in(Tables tables, const LoginAttempt& attempt, const AuthnOptions& options = {}) {
    const auto replica = tables.load();
    const Screening screening = Authenticator(options).screen(*replica, attempt, now);
    const PasswordCheck check = check_password(screening, attempt.password.value_or(""));
    return {screening.secrets().size(), screening.conclude(check)};
}

void check_login(const Login& login, LoginOutcome outcome, LoginCause cause) {
    CHECK(explain(login.decision.cause) == explain(cause));
    CHECK(login.decision.outcome == outcome);
}

}  // namespace

TEST_CASE("a right password lets its client in", "[authn]") {
    const Login login = log_in(plant(), attempt_of("press-7", "s3cret"));
    check_login(login, LoginOutcome::accepted, LoginCause::proved);
    CHECK(login.decision.client->username == "press-7");
    CHECK(login.decision.satisfied == MethodSet{Method::password});
    CHECK(login.hashes == 1);
}

TEST_CASE("every refusal of a username costs the one hash that a login costs", "[authn]") {
    struct Row {
        std::string name;
        std::function<void(Tables&)> add;
        LoginCause cause;
        std::string_view username = "press-8";
        std::string_view password = "s3cret";
    };

    const auto client = [](ClientRow row) {
        return [row](Tables& tables) {
            ClientRow with_name = row;
            with_name.username = "press-8";
            tables.client(with_name).password("press-8", "s3cret");
        };
    };
    const auto credential = [](CredentialRow row) {
        return [row](Tables& tables) {
            const std::string secret = quick_secret("s3cret");
            CredentialRow with_name = row;
            with_name.username = "press-8";
            with_name.secret = secret;
            tables.client({.username = "press-8"}).credential(with_name);
        };
    };
    const std::vector<Row> rows{
        {"wrong password", client({}), LoginCause::wrong_password, "press-8", "s3cre"},
        {"unknown", [](Tables&) {}, LoginCause::unknown_client},
        {"an empty username", [](Tables&) {}, LoginCause::unknown_client, ""},
        {"disabled", client({.enabled = "f"}), LoginCause::disabled},
        {"makes no sense", client({.networks = "[]"}), LoginCause::defective_row},
        {"not yet", client({.valid_from = "1750000001"}), LoginCause::outside_window},
        {"no longer", client({.valid_until = "1750000000"}), LoginCause::outside_window},
        {"client id", client({.client_id = "%u-*"}), LoginCause::wrong_client_id},
        {"network", client({.networks = R"(["10.2.0.0/16"])"}), LoginCause::wrong_network},
        {"no credential",
         [](Tables& tables) { tables.client({.username = "press-8"}); },
         LoginCause::no_credential},
        {"an expired one",
         credential({.method = "password", .valid_until = "1750000000"}),
         LoginCause::no_credential},
        {"one of the future",
         credential({.method = "password", .valid_from = "1750000001"}),
         LoginCause::no_credential},
        {"a certificate", credential({.method = "certificate"}), LoginCause::no_certificate},
        {"requires a certificate as well",
         client({.required_methods = R"(["certificate"])"}),
         LoginCause::requirement_unmet},
        {"disabled, wrong password",
         client({.enabled = "f"}),
         LoginCause::disabled,
         "press-8",
         "s3cre"},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        Tables tables = plant();
        row.add(tables);
        const Login login = log_in(std::move(tables), attempt_of(row.username, row.password));
        check_login(login, LoginOutcome::refused, row.cause);
        CHECK(login.hashes == 1);
    }
}

TEST_CASE("the decoy opens nothing, even to who knows its password", "[authn]") {
    const Login login = log_in(plant(), attempt_of("ghost", "s3cret"));
    check_login(login, LoginOutcome::refused, LoginCause::unknown_client);
    CHECK(login.decision.client == nullptr);
    CHECK(login.decision.satisfied.empty());
}

TEST_CASE("what cannot be a password is refused without a hash, whoever it is", "[authn]") {
    const std::string longest(max_password_bytes, 'x');
    const std::string too_long(max_password_bytes + 1, 'x');
    const std::string huge(65535, 'x');
    for (const std::optional<std::string_view> password :
         {std::optional<std::string_view>(),
          std::optional<std::string_view>(""),
          std::optional<std::string_view>(too_long),
          std::optional<std::string_view>(huge)}) {
        INFO(password.value_or("none").size());
        const Login known = log_in(plant(), attempt_of("press-7", password));
        check_login(known, LoginOutcome::refused, LoginCause::no_password);
        CHECK(known.hashes == 0);
        const Login unknown = log_in(plant(), attempt_of("ghost", password));
        check_login(unknown, LoginOutcome::refused, LoginCause::unknown_client);
        CHECK(unknown.hashes == 0);
    }
    const Login login = log_in(plant(), attempt_of("press-7", longest));
    check_login(login, LoginOutcome::refused, LoginCause::wrong_password);
    CHECK(login.hashes == 1);
}

TEST_CASE("where no client has a password nobody's is hashed", "[authn]") {
    for (const std::string_view username : {"press-7", "ghost"}) {
        const Login login =
            log_in(Tables().client({.username = "press-7"}), attempt_of(username, "s3cret"));
        CHECK(login.decision.outcome == LoginOutcome::refused);
        CHECK(login.hashes == 0);
    }
}

TEST_CASE("where passwords are switched off they prove nothing and are not hashed", "[authn]") {
    const AuthnOptions options{.methods = {Method::certificate}};
    const Login login = log_in(plant(), attempt_of("press-7", "s3cret"), options);
    check_login(login, LoginOutcome::refused, LoginCause::no_credential);
    CHECK(login.hashes == 0);
}

TEST_CASE("either of two passwords is enough, and only while it is live", "[authn]") {
    const std::string old_secret = quick_secret("old");
    const std::string new_secret = quick_secret("new");

    struct Row {
        std::string password;
        Field old_until;
        LoginOutcome outcome;
    };

    const std::vector<Row> rows{
        {"old", std::nullopt, LoginOutcome::accepted},
        {"new", std::nullopt, LoginOutcome::accepted},
        {"older", std::nullopt, LoginOutcome::refused},
        {"old", "1750000001", LoginOutcome::accepted},
        {"old", "1750000000", LoginOutcome::refused},
        {"new", "1750000000", LoginOutcome::accepted},
    };
    for (const Row& row : rows) {
        INFO(row.password << " until " << row.old_until.value_or("null"));
        Tables tables;
        tables.client({.username = "press-7"})
            .credential({.username = "press-7",
                         .method = "password",
                         .secret = old_secret,
                         .valid_until = row.old_until})
            .credential({.username = "press-7", .method = "password", .secret = new_secret});
        const Login login = log_in(std::move(tables), attempt_of("press-7", row.password));
        CHECK(login.decision.outcome == row.outcome);
        CHECK(login.hashes == (row.old_until == "1750000000" ? 1 : 2));
    }
}

TEST_CASE("every required method must be satisfied", "[authn]") {
    struct Row {
        std::string_view required;
        MethodSet enabled;
        LoginOutcome outcome;
        LoginCause cause;
    };

    const MethodSet all{Method::password, Method::certificate, Method::psk};
    constexpr auto accepted = LoginOutcome::accepted;
    constexpr auto refused = LoginOutcome::refused;
    const std::vector<Row> rows{
        {"[]", all, accepted, LoginCause::proved},
        {R"(["password"])", all, accepted, LoginCause::proved},
        {R"(["password"])", {Method::psk}, refused, LoginCause::no_credential},
        {R"(["certificate"])", all, refused, LoginCause::requirement_unmet},
        {R"(["password", "psk"])", all, refused, LoginCause::requirement_unmet},
        {R"(["psk"])", {Method::password}, refused, LoginCause::requirement_unmet},
    };
    for (const Row& row : rows) {
        INFO(row.required);
        Tables tables;
        tables.client({.username = "press-7", .required_methods = row.required})
            .password("press-7", "s3cret");
        check_login(
            log_in(
                std::move(tables), attempt_of("press-7", "s3cret"), {.methods = row.enabled}),
            row.outcome,
            row.cause);
    }
}

TEST_CASE("a client id or username with a wildcard or a control character is refused unseen",
          "[authn]") {
    for (const std::string& bad :
         {std::string("#"), std::string("press+"), std::string("\n")}) {
        LoginAttempt client_id = attempt_of("press-7", "s3cret");
        client_id.client_id = bad;
        for (const LoginAttempt& attempt : {client_id, attempt_of(bad, "s3cret")}) {
            const Login login = log_in(plant(), attempt, {.unknown = UnknownUsers::defer});
            check_login(login, LoginOutcome::refused, LoginCause::bad_identifier);
            CHECK(login.hashes == 0);
        }
    }
}

TEST_CASE("networks ask for an address that is known to lie in one of them", "[authn]") {
    struct Row {
        std::string_view networks;
        std::optional<std::string_view> address;
        bool inside;
    };

    const std::vector<Row> rows{
        {R"(["10.1.0.0/16"])", "10.1.2.3", true},
        {R"(["10.1.0.0/16"])", "::ffff:10.1.2.3", true},
        {R"(["10.2.0.0/16", "10.1.0.0/16"])", "10.1.2.3", true},
        {R"(["10.2.0.0/16"])", "10.1.2.3", false},
        {R"(["0.0.0.0/0"])", std::nullopt, false},
        {R"(["2001:db8::/32"])", "10.1.2.3", false},
    };
    for (const Row& row : rows) {
        INFO(row.networks << ' ' << row.address.value_or("nowhere"));
        Tables tables;
        tables.client({.username = "press-7", .networks = row.networks})
            .password("press-7", "s3cret");
        LoginAttempt attempt = attempt_of("press-7", "s3cret");
        attempt.address.reset();
        if (row.address) {
            attempt.address = IpAddress::parse(*row.address).value();
        }
        check_login(log_in(std::move(tables), attempt),
                    row.inside ? LoginOutcome::accepted : LoginOutcome::refused,
                    row.inside ? LoginCause::proved : LoginCause::wrong_network);
    }
}

TEST_CASE("only who has proved itself is told to come back for a client id in use", "[authn]") {
    struct Row {
        std::string_view username;
        std::string_view password;
        LoginOutcome outcome;
    };

    const std::vector<Row> rows{
        {"press-7", "s3cret", LoginOutcome::try_again},
        {"press-7", "wrong", LoginOutcome::refused},
        {"press-7", "", LoginOutcome::refused},
        {"ghost", "s3cret", LoginOutcome::refused},
        {"disabled", "s3cret", LoginOutcome::refused},
        {"demanding", "s3cret", LoginOutcome::refused},
        {"keyless", "s3cret", LoginOutcome::refused},
    };
    for (const Row& row : rows) {
        INFO(row.username << ' ' << row.password);
        Tables tables = plant();
        tables.client({.username = "disabled", .enabled = "f"}).password("disabled", "s3cret");
        tables.client({.username = "demanding", .required_methods = R"(["psk"])"})
            .password("demanding", "s3cret");
        tables.client({.username = "keyless"});
        LoginAttempt attempt = attempt_of(row.username, row.password);
        attempt.client_id_in_use = true;
        const Login login = log_in(std::move(tables), attempt);
        CHECK(login.decision.outcome == row.outcome);
        CHECK(login.hashes == (row.password.empty() ? 0 : 1));
    }
}

TEST_CASE("an unknown username is handed on where the configuration says so", "[authn]") {
    const AuthnOptions defer{.unknown = UnknownUsers::defer};
    const Login unknown = log_in(plant(), attempt_of("ghost", "s3cret"), defer);
    check_login(unknown, LoginOutcome::handed_on, LoginCause::unknown_client);
    CHECK(unknown.hashes == 0);
    Tables tables = plant();
    tables.client({.username = "disabled", .enabled = "f"}).password("disabled", "s3cret");
    check_login(log_in(std::move(tables), attempt_of("disabled", "s3cret"), defer),
                LoginOutcome::refused,
                LoginCause::disabled);
    check_login(log_in(plant(), attempt_of("press-7", "wrong"), defer),
                LoginOutcome::refused,
                LoginCause::wrong_password);
    check_login(log_in(plant(), attempt_of(std::nullopt, "s3cret"), defer),
                LoginOutcome::refused,
                LoginCause::no_username);
}

TEST_CASE("a nameless connection is let in only where a group that exists is named for it",
          "[authn]") {
    struct Row {
        std::optional<std::string> group;
        LoginOutcome outcome;
        LoginCause cause;
    };

    const std::vector<Row> rows{
        {std::nullopt, LoginOutcome::refused, LoginCause::no_username},
        {"visitors", LoginOutcome::accepted, LoginCause::anonymous},
        {"nobody", LoginOutcome::refused, LoginCause::no_username},
        {"#visitors", LoginOutcome::refused, LoginCause::no_username},  // its id, not its name
    };
    for (const Row& row : rows) {
        INFO(row.group.value_or("none"));
        const Login login = log_in(
            plant(), attempt_of(std::nullopt, std::nullopt), {.anonymous_group = row.group});
        check_login(login, row.outcome, row.cause);
        CHECK(login.decision.client == nullptr);
        CHECK(login.hashes == 0);
    }
    // An empty username is one all the same.
    check_login(log_in(plant(), attempt_of("", ""), {.anonymous_group = "visitors"}),
                LoginOutcome::refused,
                LoginCause::unknown_client);
}

TEST_CASE("a nameless connection takes nobody's client id over", "[authn]") {
    LoginAttempt attempt = attempt_of(std::nullopt, std::nullopt);
    attempt.client_id_in_use = true;
    check_login(log_in(plant(), attempt, {.anonymous_group = "visitors"}),
                LoginOutcome::try_again,
                LoginCause::client_id_in_use);
}

TEST_CASE("a hash that could not be computed is no verdict on anybody", "[authn]") {
    Tables tables = plant();
    tables.client({.username = "disabled", .enabled = "f"}).password("disabled", "s3cret");
    const auto replica = tables.load();
    for (const std::string_view username : {"press-7", "disabled", "ghost"}) {
        INFO(username);
        const Screening screening =
            Authenticator({}).screen(*replica, attempt_of(username, "s3cret"), now);
        const LoginDecision decision = screening.conclude(PasswordCheck::not_computed);
        CHECK(decision.outcome == LoginOutcome::try_again);
        CHECK(decision.cause == LoginCause::hash_not_computed);
    }
}

TEST_CASE("a password check that was not made proves nothing", "[authn]") {
    const auto replica = plant().load();
    const Screening screening =
        Authenticator({}).screen(*replica, attempt_of("press-7", "s3cret"), now);
    CHECK(screening.conclude(PasswordCheck::not_made).outcome == LoginOutcome::refused);
}

TEST_CASE("a settled answer stands, whatever is said of the password", "[authn]") {
    const auto replica = plant().load();
    for (const PasswordCheck check :
         {PasswordCheck::right, PasswordCheck::wrong, PasswordCheck::not_computed}) {
        const Screening screening =
            Authenticator({}).screen(*replica, attempt_of("#", "s3cret"), now);
        CHECK(screening.conclude(check).cause == LoginCause::bad_identifier);
    }
}
