// ScramDecoy: the verifier of those who have none, so that a SCRAM client cannot tell which
// usernames exist: a salt that looks like any other and is the same at each attempt.
//
//   const ScramDecoy decoy;                                     // one, and kept
//   decoy.verifier_for("nobody", {.iterations = 4096, .salt_bytes = 16})
//
// No proof fits it. The key behind the salts is random and lives as long as the object does.
//
// The mistake to avoid: a cost that no stored verifier has.
// Standard: RFC 5802, section 5.1, on unknown users.
// Thread safety: immutable.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/secret.hpp"
#include "password/scram_verifier.hpp"

namespace pgauth {

// What a server-first-message shows of a verifier beside the salt itself.
struct ScramCost {
    // What PostgreSQL makes.
    std::uint32_t iterations = 4096;
    std::size_t salt_bytes = 16;  // up to 64
};

[[nodiscard]] ScramCost cost_of(const ScramVerifier& verifier) noexcept;

class ScramDecoy {
  public:
    // Throws std::runtime_error where OpenSSL has no entropy.
    ScramDecoy();

    // Throws std::runtime_error where OpenSSL fails.
    [[nodiscard]] ScramVerifier verifier_for(std::string_view username, ScramCost cost) const;

  private:
    Secret key_;
};

}  // namespace pgauth
