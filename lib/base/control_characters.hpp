// has_control_character(): whether text holds what nobody types: U+0000 to U+001F and U+007F to
// U+009F (Unicode's category Cc). They forge log lines, drive terminals and end C strings.
// Thread safety: pure.

#pragma once

#include <cstddef>
#include <string_view>

namespace pgauth {

// Looks at bytes: in text that is not well-formed UTF-8 it may miss a C1 control, never a C0
// one.
[[nodiscard]] constexpr bool has_control_character(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte < 0x7F) {
            continue;
        }
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
        const bool c1_control = byte == 0xC2 && next >= 0x80 && next < 0xA0;
        if (byte < 0x80 || c1_control) {
            return true;
        }
    }
    return false;
}

}  // namespace pgauth
