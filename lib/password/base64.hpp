// decode_base64(): base64 in its standard alphabet, in the one form that encode_base64() gives.
//
//   decode_base64("c2FsdA==", Padding::required)   // Mosquitto, SCRAM
//   decode_base64("c2FsdA", Padding::absent)       // PHC strings
//   encode_base64(salt)                            // with padding
//
// The mistake to avoid: a lenient decoder (OpenSSL's takes blanks, and any bits behind the last
// byte), which gives one secret several spellings.
// Standard: RFC 4648, section 4; canonical as in 3.5.
// Thread safety: pure.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgauth {

enum class Padding : std::uint8_t { required, absent };

// Nothing if `text` is not canonical. REQUIRES: less than 1 GiB of text.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> decode_base64(std::string_view text,
                                                                     Padding padding);

// REQUIRES: less than 1 GiB of bytes.
[[nodiscard]] std::string encode_base64(std::span<const std::uint8_t> bytes);

}  // namespace pgauth
