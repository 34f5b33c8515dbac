#include "base/quote.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>

#include "base/control_characters.hpp"

namespace pgauth {

namespace {

// Bytes in the UTF-8 sequence that starts with `lead`, 0 where none does.
std::size_t sequence_length(std::uint8_t lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Which second bytes `lead` permits: the rest would be overlong, surrogates, or beyond U+10FFFF
// (RFC 3629).
bool may_follow(std::uint8_t lead, std::uint8_t second) {
    const std::uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return lowest <= second && second <= highest;
}

// Length of the well-formed UTF-8 sequence that `text` starts with, 0 where there is none.
// REQUIRES: `text` is not empty.
std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::size_t length = sequence_length(byte(0));
    if (text.size() < length || (length > 1 && !may_follow(byte(0), byte(1)))) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

// Whether `character`, one UTF-8 sequence or one byte that is none, may stand in a log line as
// it is. U+2028 and U+2029 are line breaks to those who read Unicode.
bool is_printable(std::string_view character) {
    return utf8_sequence(character) != 0 && !has_control_character(character) &&
           character != "`" && character != "\\" && character != "\u2028" &&
           character != "\u2029";
}

}  // namespace

std::string quote(std::string_view text, std::size_t max_bytes) {
    std::string quoted = "`";
    std::size_t at = 0;
    while (at < text.size() && at < max_bytes) {
        const std::size_t length = std::max<std::size_t>(utf8_sequence(text.substr(at)), 1);
        const std::string_view character = text.substr(at, length);
        if (is_printable(character)) {
            quoted += character;
        } else {
            for (const char byte : character) {
                quoted += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(byte));
            }
        }
        at += length;
    }
    quoted += '`';
    if (at < text.size()) {
        quoted += fmt::format("… ({} bytes)", text.size());
    }
    return quoted;
}

}  // namespace pgauth
