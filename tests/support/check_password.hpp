// check_password(screening, password): what comes of a login's password, without threads,
// memory or limits.

#pragma once

#include <string_view>

#include "authn/authenticator.hpp"
#include "authn/password_question.hpp"

namespace pgauth {

[[nodiscard]] inline PasswordCheck check_password(const Screening& screening,
                                                  std::string_view password) {
    return check_password(PasswordQuestion{.username = screening.username(),
                                           .secrets = screening.secrets(),
                                           .password = Secret(password)});
}

}  // namespace pgauth
