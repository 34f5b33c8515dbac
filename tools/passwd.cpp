// pgauth passwd: a new password for a client, hashed here, so that the server never sees it.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <string>

#include "base/quote.hpp"
#include "command.hpp"
#include "database.hpp"
#include "new_secret.hpp"
#include "password_policy.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  pgauth passwd press-7\n"
    "  pgauth passwd press-7 --connection postgresql://admin@db.example/mqtt\n"
    "  pgauth passwd press-7 < file-with-the-password\n\n"
    "Replaces all passwords that the client has. What the new one must have is in view\n"
    "mqtt_auth.password_policy. The role needs mqtt_auth_admin.";

struct Call {
    std::string username;
    std::string format = "argon2id";
    DatabaseChoice database;
};

// What set_password() would say later, before anybody has typed a password.
Result<void> require_client(PgConnection& connection, const std::string& username) {
    const auto role = role_beside_schema(connection);
    if (!role) {
        return tl::unexpected(role.error());
    }
    const auto allowed =
        ask(connection,
            "SELECT has_schema_privilege('mqtt_auth', 'USAGE') AND coalesce((SELECT "
            "bool_and(has_function_privilege(oid, 'EXECUTE')) FROM pg_proc WHERE proname = "
            "'set_password' AND pronamespace = to_regnamespace('mqtt_auth')), false)");
    if (!allowed) {
        return tl::unexpected(allowed.error());
    }
    if (*allowed != "t") {
        return fail(
            ErrorKind::unusable,
            fmt::format("role {} may not set passwords: grant mqtt_auth_admin to it, or "
                        "connect as another one",
                        quote(*role)));
    }
    const auto found =
        ask(connection, "SELECT true FROM mqtt_auth.clients WHERE username = $1", {username});
    if (!found) {
        return tl::unexpected(found.error());
    }
    if (*found != "t") {
        return fail(ErrorKind::invalid_input,
                    fmt::format("client {} does not exist: create it with "
                                "mqtt_auth.create_client(...)",
                                quote(username)));
    }
    return {};
}

Result<ExitStatus> run(const Call& call) {
    auto connection = connect(call.database);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    if (const auto there = require_client(*connection, call.username); !there) {
        return tl::unexpected(there.error());
    }
    const auto policy = PasswordPolicy::read(*connection);
    if (!policy) {
        return tl::unexpected(policy.error());
    }
    const auto secret = new_secret(
        fmt::format("new password of {}", quote(call.username)), call.format, *policy);
    if (!secret) {
        return tl::unexpected(secret.error());
    }
    const auto done = ask(*connection,
                          "SELECT mqtt_auth.set_password($1, secret => $2)",
                          {call.username, *secret});
    if (!done) {
        return tl::unexpected(done.error());
    }
    std::cout << fmt::format("{} has a new password\n", quote(call.username));
    return ExitStatus::good;
}

}  // namespace

void add_passwd(CLI::App& pgauth, Chosen& chosen) {
    CLI::App* const command = pgauth.add_subcommand(
        "passwd", "Gives a client a new password, which never leaves this machine");
    command->footer(examples);
    const auto call = std::make_shared<Call>();
    command->add_option("USERNAME", call->username, "Whose password it is")->required();
    add_format_option(*command, call->format);
    add_database_options(*command, call->database);
    command->callback([&chosen, call] { chosen = [call] { return run(*call); }; });
}

}  // namespace pgauth::tool
