// ScramVerifier: what PostgreSQL stores of a password for SCRAM, taken apart: enough to hold
// the server's side of the conversation, or to check a password that came in the clear.
//
//   Result<ScramVerifier> verifier = ScramVerifier::parse("SCRAM-SHA-256$4096:…$…:…");
//   if (!verifier) return tl::unexpected(verifier.error());
//   verifier->salt, verifier->iterations      // for the server-first-message
//   verifier->stored_key                      // SHA-256 of the ClientKey that a proof reveals
//   verifier->server_key                      // signs the server-final-message
//
// The mistake to avoid: comparing keys with `==`, which takes as long as they agree: use
// CRYPTO_memcmp.
// Standard: RFC 5802, RFC 7677; PostgreSQL, pg_authid.rolpassword.
// Thread safety: a value.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgauth {

struct ScramVerifier {
    using Key = std::array<std::uint8_t, 32>;

    std::uint32_t iterations = 0;    // 1 to 2000000
    std::vector<std::uint8_t> salt;  // 8 to 64 bytes; PostgreSQL makes 16
    Key stored_key{};
    Key server_key{};

    // Takes `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, base64 with padding, in its
    // canonical form only. Errors say which part is wrong and never show salt or keys.
    [[nodiscard]] static Result<ScramVerifier> parse(std::string_view text);

    // What PostgreSQL would store of `password`, which is prepared by saslprep(). Nothing where
    // OpenSSL fails. Takes as long as the iterations are many, like a login.
    // REQUIRES: salt and iterations within the ranges above; no NUL in `password`.
    [[nodiscard]] static std::optional<ScramVerifier> derive(std::string_view password,
                                                             std::span<const std::uint8_t> salt,
                                                             std::uint32_t iterations);
};

}  // namespace pgauth
