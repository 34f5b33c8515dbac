// pgauth import: the clients and rights of another access control, into the tables.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <string>
#include <unistd.h>

#include "command.hpp"
#include "comparison/comparison_command.hpp"
#include "database.hpp"
#include "import/foreign_options.hpp"
#include "import/plan.hpp"
#include "import/report.hpp"
#include "import/source.hpp"
#include "import/store_plan.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  pgauth import --password-file /etc/mosquitto/passwd --acl-file /etc/mosquitto/acl\n"
    "  pgauth import --dynamic-security /var/lib/mosquitto/dynamic-security.json --write\n"
    "  pgauth import --go-auth-conf /etc/mosquitto/mosquitto.conf\n"
    "  pgauth import --emqx 'host=db.example dbname=emqx user=reader'\n"
    "  pgauth import --csv clients.csv --csv entries.csv --write\n"
    "  pgauth import --password-file passwd --acl-file acl --compare --subscribe covered\n\n"
    "Says what becomes what, what will answer otherwise here, and what is lost and why. It\n"
    "changes nothing without --write, and with it all or nothing. It can be repeated: rows "
    "that\n"
    "are not in the source are never touched. The role needs mqtt_auth_admin.\n"
    "--compare runs Mosquitto with the old files and with the plan, and asks both the same.\n"
    "Exit status: 0 all is carried; 1 something differs or is lost; 2 it could not be done.";

struct Call {
    std::string password_file;
    std::string acl_file;
    std::string dynamic_security;
    bool write = false;
    bool replace = false;
    bool json = false;
    ForeignSources foreign;
    ComparisonChoice comparison;
    DatabaseChoice database;
};

// A source as the command line knows it. password_file and acl_file are one together.
struct Source {
    const char* option;
    const char* help;
    const char* type;
    std::string Call::*value;
    Result<void> (*read)(const std::string& from, Plan& plan);
    int system;  // those of different systems do not go together
};

// Read in this order.
constexpr std::array sources{
    Source{
        "--password-file", "Of Mosquitto", "FILE", &Call::password_file, read_password_file, 1},
    Source{"--acl-file", "Of Mosquitto", "FILE", &Call::acl_file, read_acl_file, 1},
    Source{"--dynamic-security",
           "What Mosquitto's dynamic-security plugin writes",
           "FILE",
           &Call::dynamic_security,
           read_dynamic_security,
           2},
};

std::string all_options() {
    std::string text;
    for (const Source& source : sources) {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", source.option);
    }
    return fmt::format("{}, {}", text, foreign_options);
}

// On a terminal only: one line that is written over.
void show_progress(std::string_view kind, std::size_t done, std::size_t all) {
    if (isatty(STDERR_FILENO) == 1) {
        constexpr const char* clear = "\r\x1b[K";
        std::cerr << clear;
        if (done < all) {
            std::cerr << fmt::format("{}: {} of {}", kind, done, all);
        }
        std::cerr << std::flush;
    }
}

Result<Plan> read_sources(const Call& call) {
    Plan plan;
    int system = 0;
    for (const Source& source : sources) {
        const std::string& value = call.*source.value;
        if (value.empty()) {
            continue;
        }
        if (system != 0 && system != source.system) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{}: that is another source: import one after the other",
                                    source.option));
        }
        system = source.system;
        if (const auto read = source.read(value, plan); !read) {
            return tl::unexpected(read.error());
        }
    }
    if (call.foreign.is_any()) {
        if (system != 0) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{}: that is another source: import one after the other",
                                    foreign_options));
        }
        const auto read = read_foreign(call.foreign, call.database.tls, plan, show_progress);
        return read ? Result<Plan>(std::move(plan)) : tl::unexpected(read.error());
    }
    if (system == 0) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("name what to import: use {}", all_options()));
    }
    if (!call.password_file.empty() && call.acl_file.empty()) {
        plan.note(
            Verdict::differs,
            "acl_file",
            "without one Mosquitto lets everybody publish and read everything; here nobody "
            "may do anything without an entry: name it with --acl-file, or allow with "
            "mqtt_auth.allow(...)");
    }
    return plan;
}

Result<ExitStatus> run(const Call& call) {
    const auto plan = read_sources(call);
    if (!plan) {
        return tl::unexpected(plan.error());
    }
    const auto compared = compare_as_chosen(
        *plan, {call.password_file, call.acl_file, call.dynamic_security}, call.comparison);
    if (!compared) {
        return tl::unexpected(compared.error());
    }
    auto connection = connect(call.database);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    if (const auto begun = connection->execute("BEGIN"); !begun) {
        return tl::unexpected(begun.error());
    }
    const auto stored = store_plan(*connection,
                                   *plan,
                                   call.replace ? Existing::replaced : Existing::left_alone,
                                   show_progress);
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    const bool writes = call.write && stored->refused.empty();
    if (const auto ended = connection->execute(writes ? "COMMIT" : "ROLLBACK"); !ended) {
        return tl::unexpected(ended.error());
    }
    const ImportReport report{.plan = *plan, .stored = *stored, .written = writes};
    (call.json ? print_json : print_text)(report, std::cout);
    if (*compared) {
        (call.json ? print_comparison_json : print_comparison)(
            **compared, call.comparison, std::cout);
    }
    if (!stored->refused.empty()) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("the database refuses {} rows: nothing was written",
                                stored->refused.size()));
    }
    const bool all_alike = !*compared || (*compared)->differences.empty();
    return std::max(report.status(), all_alike ? ExitStatus::good : ExitStatus::bad);
}

}  // namespace

void add_import(CLI::App& pgauth, Chosen& chosen) {
    CLI::App* const command = pgauth.add_subcommand(
        "import", "Takes over the clients and rights of another access control");
    command->footer(examples);
    const auto call = std::make_shared<Call>();
    for (const Source& source : sources) {
        command->add_option(source.option, (*call).*source.value, source.help)
            ->type_name(source.type);
    }
    add_foreign_options(*command, call->foreign);
    command->add_flag("--write", call->write, "Writes it; without, nothing is changed");
    command->add_flag(
        "--replace", call->replace, "What is there and differs takes the imported value");
    command->add_flag("--json", call->json, "One line of JSON, with every entry");
    add_comparison_options(*command, call->comparison);
    add_database_options(*command, call->database);
    command->callback([&chosen, call] { chosen = [call] { return run(*call); }; });
}

}  // namespace pgauth::tool
