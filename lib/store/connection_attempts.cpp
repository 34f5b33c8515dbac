#include "store/connection_attempts.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace pgauth {

namespace {

using std::chrono::seconds;

constexpr const char* standard_port =
    "5432";  // for an empty place in a list, whatever PGPORT says

// As libpq has it: no text is no list, one comma is a list of two empty values.
std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> values;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        values.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) {
            break;
        }
        list.remove_prefix(comma + 1);
        if (list.empty()) {
            values.emplace_back();
        }
    }
    return values;
}

struct Lists {
    std::vector<std::string> hosts;
    std::vector<std::string> addresses;
    std::vector<std::string> ports;

    [[nodiscard]] std::size_t count() const { return std::max(hosts.size(), addresses.size()); }

    // One server each, and every one of them named.
    [[nodiscard]] bool fit() const {
        const auto fits = [this](const std::vector<std::string>& list) {
            return list.empty() || list.size() == count();
        };
        for (std::size_t i = 0; i < count(); ++i) {
            const bool named = (i < hosts.size() && !hosts[i].empty()) ||
                               (i < addresses.size() && !addresses[i].empty());
            if (!named) {
                return false;
            }
        }
        return fits(hosts) && fits(addresses) && (ports.size() == 1 || fits(ports));
    }
};

// Nothing where it is for libpq to find the servers.
std::optional<Lists> find_lists(const ConnectionParameters& parameters) {
    const auto says = [&](const char* keyword) {
        const auto found = parameters.find(keyword);
        return found != parameters.end() && !found->second.empty();
    };
    if (!says("host") && !says("hostaddr") &&
        !effective_value(parameters, "service", "PGSERVICE").empty()) {
        return std::nullopt;
    }
    Lists lists{split(effective_value(parameters, "host", "PGHOST")),
                split(effective_value(parameters, "hostaddr", "PGHOSTADDR")),
                split(effective_value(parameters, "port", "PGPORT"))};
    return lists.count() > 1 && lists.fit() ? std::optional(std::move(lists)) : std::nullopt;
}

std::vector<ConnectionParameters> take_apart(const ConnectionParameters& parameters,
                                             const Lists& lists) {
    std::vector<ConnectionParameters> servers;
    for (std::size_t i = 0; i < lists.count(); ++i) {
        ConnectionParameters server = parameters;
        if (!lists.hosts.empty()) {
            server["host"] = lists.hosts[i];
        }
        if (!lists.addresses.empty()) {
            server["hostaddr"] = lists.addresses[i];
        }
        if (!lists.ports.empty()) {
            const std::string& port = lists.ports.size() == 1 ? lists.ports[0] : lists.ports[i];
            server["port"] = port.empty() ? standard_port : port;
        }
        servers.push_back(std::move(server));
    }
    if (effective_value(parameters, "load_balance_hosts", "PGLOADBALANCEHOSTS") == "random") {
        static thread_local std::minstd_rand random{std::random_device{}()};
        std::shuffle(servers.begin(), servers.end(), random);
    }
    return servers;
}

// A standby, and if there is none, any: alone a host would be taken as it is.
std::vector<ConnectionParameters> in_two_rounds(std::vector<ConnectionParameters> servers) {
    const std::size_t count = servers.size();
    servers.reserve(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
        servers.push_back(servers[i]);
        servers[i]["target_session_attrs"] = "standby";
        servers.back()["target_session_attrs"] = "any";
    }
    return servers;
}

seconds timeout_of(const ConnectionParameters& parameters) {
    const std::string text =
        effective_value(parameters, "connect_timeout", "PGCONNECT_TIMEOUT");
    seconds::rep given = 0;  // stays so where it is no number
    std::from_chars(text.data(), text.data() + text.size(), given);
    return given <= 0 ? longest_connect_timeout
                      : std::min(seconds(given), longest_connect_timeout);
}

}  // namespace

std::vector<ConnectionAttempt> connection_attempts(const ConnectionParameters& parameters) {
    std::vector<ConnectionParameters> servers{parameters};
    if (const auto lists = find_lists(parameters)) {
        servers = take_apart(parameters, *lists);
        if (effective_value(parameters, "target_session_attrs", "PGTARGETSESSIONATTRS") ==
            "prefer-standby") {
            servers = in_two_rounds(std::move(servers));
        }
    }
    std::vector<ConnectionAttempt> attempts;
    attempts.reserve(servers.size());
    for (ConnectionParameters& server : servers) {
        attempts.push_back({std::move(server), timeout_of(parameters)});
    }
    return attempts;
}

}  // namespace pgauth
