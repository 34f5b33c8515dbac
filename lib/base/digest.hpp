// Digests: SHA-256 of a text, for telling texts apart that must not be shown.
//
//   first_bits_of_sha256(secret)                   // 64 bits of it
//   first_bits_in("SHA256:9f86d081884c7d65…")      // the same, of a digest that is written
//   down
//
// The mistake to avoid: storing a password this way. It is no password hash.
// Standard: FIPS 180-4. Thread safety: pure.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pgauth {

// The first eight bytes as a big-endian number. Throws std::runtime_error where OpenSSL has no
// SHA-256.
[[nodiscard]] std::uint64_t first_bits_of_sha256(std::string_view text);

// Those of a digest in the form of fingerprints, `SHA256:` and hexadecimal digits. None where
// it is too short, or something else.
[[nodiscard]] std::optional<std::uint64_t> first_bits_in(std::string_view digest);

}  // namespace pgauth
