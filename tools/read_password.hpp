// read_password(): a password that somebody types, or a pipe.
//
//   Result<Secret> password = read_password("password of press-7");
//   if (!password) return tl::unexpected(password.error());
//
// At a terminal it is asked for twice, without echo; the echo is back however that ends, also
// by Ctrl-C. From anything else it is the one line that standard input holds.
//
// The mistake to avoid: taking a password from an argument or from the environment instead,
// where other users and ps(1) see it.
// Thread safety: none; owns standard input and the signals that end a program while it waits.

#pragma once

#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace pgauth::tool {

// `what` is shown at a terminal. Fails with invalid_input where nothing comes, where there are
// two lines, or where two typings differ.
[[nodiscard]] Result<Secret> read_password(std::string_view what);

}  // namespace pgauth::tool
