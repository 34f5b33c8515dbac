// pgauth: the administrator's tool. Reads the command line, runs one command, reports.

#include <CLI/CLI.hpp>
#include <array>
#include <exception>
#include <fmt/format.h>
#include <iostream>
#include <string>
#include <vector>

#include "base/quote.hpp"
#include "command.hpp"

namespace pgauth::tool {

namespace {

constexpr std::array commands{
    add_check, add_explain, add_hash, add_import, add_migrate, add_passwd};

constexpr const char* examples =
    "Examples:\n"
    "  pgauth hash\n"
    "  pgauth passwd press-7\n"
    "  pgauth check --mosquitto-conf /etc/mosquitto/mosquitto.conf\n"
    "  pgauth explain --username press-7 publish plant/1/press-7/temperature\n"
    "  pgauth import --password-file /etc/mosquitto/passwd --acl-file /etc/mosquitto/acl\n"
    "  pgauth migrate --dry-run\n\n"
    "pgauth COMMAND --help shows what a command can be told. Exit status: 0 done, right or\n"
    "allowed; 1 wrong or denied; 2 it could not be done. Manual: pgauth(1).";

int report(const std::string& problem) {
    std::cerr << "pgauth: " << problem << '\n';
    return static_cast<int>(ExitStatus::failed);
}

// What CLI11 has to say, in one line. An argument that is not expected may be a password that
// somebody thought had its place there: only the names of options are repeated.
std::string describe(const CLI::ParseError& problem, const CLI::App& app) {
    std::string text = problem.what();
    const std::vector<CLI::App*> called = app.get_subcommands();
    if (called.empty()) {
        text = "name a command: check, explain, hash, import, migrate or passwd";
    } else if (dynamic_cast<const CLI::ExtrasError*>(&problem) != nullptr) {
        const std::vector<std::string> extras = app.remaining(true);
        const bool is_option = !extras.empty() && extras.front().starts_with("-");
        text = is_option
                   ? fmt::format("there is no option {}",
                                 quote(extras.front().substr(0, extras.front().find('='))))
                   : "an argument too many";
    } else if (!text.empty()) {
        text = text.substr(0, text.find('\n'));
    }
    return fmt::format("{}: see pgauth {}--help",
                       text,
                       called.empty() ? "" : called.front()->get_name() + " ");
}

int run(int argc, const char* const* argv) {
    CLI::App app("Looks after the MQTT clients in schema mqtt_auth (mosquitto-pgauth).",
                 "pgauth");
    app.require_subcommand(1);
    app.set_version_flag("--version", "pgauth " PGAUTH_VERSION);
    app.footer(examples);
    Chosen chosen;
    for (const auto add : commands) {
        add(app, chosen);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        if (problem.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
            return app.exit(problem);  // --help and --version are exceptions too
        }
        return report(describe(problem, app));
    }
    const Result<ExitStatus> done = chosen();
    if (!done) {
        return report(done.error().message);
    }
    // A hash that was lost because a disk is full must not look like one that was printed.
    return std::cout.flush() ? static_cast<int>(*done)
                             : report("standard output cannot be written");
}

}  // namespace

}  // namespace pgauth::tool

int main(int argc, char** argv) {
    try {
        return pgauth::tool::run(argc, argv);
    } catch (const std::exception& bug) {
        std::cerr << "pgauth: " << bug.what() << '\n';
        return static_cast<int>(pgauth::tool::ExitStatus::failed);
    }
}
