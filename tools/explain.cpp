// pgauth explain: who would this connection be, in which groups, and may it do that.

#include <CLI/CLI.hpp>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/quote.hpp"
#include "command.hpp"
#include "config/load_options.hpp"
#include "database.hpp"
#include "explanation.hpp"
#include "explanation_text.hpp"
#include "identity/read_certificate.hpp"
#include "replica/replica_file.hpp"
#include "store/connection_parameters.hpp"
#include "store/replica_loader.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  pgauth explain --username press-7 publish plant/1/press-7/temperature\n"
    "  pgauth explain --config /etc/mosquitto/pgauth.yaml --certificate press-6.crt \\\n"
    "      --address 10.1.2.3 subscribe 'plant/1/#'\n"
    "  pgauth explain --replica /var/lib/mosquitto/pgauth.replica --username press-7 --json "
    "\\\n"
    "      receive plant/1/press-7/config\n\n"
    "No password is asked for: without --method the answer says what would have to be proven.\n"
    "--config says how the broker reads the tables; without it, as it does by default.\n"
    "Exit status: 0 it gets in and may; 1 it does not, or may not; 2 it could not be found "
    "out.";

struct Call {
    std::optional<std::string> username;
    std::optional<std::string> client_id;
    std::string address;
    std::string certificate;
    std::vector<std::string> methods;
    std::string action;
    std::string topic;
    int qos = 0;
    bool retain = false;
    std::string config;
    std::string replica;
    DatabaseChoice database;
    bool json = false;
};

tl::unexpected<Error> refuse(std::string_view option, const std::string& problem) {
    return fail(ErrorKind::invalid_input, fmt::format("{}: {}", option, problem));
}

Result<Certificate> read_certificate_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return refuse("--certificate", fmt::format("{} cannot be read", quote(path)));
    }
    std::string pem(max_pem_bytes + 1, '\0');
    file.read(pem.data(), static_cast<std::streamsize>(pem.size()));
    pem.resize(static_cast<std::size_t>(file.gcount()));
    auto certificate = read_certificate_pem(pem);
    return certificate
               ? std::move(certificate)
               : refuse("--certificate",
                        fmt::format("{}: {}", quote(path), certificate.error().message));
}

Result<std::optional<Action>> read_action(const std::string& text) {
    constexpr std::array actions{Action::publish, Action::subscribe, Action::receive};
    for (const Action action : actions) {
        if (text == to_string(action)) {
            return action;
        }
    }
    return text.empty() ? Result<std::optional<Action>>(std::nullopt)
                        : fail(ErrorKind::invalid_input,
                               fmt::format("{} is no action: use publish, subscribe or receive",
                                           quote(text)));
}

Result<std::optional<MethodSet>> read_methods(const std::vector<std::string>& names) {
    MethodSet methods;
    for (const std::string& name : names) {
        const auto method = parse_method(name);
        if (!method) {
            return refuse(
                "--method",
                fmt::format("{} is no method: use password, certificate or psk", quote(name)));
        }
        methods.insert(*method);
    }
    return names.empty() ? std::nullopt : std::optional(methods);
}

Result<Question> question_of(const Call& call) {
    Question question;
    question.topic = call.topic;
    question.qos = call.qos;
    question.retain = call.retain;
    question.username = call.username;
    question.client_id = call.client_id;
    const auto action = read_action(call.action);
    const auto methods = read_methods(call.methods);
    if (!action || !methods) {
        return tl::unexpected(action ? methods.error() : action.error());
    }
    question.action = *action;
    question.methods = *methods;
    if (question.action && call.topic.empty()) {
        return fail(ErrorKind::invalid_input, call.action + ": name a topic behind it");
    }
    if (!call.address.empty()) {
        const auto address = IpAddress::parse(call.address);
        if (!address) {
            return refuse("--address", address.error().message);
        }
        question.address = *address;
    }
    if (!call.certificate.empty()) {
        auto certificate = read_certificate_file(call.certificate);
        if (!certificate) {
            return tl::unexpected(certificate.error());
        }
        question.certificate = *std::move(certificate);
    }
    return question;
}

Result<Options> options_of(const Call& call) {
    if (call.config.empty()) {
        return Options{};
    }
    return load_options({{"config", call.config}});
}

// Where the tables are read from, and the tables.
struct Tables {
    std::string source;
    std::shared_ptr<const Replica> replica;
};

Result<Tables> load_file(const std::string& path) {
    auto content = inspect_replica_file(path);
    if (!content) {
        return tl::unexpected(content.error());
    }
    if (!*content) {
        return refuse("--replica", fmt::format("there is no file {}", quote(path)));
    }
    return Tables{fmt::format("replica file {} of {}", quote(path), (*content)->database),
                  std::move((*content)->last_good.replica)};
}

Result<Tables> load_database(const DatabaseOptions& options) {
    auto connection = connect(options);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    if (const auto fits = check_schema_version(*connection); !fits) {
        return tl::unexpected(fits.error());
    }
    auto loaded =
        load_replica(*connection, nullptr, nullptr, [](std::string_view, std::size_t) {});
    if (!loaded) {
        return tl::unexpected(loaded.error());
    }
    return Tables{"database " + describe_database(options), std::move(loaded->replica)};
}

// --connection goes before the database of --config.
Result<Tables> load_tables(const Call& call, const Options& options) {
    if (!call.replica.empty()) {
        return load_file(call.replica);
    }
    if (!call.config.empty() && call.database.connection.empty()) {
        return load_database(options.database);
    }
    const auto database = database_options(call.database);
    return database ? load_database(*database) : tl::unexpected(database.error());
}

Result<ExitStatus> run(const Call& call) {
    const auto question = question_of(call);
    if (!question) {
        return tl::unexpected(question.error());
    }
    const auto options = options_of(call);
    if (!options) {
        return tl::unexpected(options.error());
    }
    const auto tables = load_tables(call, *options);
    if (!tables) {
        return tl::unexpected(tables.error());
    }
    const Explanation told =
        explain(*tables->replica, *options, *question, std::chrono::system_clock::now());
    std::cout << (call.json ? to_json(*question, told, tables->source)
                            : to_text(*question, told, tables->source));
    return told.allowed() ? ExitStatus::good : ExitStatus::bad;
}

void add_connection_options(CLI::App& command, Call& call) {
    command.add_option("--address", call.address, "The address that it comes from");
    command
        .add_option("--certificate", call.certificate, "The certificate that it shows, in PEM")
        ->type_name("FILE");
    command
        .add_option("--method",
                    call.methods,
                    "What it is assumed to prove: password, certificate, psk; may be repeated")
        ->type_name("METHOD")
        ->allow_extra_args(false);
}

}  // namespace

void add_explain(CLI::App& pgauth, Chosen& chosen) {
    CLI::App* const command = pgauth.add_subcommand(
        "explain", "Who would a connection be, and may it do that, and by which row");
    command->footer(examples);
    const auto call = std::make_shared<Call>();
    command->add_option("--username", call->username, "The username that it sends");
    command->add_option(
        "--client-id", call->client_id, "The client id that it sends; else its username");
    add_connection_options(*command, *call);
    command->add_option("ACTION", call->action, "publish, subscribe or receive");
    command->add_option("TOPIC", call->topic, "A topic, or a topic filter to subscribe to");
    command->add_option("--qos", call->qos, "0 (the default), 1 or 2: quality of service")
        ->check(CLI::Range(0, 2));
    command->add_flag("--retain", call->retain, "A publish that is to be retained");
    command->add_option("--replica", call->replica, "Read a replica file, not the database")
        ->type_name("FILE");
    command->add_option("--config", call->config, "The plugin's pgauth.yaml")
        ->type_name("FILE");
    add_database_options(*command, call->database);
    command->add_flag("--json", call->json, "For programs");
    command->callback([&chosen, call] { chosen = [call] { return run(*call); }; });
}

}  // namespace pgauth::tool
