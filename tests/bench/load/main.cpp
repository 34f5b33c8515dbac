// pgauth_bench_load: makes a load on a broker of 127.0.0.1, and says as JSON what came of it.
//
//   pgauth_bench_load messages --port 1883 --publishers 1 --subscribers 100 --qos 1
//
// tests/bench/run and logins start it. Ends with 1 where something was lost or refused, with 2
// where it was not understood, and says so in one line.

#include <array>
#include <charconv>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <span>
#include <system_error>

#include "bench/load/failure.hpp"
#include "bench/load/scenarios.hpp"

namespace {

using namespace pgauth::load;

class NotUnderstood : public Failure {
  public:
    using Failure::Failure;
};

struct Setting {
    std::string_view name;
    void (*set)(Options& options, const Setting& setting, std::string_view value);
};

struct Bounds {
    std::size_t least;
    std::size_t most;
};

std::size_t number(const Setting& setting, std::string_view value, const Bounds& bounds) {
    std::size_t found = 0;
    const char* end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, found);
    if (error != std::errc() || rest != end || found < bounds.least || found > bounds.most) {
        throw NotUnderstood(fmt::format("{}: `{}` is not a number from {} to {}",
                                        setting.name,
                                        value,
                                        bounds.least,
                                        bounds.most));
    }
    return found;
}

template <std::size_t Options::*member, std::size_t least, std::size_t most>
void set_number(Options& options, const Setting& setting, std::string_view value) {
    options.*member = number(setting, value, {least, most});
}

constexpr std::size_t most_clients = 10'000;
constexpr std::size_t most_messages = 10'000'000;
constexpr std::size_t most_bytes = 1'000'000;
constexpr std::size_t most_on_their_way = 65'535;  // packet ids
constexpr std::size_t most_milliseconds = 3'600'000;
constexpr std::size_t last_port = 65'535;
constexpr std::size_t last_process = 1U << 22U;  // the kernel's own limit

constexpr std::array<Setting, 14> settings{{
    {"--port",
     [](Options& options, const Setting& setting, std::string_view value) {
         options.port = static_cast<int>(number(setting, value, {1, last_port}));
     }},
    {"--process",
     [](Options& options, const Setting& setting, std::string_view value) {
         options.process = static_cast<int>(number(setting, value, {1, last_process}));
     }},
    {"--username",
     [](Options& options, const Setting&, std::string_view value) {
         options.username = value;
     }},
    {"--password",
     [](Options& options, const Setting&, std::string_view value) {
         options.password = value;
     }},
    {"--topic",
     [](Options& options, const Setting&, std::string_view value) { options.topic = value; }},
    {"--version",
     [](Options& options, const Setting&, std::string_view value) {
         if (value != "3.1.1" && value != "5" && value != "both") {
             throw NotUnderstood(fmt::format(
                 "--version: `{}` is not a version of MQTT: 3.1.1, 5, both", value));
         }
         options.versions = value == "both"    ? Versions::in_turn
                            : value == "3.1.1" ? Versions::v3_1_1
                                               : Versions::v5;
     }},
    {"--qos",
     [](Options& options, const Setting& setting, std::string_view value) {
         options.qos = static_cast<int>(number(setting, value, {0, 1}));
     }},
    {"--milliseconds",
     [](Options& options, const Setting& setting, std::string_view value) {
         options.time =
             std::chrono::milliseconds(number(setting, value, {1, most_milliseconds}));
     }},
    {"--publishers", set_number<&Options::publishers, 1, most_clients>},
    {"--subscribers", set_number<&Options::subscribers, 1, most_clients>},
    {"--connections", set_number<&Options::connections, 1, most_clients>},
    {"--payload", set_number<&Options::payload, 0, most_bytes>},
    {"--window", set_number<&Options::window, 1, most_on_their_way>},
    {"--retained", set_number<&Options::retained, 1, most_messages>},
}};

struct Scenario {
    std::string_view name;
    Figures (*run)(const Options& options);
};

constexpr std::array<Scenario, 5> scenarios{{
    {"messages", exchange_messages},
    {"pings",
     [](const Options& options) {
         Options with_pings = options;
         with_pings.pings = Pings::every_millisecond;
         return exchange_messages(with_pings);
     }},
    {"retained", receive_retained},
    {"connects", come_and_go},
    {"watch", watch},
}};

template <typename Table>
const auto& find(const Table& table, std::string_view name, std::string_view what) {
    for (const auto& row : table) {
        if (row.name == name) {
            return row;
        }
    }
    std::string known;
    for (const auto& row : table) {
        known += fmt::format("{}{}", known.empty() ? "" : ", ", row.name);
    }
    throw NotUnderstood(fmt::format("`{}` is not {}: {}", name, what, known));
}

Figures run(std::span<const char* const> arguments) {
    if (arguments.empty()) {
        throw NotUnderstood(
            "what to do comes first: messages, pings, retained, connects or watch");
    }
    const Scenario& scenario = find(scenarios, arguments.front(), "something to do");
    Options options;
    for (auto rest = arguments.subspan(1); !rest.empty(); rest = rest.subspan(2)) {
        const Setting& setting = find(settings, rest[0], "an option");
        if (rest.size() == 1) {
            throw NotUnderstood(fmt::format("{}: its value is missing", setting.name));
        }
        setting.set(options, setting, rest[1]);
    }
    return scenario.run(options);
}

int fail(const char* problem, int status) {
    fmt::print(stderr, "pgauth_bench_load: {}\n", problem);
    return status;
}

}  // namespace

int main(int count, char** arguments) {
    constexpr int failed = 1;
    constexpr int not_understood = 2;
    try {
        const std::span<const char* const> all(arguments, static_cast<std::size_t>(count));
        std::string json;
        for (const auto& [name, value] : run(all.subspan(1))) {
            json += fmt::format("{}\"{}\": {}", json.empty() ? "{" : ", ", name, value);
        }
        fmt::print("{}}}\n", json);
        return 0;
    } catch (const NotUnderstood& problem) {
        return fail(problem.what(), not_understood);
    } catch (const std::exception& problem) {
        return fail(problem.what(), failed);
    }
}
