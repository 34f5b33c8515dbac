#include "store/connection_parameters.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <string_view>
#include <utility>

#include <libpq-fe.h>

#include "base/quote.hpp"

namespace pgauth {

namespace {

// Where the string does not say otherwise. A server that has gone without a word is noticed in
// half a minute; text is UTF-8, as in MQTT.
constexpr std::array<std::pair<const char*, const char*>, 7> defaults{{
    {"application_name", "mosquitto-pgauth"},
    {"client_encoding", "UTF8"},
    {"connect_timeout", "10"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},
}};

Result<ConnectionParameters> parse(const std::string& connection) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(connection.c_str(), &message), &PQconninfoFree);
    if (options == nullptr) {
        PQfreemem(message);  // it may quote the string
        return fail(ErrorKind::invalid_input,
                    "libpq cannot read it: use a URI like "
                    "`postgresql://broker@db.example/mqtt` or `host=db.example dbname=mqtt`");
    }
    ConnectionParameters parameters;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) {
            parameters.emplace(option->keyword, option->val);
        }
    }
    return parameters;
}

bool is_local(std::string_view host) {
    // A name may begin like an address: 127.0.0.1.example.com.
    const bool is_v4_loopback = host.starts_with("127.") &&
                                host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost" ||
           host == "::1" || is_v4_loopback;
}

// `hosts`: a comma-separated list, as libpq has it.
bool all_local(std::string_view hosts) {
    for (;;) {
        const std::size_t comma = hosts.find(',');
        if (!is_local(hosts.substr(0, comma))) {
            return false;
        }
        if (comma == std::string_view::npos) {
            return true;
        }
        hosts.remove_prefix(comma + 1);
    }
}

Result<void> require_verified_tls(ConnectionParameters& parameters) {
    const std::string mode = effective_value(parameters, "sslmode", "PGSSLMODE");
    const bool local = effective_value(parameters, "service", "PGSERVICE").empty() &&
                       all_local(effective_value(parameters, "host", "PGHOST")) &&
                       all_local(effective_value(parameters, "hostaddr", "PGHOSTADDR"));
    if (local || mode == "verify-full") {
        return {};
    }
    if (!mode.empty()) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("sslmode {} does not verify the server: use "
                                "sslmode=verify-full, or write database.tls: unverified",
                                quote(mode)));
    }
    parameters["sslmode"] = "verify-full";
    return {};
}

}  // namespace

Result<ConnectionParameters> connection_parameters(const DatabaseOptions& options) {
    auto parameters = parse(options.connection);
    if (!parameters) {
        return tl::unexpected(parameters.error());
    }
    if (options.tls == DatabaseTls::verify_full) {
        if (const auto verified = require_verified_tls(*parameters); !verified) {
            return tl::unexpected(verified.error());
        }
    }
    for (const auto& [keyword, value] : defaults) {
        parameters->try_emplace(keyword, value);
    }
    return parameters;
}

std::string describe_database(const DatabaseOptions& options) {
    const auto parameters = parse(options.connection).value_or(ConnectionParameters());
    const auto said = [&](const char* keyword, const char* variable, const char* otherwise) {
        const std::string value = effective_value(parameters, keyword, variable);
        return value.empty() ? std::string(otherwise) : value;
    };
    const std::string host = said("host", "PGHOST", "");
    return fmt::format("{} at {}:{}",
                       quote(said("dbname", "PGDATABASE", "its default database")),
                       quote(host.empty() ? said("hostaddr", "PGHOSTADDR", "") : host),
                       quote(said("port", "PGPORT", "")));
}

Result<void> check_connection_string(const std::string& connection) {
    return parse(connection).map([](const ConnectionParameters&) {});
}

std::string effective_value(const ConnectionParameters& parameters,
                            const char* keyword,
                            const char* variable) {
    const auto found = parameters.find(keyword);
    if (found != parameters.end() && !found->second.empty()) {
        return found->second;
    }
    // libpq reads the environment in every connection attempt as well.
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? "" : value;
}

}  // namespace pgauth
