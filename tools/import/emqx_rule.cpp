#include "import/emqx_rule.hpp"

#include <algorithm>
#include <array>

#include "import/foreign.hpp"

namespace pgauth::tool {

namespace {

std::optional<Effect> effect_of(std::string_view permission, std::string_view allow) {
    if (permission == "allow" || allow == "1") {
        return Effect::allow;
    }
    return permission == "deny" || allow == "0" ? std::optional(Effect::deny) : std::nullopt;
}

std::optional<Permission> permission_of(std::string_view action, std::string_view access) {
    if (action == "subscribe" || action == "sub" || access == "1") {
        return Permission::read;
    }
    if (action == "publish" || action == "pub" || access == "2") {
        return Permission::write;
    }
    const bool is_both = action == "all" || access == "3";
    return is_both ? std::optional(Permission::read_write) : std::nullopt;
}

}  // namespace

std::string EmqxRule::columns_of(const std::set<std::string>& columns) {
    return as_texts(columns,
                    {"id",
                     "permission",
                     "allow",
                     "action",
                     "access",
                     "username",
                     "clientid",
                     columns.contains("ipaddress") ? "ipaddress" : "ipaddr",
                     "topic",
                     "qos",
                     "retain"});
}

std::optional<EmqxRule> EmqxRule::read(const PgConnection::Row& row) {
    const auto text = [&](std::size_t i) { return std::string(row[i].value_or("")); };
    const auto effect = effect_of(text(1), text(2));
    const auto permission = permission_of(text(3), text(4));
    if (!effect || !permission) {
        return std::nullopt;
    }
    EmqxRule rule;
    rule.place = text(0).empty() ? "mqtt_acl" : "mqtt_acl " + text(0);
    rule.effect = *effect;
    rule.permission = *permission;
    const std::array whom{text(5), text(6), text(7)};
    rule.is_for_all = std::ranges::find(whom, "$all") != whom.end();
    if (!rule.is_for_all) {
        rule.username = whom[0];
        rule.client_id = whom[1];
        rule.address = whom[2];
    }
    rule.topic = text(8);
    rule.qos = text(9);
    rule.retain = text(10);
    return rule;
}

std::optional<int> EmqxRule::max_qos() const {
    constexpr int any = 2;
    std::string digits = qos;
    std::erase_if(digits, [](char c) { return c == ' ' || c == ','; });
    std::ranges::sort(digits);
    if (digits.empty()) {
        return any;
    }
    return std::string_view("012").starts_with(digits)
               ? std::optional(static_cast<int>(digits.size()) - 1)
               : std::nullopt;
}

std::string without_placeholders(std::string_view topic) {
    constexpr std::array<std::string_view, 3> placeholders{"${", "%u", "%c"};
    std::string made;
    for (;;) {
        const std::size_t slash = topic.find('/');
        const std::string_view level = topic.substr(0, slash);
        const bool holds_one = std::ranges::any_of(placeholders, [&](std::string_view one) {
            return level.find(one) != std::string_view::npos;
        });
        made += holds_one ? std::string_view("+") : level;
        if (slash == std::string_view::npos) {
            return made;
        }
        made += '/';
        topic.remove_prefix(slash + 1);
    }
}

}  // namespace pgauth::tool
