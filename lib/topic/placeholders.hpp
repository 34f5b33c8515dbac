// Placeholders: whole levels of an ACL entry's filter that a session fills in.
//
//   PlaceholderValues values{.username = "press-7", .client_id = "press-7-a",
//                            .attributes = &client.attributes};
//   placeholder_value(level, values)       // "press-7" for `%u`, nothing where it is no use
//
// The grammar, which the database mirrors: a level that contains `%u`, `%c` or `%{` must be as
// a whole `%u`, `%c` or `%{key}`, where key is `[A-Za-z0-9_.-]+`; every other `%` is literal.
// In regular expressions: what matches `%[uc{]` must match `^%([uc]|\{[A-Za-z0-9_.-]+\})$`.
//
// The mistake to avoid: pasting a value into a filter and parsing the result. Client ids come
// from devices: one called `#` would own every topic. Values compare literally, and one that
// could not be a topic level satisfies nothing. Nor does one that starts with `$` in the first
// level, where the broker's own topics are. Thread safety: pure; PlaceholderValues is a view,
// and must not outlive what it shows.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "topic/level.hpp"

namespace pgauth {

// The `attributes` of a client's row.
using Attributes = std::map<std::string, std::string, std::less<>>;

// What a session has to offer. Nothing here is checked yet: placeholder_value() does.
struct PlaceholderValues {
    std::optional<std::string_view> username = std::nullopt;
    std::optional<std::string_view> client_id = std::nullopt;
    const Attributes* attributes = nullptr;  // null: none
};

// What a placeholder without a usable value means: it never opens anything.
enum class Unsatisfiable : std::uint8_t {
    never_matches,  // for allow entries: the filter matches no topic
    any_level,      // for deny entries: any one level, also a first one that starts with `$`
};

// The kind and key of the placeholder that `level` is, or a literal, or invalid_input.
// REQUIRES: `level` holds no slash.
[[nodiscard]] Result<Level> parse_placeholder(std::string_view level);

// True if `value` may fill a level: not empty, without `/`, `+`, `#` and control characters
// (U+0000 to U+001F, U+007F to U+009F). Linear in `value`.
[[nodiscard]] bool is_placeholder_value(std::string_view value) noexcept;

// What `placeholder` stands for in this session; nothing when it is missing or unusable.
// Literals and wildcards are no placeholders and have no value.
[[nodiscard]] std::optional<std::string_view> placeholder_value(
    const Level& placeholder, const PlaceholderValues& values) noexcept;

}  // namespace pgauth
