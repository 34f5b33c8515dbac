// PasswordQuestion: does this password fit one of these secrets? PasswordCheck: the answer.
//
//   PasswordQuestion question{"press-7", screening.secrets(), Secret(password), address};
//   const PasswordCheck check = check_password(question);      // takes as long as the hashes
//   do
//
// Thread safety: values; check_password() is pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "policy/network.hpp"

namespace pgauth {

struct PasswordQuestion {
    std::string username;              // of the client, or as it was sent
    std::vector<std::string> secrets;  // one that fits is enough
    Secret password;
    std::optional<IpAddress> address = std::nullopt;  // whoever asks
    // Of each secret, the id of its credential. Empty where they are nobody's.
    std::vector<std::int64_t> credentials = {};
};

struct PasswordCheck {
    enum Verdict : std::uint8_t { not_made, right, wrong, not_computed };

    Verdict verdict = not_made;
    std::size_t fitting = 0;  // right: which of the secrets it was

    // A verdict is a check, of the first secret.
    // NOLINTNEXTLINE(google-explicit-constructor)
    PasswordCheck(Verdict found = not_made, std::size_t secret = 0) noexcept
        : verdict(found), fitting(secret) {}

    bool operator==(const PasswordCheck&) const = default;
};

// Compares the password with every secret until one fits.
[[nodiscard]] PasswordCheck check_password(const PasswordQuestion& question);

}  // namespace pgauth
