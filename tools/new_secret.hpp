// new_secret(): the secret of a password that is asked for, in the format that is asked for.
//
//   add_format_option(*command, format);
//   Result<std::string> secret = new_secret("password", format);
//   … = new_secret("password", format, policy);      // where it is known what it must have
//
// What was made is checked against the password before anybody sees it.
// Thread safety: as read_password().

#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "password_policy.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace pgauth::tool {

// `format` must outlive the parsing, and holds the default.
void add_format_option(CLI::App& command, std::string& format);

[[nodiscard]] Result<std::string> new_secret(std::string_view what,
                                             const std::string& format,
                                             const PasswordPolicy& policy = {});

}  // namespace pgauth::tool
