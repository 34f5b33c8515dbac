#include "policy/identifier.hpp"

#include "base/control_characters.hpp"

namespace pgauth {

bool is_safe_identifier(std::string_view text) noexcept {
    return text.find_first_of("+#") == std::string_view::npos && !has_control_character(text);
}

}  // namespace pgauth
