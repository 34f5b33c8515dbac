// pbkdf2_hmac(): the derivation that Mosquitto, mosquitto-go-auth, mosquitto-auth-plug and
// SCRAM share.
//
//   std::array<std::uint8_t, 32> key{};
//   if (!pbkdf2_hmac(Sha::sha256, password, salt, 4096, key)) …    // OpenSSL failed
//
// The mistake to avoid: forgetting that each block of the key, as long as the digest, costs all
// iterations again.
// Standard: RFC 8018.
// Thread safety: pure.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pgauth {

enum class Sha : std::uint8_t { sha256, sha512 };

// Whether OpenSSL could fill `key`; the caller wipes it.
// REQUIRES: iterations from 1 to 2^31 - 1; less than 2 GiB of each.
[[nodiscard]] bool pbkdf2_hmac(Sha sha,
                               std::string_view password,
                               std::span<const std::uint8_t> salt,
                               std::uint32_t iterations,
                               std::span<std::uint8_t> key) noexcept;

}  // namespace pgauth
