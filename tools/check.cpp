// pgauth check: is everything as it should be, and where not, what to do.

#include "check.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <sys/stat.h>
#include <vector>

#include "base/quote.hpp"
#include "command.hpp"
#include "database.hpp"
#include "store/connection_parameters.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  pgauth check --mosquitto-conf /etc/mosquitto/mosquitto.conf\n"
    "  pgauth check --config /etc/mosquitto/pgauth.yaml\n"
    "  pgauth check --strict --connection postgresql://mosquitto@db.example/mqtt\n\n"
    "One line for each finding: `ok`, `warning` or `error`, where, what, what to do.\n"
    "Exit status: 0 no errors; 1 errors, or with --strict warnings; 2 nothing could be "
    "checked.";

struct Call {
    std::string config;
    std::string mosquitto_conf;
    DatabaseChoice database;
    bool strict = false;
};

// One configuration that a broker would run with.
struct Configuration {
    std::string place;
    std::vector<PluginOption> given;
};

std::vector<Configuration> configurations_in(const MosquittoConf& conf) {
    std::vector<Configuration> found;
    for (const PluginLoad* const plugin : conf.ours()) {
        const bool is_known =
            std::any_of(found.begin(), found.end(), [&](const Configuration& other) {
                return std::equal(plugin->options.begin(),
                                  plugin->options.end(),
                                  other.given.begin(),
                                  other.given.end(),
                                  [](const PluginOption& one, const PluginOption& two) {
                                      return one.key == two.key && one.value == two.value;
                                  });
            });
        if (!is_known) {
            found.push_back({plugin->place, plugin->options});
        }
    }
    return found;
}

// A file with a password in it that others can read.
void check_config_file(const Configuration& configuration,
                       const Options& options,
                       Findings& findings) {
    for (const PluginOption& option : configuration.given) {
        struct stat file {};

        const auto parameters = connection_parameters(options.database);
        if (option.key == "config" && stat(option.value.c_str(), &file) == 0 &&
            (file.st_mode & S_IROTH) != 0 && parameters && parameters->contains("password")) {
            findings.warning(option.value,
                             "it holds the database's password, and everybody can read it",
                             "chmod 0640 and chgrp mosquitto, or use passfile=");
        }
    }
}

std::optional<Options> check_configuration(const Configuration& configuration,
                                           Findings& findings) {
    auto options = load_options(configuration.given);
    if (!options) {
        findings.error(configuration.place, options.error().message);
        return std::nullopt;
    }
    findings.ok(configuration.place, "the configuration can be read");
    check_config_file(configuration, *options, findings);
    return *std::move(options);
}

void check_one(const Options& options,
               const std::optional<std::string>& broker_user,
               Findings& findings) {
    check_database(options, findings);
    check_replica_file(options, broker_user, findings);
}

Result<void> check_mosquitto_conf(const std::string& path, Findings& findings) {
    const auto conf = read_mosquitto_conf(path);
    if (!conf) {
        return tl::unexpected(conf.error());
    }
    const auto configurations = configurations_in(*conf);
    if (configurations.empty()) {
        findings.error(path,
                       "no line loads mosquitto_pgauth.so, so nothing here is asked of it",
                       "add `plugin …/mosquitto_pgauth.so` and `plugin_opt_config …`");
    }
    std::vector<Options> all;
    for (const Configuration& configuration : configurations) {
        if (auto options = check_configuration(configuration, findings)) {
            all.push_back(*std::move(options));
        }
    }
    check_listeners(*conf, all.empty() ? Options() : all.front(), findings);
    for (const Options& options : all) {
        check_one(options, conf->user, findings);
    }
    return {};
}

Result<ExitStatus> run(const Call& call) {
    Findings findings(std::cout);
    if (call.config.empty() && call.mosquitto_conf.empty() &&
        call.database.connection.empty()) {
        return fail(ErrorKind::invalid_input,
                    "check: name what to check: --mosquitto-conf, --config or --connection");
    }
    if (!call.mosquitto_conf.empty()) {
        if (const auto checked = check_mosquitto_conf(call.mosquitto_conf, findings);
            !checked) {
            return tl::unexpected(checked.error());
        }
    }
    if (!call.config.empty()) {
        if (const auto options = check_configuration(
                {call.config, {PluginOption{"config", call.config}}}, findings)) {
            check_one(*options, std::nullopt, findings);
        }
    }
    if (!call.database.connection.empty()) {
        auto database = database_options(call.database);
        if (!database) {
            return tl::unexpected(database.error());
        }
        Options options;
        options.database = *std::move(database);
        check_database(options, findings);
    }
    const bool good = findings.errors() == 0 && !(call.strict && findings.warnings() > 0);
    return good ? ExitStatus::good : ExitStatus::bad;
}

}  // namespace

void add_check(CLI::App& pgauth, Chosen& chosen) {
    CLI::App* const command = pgauth.add_subcommand(
        "check", "Looks at configuration, database, replica file and listeners");
    command->footer(examples);
    const auto call = std::make_shared<Call>();
    command
        ->add_option("--mosquitto-conf",
                     call->mosquitto_conf,
                     "The broker's file: its listeners, and the plugin's options in it")
        ->type_name("FILE");
    command->add_option("--config", call->config, "The plugin's pgauth.yaml")
        ->type_name("FILE");
    add_database_options(*command, call->database);
    command->add_flag(
        "--strict", call->strict, "Warnings count like errors in the exit status");
    command->callback([&chosen, call] { chosen = [call] { return run(*call); }; });
}

}  // namespace pgauth::tool
