#include "policy/identifier.hpp"

#include <cstddef>

namespace pgauth {

bool is_safe_identifier(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
        const bool c1_control = byte == 0xC2 && next >= 0x80 && next < 0xA0;
        if (byte < 0x20 || byte == 0x7F || byte == '+' || byte == '#' || c1_control) {
            return false;
        }
    }
    return true;
}

}  // namespace pgauth
