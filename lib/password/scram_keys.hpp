// What both ends of SCRAM-SHA-256 compute with: keys of 32 bytes, HMAC and H (RFC 5802, 2.2).
// Inside this room only.
// Thread safety: pure.

#pragma once

#include <optional>
#include <string_view>

#include "password/scram_verifier.hpp"

namespace pgauth {

using ScramKey = ScramVerifier::Key;

// Whether OpenSSL could fill `out`; the caller wipes it.
[[nodiscard]] bool scram_hmac(const ScramKey& key,
                              std::string_view message,
                              ScramKey& out) noexcept;
[[nodiscard]] bool scram_hash(const ScramKey& in, ScramKey& out) noexcept;

// A key as the messages and the verifiers have it. None where that is not padded base64 of 32
// bytes.
[[nodiscard]] std::optional<ScramKey> read_scram_key(std::string_view text);

}  // namespace pgauth
