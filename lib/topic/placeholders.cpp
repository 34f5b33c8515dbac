#include "topic/placeholders.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/control_characters.hpp"
#include "base/quote.hpp"

namespace pgauth {

namespace {

constexpr std::string_view key_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

bool holds_placeholder(std::string_view level) noexcept {
    constexpr std::array<std::string_view, 3> starts{"%u", "%c", "%{"};
    return std::any_of(starts.begin(), starts.end(), [&](std::string_view start) {
        return level.find(start) != std::string_view::npos;
    });
}

// The key of `%{key}`, empty if `level` is not exactly that.
std::string_view attribute_key(std::string_view level) noexcept {
    if (!level.starts_with("%{") || !level.ends_with('}')) {
        return {};
    }
    const std::string_view key = level.substr(2, level.size() - 3);
    return key.find_first_not_of(key_characters) == std::string_view::npos ? key
                                                                           : std::string_view{};
}

std::optional<std::string_view> attribute(const Attributes* attributes,
                                          std::string_view key) noexcept {
    if (attributes == nullptr) {
        return std::nullopt;
    }
    const auto found = attributes->find(key);
    return found == attributes->end() ? std::nullopt
                                      : std::optional<std::string_view>(found->second);
}

std::optional<std::string_view> offered_value(const Level& placeholder,
                                              const PlaceholderValues& values) noexcept {
    switch (placeholder.kind) {
        case LevelKind::username:
            return values.username;
        case LevelKind::client_id:
            return values.client_id;
        case LevelKind::attribute:
            return attribute(values.attributes, placeholder.text);
        case LevelKind::literal:
        case LevelKind::single:
        case LevelKind::multi:
        case LevelKind::everything:
            break;
    }
    return std::nullopt;
}

}  // namespace

Result<Level> parse_placeholder(std::string_view level) {
    if (!holds_placeholder(level)) {
        return Level{LevelKind::literal, std::string(level)};
    }
    if (level == "%u") {
        return Level{LevelKind::username, {}};
    }
    if (level == "%c") {
        return Level{LevelKind::client_id, {}};
    }
    if (const std::string_view key = attribute_key(level); !key.empty()) {
        return Level{LevelKind::attribute, std::string(key)};
    }
    return fail(
        ErrorKind::invalid_input,
        fmt::format("{}: placeholders stand for whole levels: use `%u`, `%c` or "
                    "`%{{key}}` (letters, digits, `_`, `.`, `-`) between slashes, as in "
                    "`plant/%u/temp`",
                    quote(level)));
}

bool is_placeholder_value(std::string_view value) noexcept {
    const auto lacks = [&](char character) {
        return value.find(character) == std::string_view::npos;
    };
    return !value.empty() && lacks('/') && lacks('+') && lacks('#') &&
           !has_control_character(value);
}

std::optional<std::string_view> placeholder_value(const Level& placeholder,
                                                  const PlaceholderValues& values) noexcept {
    const std::optional<std::string_view> value = offered_value(placeholder, values);
    return value && is_placeholder_value(*value) ? value : std::nullopt;
}

}  // namespace pgauth
