#include "comparison/comparison_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/quote.hpp"
#include "comparison/broker_process.hpp"
#include "comparison/comparison.hpp"

namespace pgauth::tool {

namespace {

using std::filesystem::path;

constexpr const char* default_questions = "5000";

// --- where things are -----------------------------------------------------------------------

// The first that is there; none: empty.
std::string first_existing(const std::vector<path>& candidates) {
    const auto found = std::ranges::find_if(candidates, [](const path& candidate) {
        std::error_code ignored;
        return std::filesystem::is_regular_file(candidate, ignored);
    });
    return found == candidates.end() ? "" : found->lexically_normal().string();
}

// Installed, or as it lies in the directory that it was built in.
Result<std::string> find_plugin(const std::string& chosen) {
    std::error_code ignored;
    const path here = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    const std::string found = first_existing(
        chosen.empty() ? std::vector<path>{here / ".." / PGAUTH_LIBDIR / "mosquitto_pgauth.so",
                                           here / "../plugin/mosquitto_pgauth.so"}
                       : std::vector<path>{chosen});
    return !found.empty()
               ? std::filesystem::absolute(found).string()
               : Result<std::string>(
                     fail(ErrorKind::invalid_input,
                          fmt::format("{} is not there: name mosquitto_pgauth.so with --plugin",
                                      quote(chosen.empty() ? "mosquitto_pgauth.so" : chosen))));
}

// In the library directories of the prefix that Mosquitto is installed in.
Result<std::string> find_dynamic_security(const std::string& chosen,
                                          const std::string& mosquitto) {
    constexpr const char* name = "mosquitto_dynamic_security.so";
    std::vector<path> candidates{chosen};
    if (chosen.empty()) {
        std::error_code ignored;
        const path folder = std::filesystem::canonical(mosquitto, ignored).parent_path();
        candidates.clear();
        for (const path& prefix : {folder / "..", folder / "usr"}) {
            candidates.push_back(prefix / "lib" / name);
            for (const auto& entry :
                 std::filesystem::directory_iterator(prefix / "lib", ignored)) {
                candidates.push_back(entry.path() / name);
            }
        }
    }
    const std::string found = first_existing(candidates);
    return !found.empty() ? std::filesystem::absolute(found).string()
                          : Result<std::string>(fail(
                                ErrorKind::invalid_input,
                                fmt::format("{} is not there: name Mosquitto's own plugin with "
                                            "--dynamic-security-plugin",
                                            quote(chosen.empty() ? name : chosen))));
}

// --- what is printed ------------------------------------------------------------------------

std::string_view to_string(Answer answer) {
    switch (answer) {
        case Answer::allowed:
            return "allowed";
        case Answer::denied:
            return "denied";
        case Answer::cut:
            break;
    }
    return "disconnected";
}

std::string_view to_string(Asked asked) {
    switch (asked) {
        case Asked::login:
            return "logs in as";
        case Asked::other_login:
            return "logs in with another client id,";
        case Asked::publish:
            return "publish";
        case Asked::subscribe:
            return "subscribe";
        case Asked::receive:
            break;
    }
    return "receive";
}

std::string name_of(const std::optional<std::string>& username) {
    return username ? quote(*username) : "without a username:";
}

std::string line_of(const Difference& one) {
    return fmt::format("{} {} {}: old {}, new {}{}\n",
                       name_of(one.username),
                       to_string(one.asked),
                       quote(one.about),
                       to_string(one.old_answer),
                       to_string(one.new_answer),
                       one.why.empty() ? "" : fmt::format(" ({})", one.why));
}

// Of each kind the first in full, and how many more there are.
void print(const std::vector<Difference>& differences, std::ostream& out) {
    std::size_t of_a_kind = 0;
    for (std::size_t index = 0; index < differences.size(); ++index) {
        const Difference& one = differences[index];
        of_a_kind = index > 0 && is_alike(one, differences[index - 1]) ? of_a_kind + 1 : 1;
        if (of_a_kind <= explained_of_a_kind) {
            out << line_of(one);
        }
        const bool is_last =
            index + 1 == differences.size() || !is_alike(one, differences[index + 1]);
        if (is_last && of_a_kind > explained_of_a_kind) {
            out << fmt::format("and {} more: {}: old {}, new {}\n",
                               of_a_kind - explained_of_a_kind,
                               to_string(one.asked),
                               to_string(one.old_answer),
                               to_string(one.new_answer));
        }
    }
}

void show_progress(std::size_t done, std::size_t all) {
    if (isatty(STDERR_FILENO) == 1) {
        std::cerr << fmt::format("\rcomparing: {} of {} clients ", done, all)
                  << (done == all ? "\r\033[K" : "") << std::flush;
    }
}

Result<ComparisonOptions> options_for(const Plan& plan,
                                      const OldFiles& files,
                                      const ComparisonChoice& choice) {
    if (files.password_file.empty() && files.acl_file.empty() &&
        files.dynamic_security.empty()) {
        return fail(ErrorKind::invalid_input,
                    "--compare: only Mosquitto's own access control can be run here: use it "
                    "with --password-file and --acl-file, or --dynamic-security");
    }
    const auto mosquitto = find_program(choice.mosquitto);
    const auto plugin = find_plugin(choice.plugin);
    if (!mosquitto || !plugin) {
        return tl::unexpected(mosquitto ? plugin.error() : mosquitto.error());
    }
    const auto dynamic_security =
        files.dynamic_security.empty()
            ? Result<std::string>()
            : find_dynamic_security(choice.dynamic_security_plugin, *mosquitto);
    const bool overlapping = choice.subscribe.empty() ? plan.proposes_overlapping()
                                                      : choice.subscribe == "overlapping";
    return dynamic_security.map([&](const std::string& path_of_it) {
        return ComparisonOptions{
            .questions = choice.questions,
            .seed = choice.seed,
            .mosquitto = *mosquitto,
            .plugin = *plugin,
            .dynamic_security_plugin = path_of_it,
            .subscribe = overlapping ? SubscribeMode::overlapping : SubscribeMode::covered};
    });
}

}  // namespace

void add_comparison_options(CLI::App& command, ComparisonChoice& choice) {
    command
        .add_option("--compare",
                    choice.questions,
                    "Ask Mosquitto with the old files, and Mosquitto with what was planned, so "
                    "many questions, and list where the answers differ")
        ->expected(0, 1)
        ->default_str(default_questions)
        ->type_name("N");
    command.add_option("--seed", choice.seed, "Of the questions: the same asks the same")
        ->type_name("N")
        ->capture_default_str();
    command
        .add_option("--subscribe",
                    choice.subscribe,
                    "Compare with authorization.subscribe: as proposed, unless told")
        ->check(CLI::IsMember({"covered", "overlapping"}))
        ->type_name("MODE");
    command.add_option("--mosquitto", choice.mosquitto, "The broker to compare with")
        ->type_name("FILE")
        ->capture_default_str();
    command.add_option("--plugin", choice.plugin, "mosquitto_pgauth.so, to compare with")
        ->envname("PGAUTH_PLUGIN")
        ->type_name("FILE");
    command
        .add_option("--dynamic-security-plugin",
                    choice.dynamic_security_plugin,
                    "mosquitto_dynamic_security.so, to compare with")
        ->type_name("FILE");
}

Result<std::optional<Comparison>> compare_as_chosen(const Plan& plan,
                                                    const OldFiles& files,
                                                    const ComparisonChoice& choice) {
    if (choice.questions == 0) {
        return std::nullopt;
    }
    const auto options = options_for(plan, files, choice);
    return !options
               ? tl::unexpected(options.error())
               : compare(plan, files, *options, show_progress).map([](Comparison compared) {
                     return std::optional(std::move(compared));
                 });
}

void print_comparison(const Comparison& compared,
                      const ComparisonChoice& choice,
                      std::ostream& out) {
    print(compared.differences, out);
    if (compared.empty_subscriptions > 0) {
        out << fmt::format(
            "{} subscriptions are granted by one and refused by the other, and bring nothing\n",
            compared.empty_subscriptions);
    }
    out << fmt::format("compared: {} questions about {} clients (seed {}): {}\n",
                       compared.questions,
                       compared.clients,
                       choice.seed,
                       compared.differences.empty()
                           ? "old and new answer alike"
                           : fmt::format("{} answers differ", compared.differences.size()));
}

void print_comparison_json(const Comparison& compared,
                           const ComparisonChoice& choice,
                           std::ostream& out) {
    using nlohmann::json;
    json differences = json::array();
    for (const Difference& one : compared.differences) {
        differences.push_back({{"username", one.username ? json(*one.username) : json()},
                               {"asked", to_string(one.asked)},
                               {"about", one.about},
                               {"old", to_string(one.old_answer)},
                               {"new", to_string(one.new_answer)},
                               {"why", one.why.empty() ? json() : json(one.why)}});
    }
    const json line = {{"comparison",
                        {{"questions", compared.questions},
                         {"clients", compared.clients},
                         {"seed", choice.seed},
                         {"empty_subscriptions", compared.empty_subscriptions},
                         {"differences", std::move(differences)}}}};
    out << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
}

}  // namespace pgauth::tool
