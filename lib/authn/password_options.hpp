// PasswordOptions: where passwords are checked, for how long that is remembered, and how often
// somebody may be wrong (`authentication.password` and `authentication.attempts` in
// pgauth.yaml).
// Thread safety: a value.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "password/hash_password.hpp"

namespace pgauth {

enum class AttemptLimiting : std::uint8_t { on, off };

struct AttemptOptions {
    AttemptLimiting limits = AttemptLimiting::on;
    // Wrong passwords in a row for one username from one address. 1 to 1,000,000.
    unsigned per_client = 10;
    // Wrong passwords in a row from one address, whatever the usernames. 1 to 1,000,000.
    unsigned per_address = 100;
    // Until one more may be tried; doubles each time that they run out. 1 s to 1 h.
    std::chrono::milliseconds back_off{10'000};

    bool operator==(const AttemptOptions&) const = default;
};

struct PasswordOptions {
    unsigned threads = 2;                            // 1 to 64
    std::chrono::milliseconds remember{3'600'000};   // 1 min to 30 days
    std::chrono::milliseconds blocking_budget{100};  // in every second; 0 to 1 s
    // What weaker hashes are replaced by when their passwords are seen; none: they stay.
    std::optional<HashTarget> rehash = std::nullopt;
    AttemptOptions attempts = {};

    bool operator==(const PasswordOptions&) const = default;
};

}  // namespace pgauth
