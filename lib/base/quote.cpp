#include "base/quote.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>

#include "base/control_characters.hpp"

namespace pgauth {

namespace {

// Length of the well-formed UTF-8 sequence that `text` starts with, 0 where there is none.
// Overlong forms, surrogates and code points beyond U+10FFFF are not well formed (RFC 3629).
std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool out_of_range =
        (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
    return overlong || out_of_range ? 0 : length;
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
