// pgauth hash: a password to a secret, for `secret =>` in SQL.

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "command.hpp"
#include "new_secret.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  pgauth hash\n"
    "  pgauth hash --format scram-sha-256\n"
    "  psql mqtt -v hash=\"$(pgauth hash)\" <<< \\\n"
    "      \"SELECT mqtt_auth.create_client('Press 8', username => 'press-8', secret => "
    ":'hash')\"\n\n"
    "At a terminal the password is asked for twice; else it is the one line on standard input.";

Result<ExitStatus> run(const std::string& format) {
    return new_secret("password", format).map([](const std::string& secret) {
        std::cout << secret << '\n';
        return ExitStatus::good;
    });
}

}  // namespace

void add_hash(CLI::App& pgauth, Chosen& chosen) {
    CLI::App* const command =
        pgauth.add_subcommand("hash", "Prints the hash of a password, for secret => in SQL");
    command->footer(examples);
    const auto format = std::make_shared<std::string>("argon2id");
    add_format_option(*command, *format);
    command->callback([&chosen, format] { chosen = [format] { return run(*format); }; });
}

}  // namespace pgauth::tool
