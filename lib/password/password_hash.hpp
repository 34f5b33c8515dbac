// PasswordHash: a stored password secret, checked when it is read, so that verifying it needs
// nothing but the password and a bounded amount of time and memory.
//
//   Result<PasswordHash> hash = PasswordHash::parse(row.secret);
//   if (!hash) return tl::unexpected(hash.error());
//   hash->verify(password.reveal())        // right, wrong or not_computed
//
// A secret says by its beginning how it was made. Accepted are:
//
//   argon2id          $argon2id$v=19$m=47104,t=1,p=1$salt$hash     RFC 9106, PHC string format
//   bcrypt            $2a$10$…, $2b$10$…, $2y$10$…: one algorithm  crypt(5), pgcrypto
//   yescrypt          $y$j9T$salt$hash                             crypt(5)
//   scrypt            $scrypt$ln=16,r=8,p=1$salt$hash              RFC 7914, passlib
//   crypt-scrypt      $7$CU..../....salt$hash                      crypt(5)
//   sha512-crypt      $6$salt$hash, $6$rounds=656000$salt$hash     crypt(5)
//   sha256-crypt      $5$salt$hash, $5$rounds=535000$salt$hash     crypt(5)
//   mosquitto-pbkdf2  $7$101$salt$hash                             mosquitto_passwd, RFC 8018
//   mosquitto-sha512  $6$salt$hash                                 mosquitto_passwd -H sha512
//   pbkdf2            PBKDF2$sha512$100000$salt$hash, or sha256    go-auth, auth-plug
//   scram-sha-256     SCRAM-SHA-256$4096:salt$StoredKey:ServerKey  PostgreSQL, RFC 7677
//   generated         $generated$sha256$salt$hash                  generated_secret.hpp
//
// `$6$` has two meanings, and no text has both: Mosquitto's hash is base64 of 64 bytes, which
// ends in `==`; the alphabet of crypt(5) has no `=`, and its hash ends in one of `.`, `/`, `0`
// and `1`, on which no base64 of 64 bytes that lost its `==` can end.
//
// Neither has one of `$7$`: behind it Mosquitto has iterations in decimal, and crypt(5) one
// digit of cost and `U..../....`, as crypt_gensalt(3) writes it for every cost.
//
// Every encoding is taken in its one canonical form only, so that a secret that was cut short,
// run on or mistyped is refused rather than stored and never satisfied. (What is left of a
// PBKDF2 hash that was cut to a length in use is a hash of the same password.)
//
// Cost is bounded when a secret is read: none asks for more than 256 MiB or about two seconds
// of one core (the rounds of sha-crypt get slower as the password gets longer).
//
//   argon2id          m 8*p to 262144 KiB, t 1 to 16, p 1 to 16, m*t up to 1048576 KiB
//   bcrypt            cost 4 to 14
//   yescrypt          what crypt_gensalt(3) writes for cost 1 to 9: j75 j85 j7T j8T … jDT
//   scrypt            ln 1 to 18, r 8 to 32, p 1 to 16, 2^ln*r up to 2^21, 2^ln*r*p up to 2^22
//   crypt-scrypt      what crypt_gensalt(3) writes for cost 6 to 9: BU… CU… DU… EU…
//   sha-crypt         rounds 1000 to 1000000; 5000 where none are given
//   mosquitto-pbkdf2  iterations 1 to 2000000
//   pbkdf2            iterations 1 to 1000000, of two derivations each: with the salt decoded
//                     and with its text; to 500000 for sha256 with over 32 bytes of hash
//   scram-sha-256     iterations 1 to 2000000
//
// The mistakes to avoid: taking not_computed for wrong, which tells a device to give up because
// the broker was short of memory; and writing text() to a log: it is no clear password, but it
// is what a guesser needs.
// Thread safety: a value; verify() may run in any number of threads at once.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace pgauth {

struct SecretFormat;

enum class PasswordFormat : std::uint8_t {
    argon2id,
    bcrypt,
    yescrypt,
    scrypt,
    crypt_scrypt,
    sha512_crypt,
    sha256_crypt,
    mosquitto_pbkdf2,
    mosquitto_sha512,
    pbkdf2,
    scram_sha256,
    generated,
};

// The name in the list above.
[[nodiscard]] std::string_view to_string(PasswordFormat format) noexcept;

enum class PasswordVerdict : std::uint8_t {
    right,
    wrong,
    not_computed,  // no memory, or the library failed: says nothing about the password
};

// A longer password satisfies no secret and is not hashed. The formats of crypt(3) end earlier:
// bcrypt at 72 bytes, since it ignores the rest, the others at 511, where libxcrypt does.
inline constexpr std::size_t max_password_bytes = 1024;

class PasswordHash {
  public:
    // Errors name the format and the parameter that is wrong, and never show salt or hash.
    [[nodiscard]] static Result<PasswordHash> parse(std::string_view text);

    // Compares in constant time. The empty password satisfies nothing, nor does one with a NUL,
    // where crypt(3) would stop reading.
    [[nodiscard]] PasswordVerdict verify(std::string_view password) const;

    // Equal for two secrets if, and only if, they take the same time to verify: for unknown
    // usernames, hash against a decoy of the class that known ones have.
    // Reads like the beginning of a secret: `$argon2id$v=19$m=47104,t=1,p=1`, `$2b$10`.
    [[nodiscard]] const std::string& cost_class() const noexcept { return cost_class_; }

    [[nodiscard]] PasswordFormat format() const noexcept;

    // What was parsed, byte for byte.
    [[nodiscard]] std::string_view text() const noexcept { return text_; }

  private:
    PasswordHash(const SecretFormat& row, std::string_view text, std::string cost_class)
        : row_(&row), text_(text), cost_class_(std::move(cost_class)) {}

    // INVARIANT: row_ accepts text_, which is decoded anew to verify: rows are many, logins
    // few.
    const SecretFormat* row_;
    std::string text_;
    std::string cost_class_;
};

}  // namespace pgauth
