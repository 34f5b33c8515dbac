// What the formats of crypt(3) share: hashing by libxcrypt, and its own base64.
//
//   if (!is_crypt_base64(salt)) return fail(…);
//   return verify_crypt(text, password);
//
// The mistake to avoid: handing crypt(3) a secret whose cost nobody has bounded.
// Standard: crypt(3), crypt(5).
// Thread safety: pure.

#pragma once

#include <string_view>

#include "password/password_hash.hpp"

namespace pgauth {

// What crypt(3)'s scrypt has behind its one digit of cost: blocks of 32, one lane.
inline constexpr std::string_view scrypt_parameters = "U..../....";

// Whether `text` is crypt(3)'s scrypt rather than Mosquitto's `$7$`, which has iterations in
// decimal where this has scrypt_parameters.
[[nodiscard]] bool is_crypt_scrypt(std::string_view text);

// Whether every character is of the alphabet ./0-9A-Za-z.
[[nodiscard]] bool is_crypt_text(std::string_view text) noexcept;

// Whether `text` is some whole number of bytes in that alphabet, lowest bits first,
// with nothing in the bits behind the last byte: yescrypt's salt, and every hash but bcrypt's.
[[nodiscard]] bool is_crypt_base64(std::string_view text) noexcept;

// Hashes `password` as `text` says and compares what comes out with all of `text`.
// A password of 512 bytes or more, which libxcrypt does not take, is wrong.
// REQUIRES: up to 383 bytes of text, of bounded cost; no NUL in either.
[[nodiscard]] PasswordVerdict verify_crypt(std::string_view text,
                                           std::string_view password) noexcept;

}  // namespace pgauth
