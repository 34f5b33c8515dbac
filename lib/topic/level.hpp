// Level: one level of a topic filter, read once and known to be well formed.
//
//   Result<std::vector<Level>> levels = parse_levels("plant/+/#");
//   // {literal, "plant"}, {single, ""}, {multi, ""}
//
// What TopicFilter and TopicPattern are made of, and what they show to whoever compiles them
// into something faster. parse_levels() is the grammar of MQTT 5.0 section 4.7.1 and knows of
// no placeholders: `%u` is a literal to it, as it is in what a client asks for. Thread safety:
// values.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgauth {

enum class LevelKind : std::uint8_t {
    literal,     // exactly this level
    single,      // `+`: any one level
    multi,       // `#`: the level before it, and whatever follows; always the last
    username,    // `%u`
    client_id,   // `%c`
    attribute,   // `%{key}`
    everything,  // any topic, also one that starts with `$`; always alone, never written
};

struct Level {
    LevelKind kind;
    std::string text;  // of a literal: itself; of an attribute: its key; otherwise empty

    bool operator==(const Level&) const = default;
};

// The levels of the topic filter `text`: literal, single and multi. Fails with invalid_input
// when it is empty, longer than max_topic_bytes, holds a NUL, has a wildcard that is not alone
// in its level, or a `#` before its last level.
[[nodiscard]] Result<std::vector<Level>> parse_levels(std::string_view text);

}  // namespace pgauth
