#include "import/foreign.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "base/quote.hpp"
#include "config/text.hpp"
#include "database.hpp"
#include "password/password_hash.hpp"
#include "policy/identifier.hpp"
#include "topic/topic_pattern.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* superusers = "superusers";

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
    std::string made;
    for (;;) {
        const std::size_t found = text.find(what);
        made += text.substr(0, found);
        if (found == std::string_view::npos) {
            return made;
        }
        made += with;
        text.remove_prefix(found + what.size());
    }
}

// One that the old one pasted into the filter, as more than one level.
bool spans_levels(std::optional<std::string_view> username) {
    return username && username->find('/') != std::string_view::npos;
}

Result<std::string> translate_level(std::string_view level,
                                    std::initializer_list<OldPlaceholder> placeholders,
                                    std::optional<std::string_view> username) {
    std::string made(level);
    for (const auto& [old, ours] : placeholders) {
        const bool is_known_name = ours == "%u" && username;
        if (level == old && !(is_known_name && spans_levels(username))) {
            return std::string(ours);
        }
        if (made.find(old) == std::string::npos) {
            continue;
        }
        if (!is_known_name) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{} is a part of a level, and can only be a whole one here",
                                    quote(old)));
        }
        made = replaced(made, old, *username);
    }
    return made;
}

}  // namespace

Result<PgConnection> open_foreign(std::string_view place, const DatabaseOptions& options) {
    const auto placed = [place](const Error& error) {
        return fail(error.kind, fmt::format("{}: {}", place, error.message));
    };
    auto connection = connect(options);
    if (!connection) {
        return placed(connection.error());
    }
    const auto begun =
        connection->execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return begun ? std::move(connection) : placed(begun.error());
}

Result<std::set<std::string>> columns_of(PgConnection& connection, const std::string& table) {
    std::set<std::string> columns;
    return connection
        .query(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND "
            "attnum > 0 AND NOT attisdropped",
            {table},
            [&](const auto& row) { columns.emplace(*row[0]); })
        .map([&] { return std::move(columns); });
}

std::string as_texts(const std::set<std::string>& columns,
                     std::initializer_list<std::string_view> wanted) {
    std::vector<std::string> made;
    for (const std::string_view column : wanted) {
        made.push_back(columns.contains(std::string(column))
                           ? fmt::format("\"{}\"::text", column)
                           : "NULL::text");
    }
    return fmt::format("{}", fmt::join(made, ", "));
}

std::optional<std::string> why_no_client_id(std::string_view pattern) {
    if (!is_safe_identifier(pattern) || find_flaw(pattern, Layout::one_line)) {
        return "holds `+`, `#` or a control character, or is not UTF-8: no client id does here";
    }
    if (pattern.find("%c") != std::string_view::npos ||
        pattern.find("%{") != std::string_view::npos) {
        return "holds another placeholder than `%u`";
    }
    return std::nullopt;
}

Result<void> check_secret(std::string_view secret) {
    return PasswordHash::parse(secret).map([](const PasswordHash&) {});
}

std::string without_password(const Error& why) {
    return fmt::format(
        "without a password, since its hash cannot be stored ({}): `pgauth passwd USERNAME` "
        "gives it one",
        why.message);
}

std::optional<bool> read_switch(std::string_view text) {
    constexpr std::array<std::string_view, 5> on{"true", "t", "1", "yes", "on"};
    constexpr std::array<std::string_view, 5> off{"false", "f", "0", "no", "off"};
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    if (std::ranges::find(on, lower) != on.end()) {
        return true;
    }
    return std::ranges::find(off, lower) != off.end() ? std::optional(false) : std::nullopt;
}

Result<std::string> translate_topic(std::string_view topic,
                                    std::initializer_list<OldPlaceholder> placeholders,
                                    std::optional<std::string_view> username) {
    std::string made;
    for (std::string_view rest = topic;;) {
        const std::size_t slash = rest.find('/');
        auto level = translate_level(rest.substr(0, slash), placeholders, username);
        if (!level) {
            return level;
        }
        made += *level;
        if (slash == std::string_view::npos) {
            break;
        }
        made += '/';
        rest.remove_prefix(slash + 1);
    }
    const auto pattern = TopicPattern::parse(made);
    return pattern ? Result<std::string>(made) : tl::unexpected(pattern.error());
}

void add_superuser(Plan& plan, const std::string& username, int priority) {
    plan.add_group(superusers, "May do everything, as before the import");
    plan.client(username).groups.insert(superusers);
    for (const char* topic : {"#", "$SYS/#"}) {
        plan.add({.group_name = superusers,
                  .permission = Permission::read_write,
                  .topic = topic,
                  .priority = priority,
                  .from = superusers});
    }
}

void add_rights(Plan& plan,
                const std::string& username,
                const std::set<std::string>& readable,
                const std::set<std::string>& writable,
                const std::string& from) {
    const auto add = [&](Permission permission, const std::string& topic) {
        plan.add(
            {.username = username, .permission = permission, .topic = topic, .from = from});
    };
    for (const std::string& topic : readable) {
        add(writable.contains(topic) ? Permission::read_write : Permission::read, topic);
    }
    for (const std::string& topic : writable) {
        if (!readable.contains(topic)) {
            add(Permission::write, topic);
        }
    }
}

}  // namespace pgauth::tool
