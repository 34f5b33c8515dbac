#include "support/random_policy.hpp"

#include <fmt/format.h>
#include <iterator>
#include <map>
#include <set>

#include "support/test_database.hpp"

namespace pgauth::testing {

std::string join(const Words& words, const char* between) {
    return fmt::format("{}", fmt::join(words, between));
}

std::string literal(const Text& text) {
    return text ? quote_literal(*text) : "NULL";
}

std::string array_of(const Words& words) {
    Words literals;
    std::transform(words.begin(), words.end(), std::back_inserter(literals), quote_literal);
    return fmt::format("ARRAY[{}]::text[]", join(literals, ", "));
}

std::string any_regex(Dice& dice, int depth) {
    std::string expression;
    do {
        expression += expression.empty() ? "" : "|";
        for (std::size_t left = dice.below(3) + 1; left > 0; --left) {
            const bool is_group = depth > 0 && dice.once_in(4);
            expression +=
                is_group ? "(" + any_regex(dice, depth - 1) + ")"
                         : dice.of({"a",      "b",   "p",   "7",    "ö",    "-",     "%",
                                    "_",      "/",   ".",   "[ab]", "[^a]", "[a-z]", "[-7]",
                                    "[0-9ö]", "\\.", "\\*", "\\$",  "\\\\", "press-"});
            expression += dice.once_in(2) ? ""
                          : is_group      ? dice.of({"*", "+", "?"})
                                          : dice.of({"*", "+", "?", "{2}", "{0,3}", "{1,}"});
        }
    } while (dice.once_in(4));
    return expression;
}

namespace {

// Names of clients, client ids, certificates: what patterns and topics can trip over.
Words all_names() {
    return {"a",
            "b",
            "ab",
            "$s",
            "a/b",
            "größe",
            "press-7",
            "press-77",
            "a.b",
            "a*b",
            "50%",
            "a_b",
            "a\\b"};
}

Words all_groups() {
    return {"g0", "g1", "g2", "g3", "g4"};
}

Words all_networks() {
    return {"10.0.0.0/8",
            "10.1.0.0/16",
            "10.1.2.3/32",
            "0.0.0.0/0",
            "::/0",
            "fd00::/8",
            "192.0.2.7/32",
            "::ffff:10.0.0.0/104"};
}

Words all_addresses() {
    return {"10.1.2.3", "10.2.0.1", "192.0.2.7", "fd00::1", "::ffff:10.1.2.3", "2001:db8::1"};
}

Words known_methods() {
    return {"password", "certificate", "psk"};
}

Words all_fingerprints() {
    return {"SHA256:" + std::string(64, 'a'), "SHA256:" + std::string(64, 'b')};
}

// A pattern with a fair chance of matching some name.
std::string any_pattern(Dice& dice, const std::string& syntax, const Words& values) {
    std::string value = dice.of(values);
    if (syntax == "exact") {
        return value;
    }
    if (syntax == "regex") {
        return dice.once_in(3) ? ".*" + any_regex(dice, 2) : any_regex(dice, 2);
    }
    const std::size_t at = dice.below(value.size());
    if (static_cast<unsigned char>(value[at]) < 0x80) {
        value.replace(at, 1, dice.of({"?", "*", "**", "a"}));
    }
    return value;
}

std::string any_rule(Dice& dice, std::size_t number) {
    const std::string syntax = dice.of({"exact", "glob", "glob", "regex"});
    const Words texts{
        "client_name", "username", "client_id", "common_name", "subject_alt_name"};
    std::map<std::string, std::string> conditions;
    for (const std::string& column : dice.some(texts, 2)) {
        conditions[column] = quote_literal(any_pattern(dice, syntax, all_names()));
    }
    if (dice.once_in(6)) {
        conditions["fingerprint"] =
            quote_literal(syntax == "exact"  ? dice.of(all_fingerprints())
                          : syntax == "glob" ? "SHA256:a*"
                                             : ".*b+");
    }
    if (dice.once_in(4)) {
        conditions["address"] = quote_literal(dice.of(all_networks()));
    }
    if (dice.once_in(4)) {
        conditions["method"] = quote_literal(dice.of(known_methods()));
    }
    std::string columns;
    std::string values;
    for (const auto& [column, value] : conditions) {
        columns += ", " + column;
        values += ", " + value;
    }
    std::string sql = fmt::format(
        "INSERT INTO mqtt_auth.group_rules (name, enabled, syntax{}) VALUES ('rule {}', {}, "
        "'{}'{});\n",
        columns,
        number,
        !dice.once_in(8),
        syntax,
        values);
    for (const std::string& group : dice.some(all_groups(), 2)) {
        sql += fmt::format(
            "INSERT INTO mqtt_auth.group_rule_groups VALUES ('rule {}', '{}') ON "
            "CONFLICT DO NOTHING;\n",
            number,
            group);
    }
    return sql;
}

// Few words, so that entries and questions meet.
std::string any_filter(Dice& dice, const Words& words) {
    if (dice.once_in(10)) {
        // Some of which match the same topics, since no topic is empty.
        return dice.of({"#", "+/#", "/#", "/+/#", "+/+/#", "/+"});
    }
    Words levels = dice.some(words, 3);
    if (dice.once_in(3)) {
        levels.back() = "#";
    }
    const std::string filter = join(levels, "/");
    return filter.empty() ? "a" : filter;
}

std::string any_entry(Dice& dice, const Words& clients) {
    const bool denies = dice.once_in(3);
    const bool is_own = dice.once_in(3);
    return fmt::format(
        "INSERT INTO mqtt_auth.acls (group_name, username, effect, permission, topic, "
        "priority, "
        "max_qos, allow_retain) VALUES ({}, {}, '{}', '{}', {}, {}, {}, {});\n",
        is_own ? "NULL" : quote_literal(dice.of(all_groups())),
        is_own ? quote_literal(dice.of(clients)) : "NULL",
        denies ? "deny" : "allow",
        dice.of({"read", "write", "readWrite"}),
        quote_literal(any_filter(dice,
                                 {"a",
                                  "b",
                                  "",
                                  "$s",
                                  "+",
                                  "+",
                                  "%u",
                                  "%c",
                                  "%{k}",
                                  "%{n}",
                                  "%{t}",
                                  "größe",
                                  "50%"})),
        dice.of({"-1", "0", "0", "0", "1", "2147483647"}),
        denies ? "NULL" : dice.of({"NULL", "NULL", "0", "1", "2"}),
        denies ? "NULL" : dice.of({"NULL", "true", "false"}));
}

std::string any_client(Dice& dice, const std::string& username) {
    const std::string attributes =
        fmt::format(R"({{"k": "{}", "n": {}, "t": {}, "other": "x"}})",
                    dice.of({"", "a", "b", "$s", "a/b", "+", "#", "größe"}),
                    dice.of({"7", "1.10", "-0", "12345678901234567890123", "1e2"}),
                    dice.of({"true", "null"}));
    std::string sql = fmt::format(
        "INSERT INTO mqtt_auth.clients (username, name, enabled, client_id, attributes) VALUES "
        "({}, {}, {}, {}, {});\n",
        quote_literal(username),
        literal(dice.maybe(all_names())),
        !dice.once_in(5),
        literal(dice.maybe({"*", "%u", "%u-?", "press-*"})),
        quote_literal(attributes));
    for (const std::string& group : dice.some(all_groups(), 2)) {
        sql += fmt::format(
            "INSERT INTO mqtt_auth.group_members VALUES ('{}', {}) ON CONFLICT DO NOTHING;\n",
            group,
            quote_literal(username));
    }
    return sql;
}

}  // namespace

std::string any_policy(Dice& dice) {
    Words clients = all_names();
    clients.resize(8);
    std::string sql =
        "TRUNCATE mqtt_auth.clients, mqtt_auth.groups, mqtt_auth.group_rules CASCADE;\n"
        "INSERT INTO mqtt_auth.groups (name) SELECT unnest(" +
        array_of(all_groups()) + ");\n";
    for (const std::string& username : clients) {
        sql += any_client(dice, username);
    }
    for (std::size_t number = dice.below(8); number > 0; --number) {
        sql += any_rule(dice, number);
    }
    for (std::size_t left = dice.below(60) + 5; left > 0; --left) {
        sql += any_entry(dice, clients);
    }
    return sql;
}

Question any_question(Dice& dice) {
    const Words words{
        "a", "a", "b", "", "$s", "fresh", "größe", "7", "1.10", "true", "press-7"};
    Words wild = words;
    wild.insert(wild.end(), {"+", "+", "+", "%u", "$share"});
    Question question;
    question.username = dice.once_in(8) ? dice.maybe({"nobody"}) : Text(dice.of(all_names()));
    question.action =
        std::vector{Action::publish, Action::subscribe, Action::receive}[dice.below(3)];
    question.topic = dice.once_in(20)
                         ? dice.of({"", "a+", "#/a", "a/#/b", "$share/g", "$share//a"})
                     : question.action == Action::subscribe ? any_filter(dice, wild)
                                                            : join(dice.some(words, 3), "/");
    if (question.action == Action::subscribe && dice.once_in(5)) {
        question.topic = "$share/workers/" + question.topic;
    }
    question.client_id = dice.once_in(10) ? dice.of({"", "a+b", "#"}) : dice.of(all_names());
    question.qos = static_cast<int>(dice.below(3));
    question.retain = dice.once_in(2);
    question.address = dice.maybe(all_addresses());
    if (dice.once_in(2)) {
        const std::set<std::string> proven = [&] {
            const Words some = dice.some(known_methods(), 2);
            return std::set<std::string>(some.begin(), some.end());
        }();
        question.methods.assign(proven.begin(), proven.end());
    }
    if (dice.once_in(2)) {
        question.fingerprint = dice.of(all_fingerprints());
        question.common_name = dice.maybe(all_names());
        question.subject_alt_names = dice.some(all_names(), 2);
    }
    question.authz.subscribe =
        dice.once_in(2) ? SubscribeMode::covered : SubscribeMode::overlapping;
    question.authz.client_ids =
        dice.once_in(3) ? ClientIdTrust::bound : ClientIdTrust::believed;
    question.anonymous_group = dice.maybe({"g0", "no such group"});
    return question;
}

}  // namespace pgauth::testing
