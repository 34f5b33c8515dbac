// Which usernames and client ids a session may have at all.
//
// A wildcard in one of them is an attack on patterns that hold `%u` or `%c`, and a control
// character one on logs. The database stores no such username; the broker guards old plugin
// interfaces only, so we guard ourselves.
// Thread safety: pure.

#pragma once

#include <string_view>

namespace pgauth {

// False for text with `+`, `#` or a control character (U+0000 to U+001F, U+007F to U+009F).
[[nodiscard]] bool is_safe_identifier(std::string_view text) noexcept;

}  // namespace pgauth
