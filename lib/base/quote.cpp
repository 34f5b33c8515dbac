#include "base/quote.hpp"

#include <cstdint>
#include <fmt/format.h>

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

}  // namespace

std::string quote(std::string_view text, std::size_t max_bytes) {
    std::string quoted = "`";
    std::size_t at = 0;
    while (at < text.size() && at < max_bytes) {
        const std::size_t length = utf8_sequence(text.substr(at));
        const auto byte = static_cast<std::uint8_t>(text[at]);
        const bool c1_control =
            length == 2 && byte == 0xC2 && static_cast<std::uint8_t>(text[at + 1]) < 0xA0;
        if (length == 0 || byte < 0x20 || byte == 0x7F || byte == '`' || byte == '\\' ||
            c1_control) {
            quoted += fmt::format("\\x{:02x}", byte);
            at += 1;
        } else {
            quoted += text.substr(at, length);
            at += length;
        }
    }
    quoted += '`';
    if (at < text.size()) {
        quoted += fmt::format("… ({} bytes)", text.size());
    }
    return quoted;
}

}  // namespace pgauth
