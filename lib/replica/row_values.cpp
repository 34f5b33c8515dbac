#include "replica/row_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/quote.hpp"

namespace pgauth {

namespace {

using nlohmann::json;

tl::unexpected<Error> refuse(std::string_view column,
                             const Field& field,
                             std::string_view accepted) {
    return fail(
        ErrorKind::invalid_input,
        fmt::format("{}: {}: use {}", column, field ? quote(*field) : "null", accepted));
}

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
    Number number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

std::optional<json> json_in(const Field& field) {
    json value = json::parse(field->begin(), field->end(), nullptr, false);
    return value.is_discarded() ? std::nullopt : std::optional(std::move(value));
}

// A bound in seconds since 1970. An infinity that lies beyond everything is no bound at all;
// a bound that no Instant can hold is the nearest that one can.
std::optional<Instant> to_instant(double seconds, double unbounded) {
    if (seconds == unbounded) {
        return std::nullopt;
    }
    using Seconds = std::chrono::duration<double>;
    constexpr Seconds earliest = Instant::min().time_since_epoch();
    constexpr Seconds latest = Instant::max().time_since_epoch();
    if (seconds >= latest.count()) {
        return Instant::max();
    }
    if (seconds <= earliest.count()) {
        return Instant::min();
    }
    return Instant(std::chrono::duration_cast<Instant::duration>(Seconds(seconds)));
}

Result<std::optional<Instant>> parse_bound(std::string_view column,
                                           const Field& field,
                                           double unbounded) {
    if (!field) {
        return std::nullopt;
    }
    const auto seconds = number_in<double>(*field);
    if (!seconds || std::isnan(*seconds)) {
        return refuse(column, field, "a time");
    }
    return to_instant(*seconds, unbounded);
}

Result<std::optional<TextPattern>> parse_pattern(std::string_view column,
                                                 PatternSyntax syntax,
                                                 const Field& field) {
    if (!field) {
        return std::nullopt;
    }
    auto pattern = TextPattern::parse(syntax, *field);
    if (!pattern) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: {}", column, pattern.error().message));
    }
    return std::optional(*std::move(pattern));
}

std::optional<Permission> permission_in(const Field& field) {
    return field == "read"        ? std::optional(Permission::read)
           : field == "write"     ? std::optional(Permission::write)
           : field == "readWrite" ? std::optional(Permission::read_write)
                                  : std::nullopt;
}

std::optional<int> priority_in(const Field& field) {
    return field ? number_in<int>(*field) : std::nullopt;
}

}  // namespace

Result<std::string> parse_name(std::string_view column, const Field& field) {
    if (!field || field->empty()) {
        return refuse(column, field, "a name");
    }
    return std::string(*field);
}

Result<bool> parse_bool(std::string_view column, const Field& field) {
    if (field != "t" && field != "f") {
        return refuse(column, field, "true or false");
    }
    return field == "t";
}

Result<std::int64_t> parse_integer(std::string_view column, const Field& field) {
    const auto number = field ? number_in<std::int64_t>(*field) : std::nullopt;
    if (!number) {
        return refuse(column, field, "a whole number");
    }
    return *number;
}

Result<std::vector<std::string>> parse_list(std::string_view column, const Field& field) {
    if (field == "[]") {
        return std::vector<std::string>();  // what most rows say
    }
    const auto list = field ? json_in(field) : std::nullopt;
    const auto is_text = [](const json& item) { return item.is_string(); };
    if (!list || !list->is_array() || !std::all_of(list->begin(), list->end(), is_text)) {
        return refuse(column, field, "an array without nulls");
    }
    return list->get<std::vector<std::string>>();
}

Result<Window> parse_window(const Field& from, const Field& until) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const auto opens = parse_bound("valid_from", from, -infinity);
    if (!opens) {
        return tl::unexpected(opens.error());
    }
    const auto closes = parse_bound("valid_until", until, infinity);
    if (!closes) {
        return tl::unexpected(closes.error());
    }
    return Window{*opens, *closes};
}

Result<MethodSet> parse_methods(std::string_view column, const Field& field) {
    MethodSet methods;
    if (!field) {
        return methods;
    }
    const auto names = parse_list(column, field);
    if (!names) {
        return tl::unexpected(names.error());
    }
    for (const std::string& name : *names) {
        const auto method = parse_method(name);
        if (!method) {
            return refuse(column, name, "password, certificate, psk");
        }
        methods.insert(*method);
    }
    return methods;
}

Result<std::vector<Network>> parse_networks(const Field& field) {
    const auto blocks = parse_list("networks", field);
    if (!blocks) {
        return tl::unexpected(blocks.error());
    }
    if (blocks->empty()) {
        return refuse("networks", field, "null for any address, or at least one network");
    }
    std::vector<Network> networks;
    for (const std::string& block : *blocks) {
        const auto network = Network::parse(block);
        if (!network) {
            return fail(ErrorKind::invalid_input, "networks: " + network.error().message);
        }
        networks.push_back(*network);
    }
    return networks;
}

Result<AclEntry> parse_entry(const EntryRow& row, std::string owner) {
    if (row.effect != "allow" && row.effect != "deny") {
        return refuse("effect", row.effect, "allow or deny");
    }
    const auto permission = permission_in(row.permission);
    if (!permission) {
        return refuse("permission", row.permission, "read, write or readWrite");
    }
    const auto priority = priority_in(row.priority);
    if (!priority) {
        return refuse("priority", row.priority, "a whole number of 32 bits");
    }
    auto topic = row.topic ? TopicPattern::parse(*row.topic)
                           : refuse("topic", row.topic, "a topic filter");
    if (!topic) {
        return tl::unexpected(topic.error());
    }
    const auto id = parse_integer("id", row.id);
    if (!id) {
        return tl::unexpected(id.error());
    }
    AclEntry entry{.id = *id,
                   .effect = row.effect == "allow" ? Effect::allow : Effect::deny,
                   .permission = *permission,
                   .topic = *std::move(topic),
                   .priority = *priority,
                   .max_qos = std::nullopt,
                   .allow_retain = true,
                   .owner = std::move(owner)};
    if (row.max_qos) {
        entry.max_qos = number_in<int>(*row.max_qos);
        if (!entry.max_qos || *entry.max_qos < 0 || *entry.max_qos > 2) {
            return refuse("max_qos", row.max_qos, "0, 1 or 2");
        }
    }
    if (row.allow_retain) {
        const auto allow_retain = parse_bool("allow_retain", row.allow_retain);
        if (!allow_retain) {
            return tl::unexpected(allow_retain.error());
        }
        entry.allow_retain = *allow_retain;
    }
    return entry;
}

std::optional<AclEntry> denial_of(const EntryRow& row, std::string owner) {
    if (row.effect == "allow") {
        return std::nullopt;
    }
    return AclEntry{
        .id = parse_integer("id", row.id).value_or(0),
        .effect = Effect::deny,
        .permission = permission_in(row.permission).value_or(Permission::read_write),
        .topic = TopicPattern::everything(),
        .priority = priority_in(row.priority).value_or(std::numeric_limits<int>::max()),
        .max_qos = std::nullopt,
        .allow_retain = true,
        .owner = std::move(owner)};
}

Result<GroupRule> parse_rule(const RuleRow& row) {
    GroupRule rule;
    const auto name = parse_name("name", row.name);
    if (!name) {
        return tl::unexpected(name.error());
    }
    rule.name = *name;
    const auto enabled = parse_bool("enabled", row.enabled);
    if (!enabled) {
        return tl::unexpected(enabled.error());
    }
    rule.enabled = *enabled;
    const auto syntax = row.syntax ? parse_pattern_syntax(*row.syntax) : std::nullopt;
    if (!syntax) {
        return refuse("syntax", row.syntax, "exact, glob or regex");
    }
    using Pattern = std::tuple<std::string_view, const Field&, std::optional<TextPattern>&>;
    const std::array<Pattern, 6> patterns{{
        {"client_name", row.client_name, rule.client_name},
        {"username", row.username, rule.username},
        {"client_id", row.client_id, rule.client_id},
        {"fingerprint", row.fingerprint, rule.fingerprint},
        {"common_name", row.common_name, rule.common_name},
        {"subject_alt_name", row.subject_alt_name, rule.subject_alt_name},
    }};
    for (const auto& [column, field, target] : patterns) {
        auto pattern = parse_pattern(column, *syntax, field);
        if (!pattern) {
            return tl::unexpected(pattern.error());
        }
        target = *std::move(pattern);
    }
    if (row.address) {
        const auto network = Network::parse(*row.address);
        if (!network) {
            return fail(ErrorKind::invalid_input, "address: " + network.error().message);
        }
        rule.address = *network;
    }
    if (row.method) {
        rule.method = parse_method(*row.method);
        if (!rule.method) {
            return refuse("method", row.method, "password, certificate, psk");
        }
    }
    return rule;
}

}  // namespace pgauth
