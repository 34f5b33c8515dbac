// PasswordPolicy: what a database wants a new password to have, judged here.
//
//   Result<PasswordPolicy> policy = PasswordPolicy::read(connection);
//   if (const auto judged = policy->judge(password); !judged) … judged.error().message
//
// The rules are rows of view mqtt_auth.password_policy, by which SQL judges the passwords that
// it sees; so the answers and their words are the same. The password goes nowhere.
//
// The mistake to avoid: a rule of its own here, or asking the server about a password.
// Thread safety: a value.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/pg_connection.hpp"

namespace pgauth::tool {

class PasswordPolicy {
  public:
    // One that takes every password.
    PasswordPolicy() = default;

    [[nodiscard]] static Result<PasswordPolicy> read(PgConnection& connection);

    // Fails with invalid_input, naming all that the password lacks and never the password.
    // Characters are those of UTF-8; bytes that are none are counted sparingly.
    [[nodiscard]] Result<void> judge(std::string_view password) const;

  private:
    struct Demand {
        std::size_t least = 0;
        std::optional<std::string> letters;  // none: any
        std::string words;
    };

    std::vector<Demand> demands_;
};

}  // namespace pgauth::tool
