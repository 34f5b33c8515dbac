#include "policy/identifier.hpp"

#include "base/control_characters.hpp"

namespace pgauth {

bool is_safe_identifier(std::string_view text) noexcept {
    const auto lacks = [&](char character) {
        return text.find(character) == std::string_view::npos;
    };
    return lacks('+') && lacks('#') && !has_control_character(text);
}

}  // namespace pgauth
