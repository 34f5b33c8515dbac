// Makers of secrets, one a format. Inside this room only; everybody else has hash_password().
//
//   yescrypt          j9T (cost 5), 16 MiB       bcrypt            cost 10
//   scrypt            ln=16,r=8,p=1, 64 MiB      sha-crypt         rounds=100000
//   crypt-scrypt      CU..../...., 64 MiB        mosquitto-pbkdf2  100000 iterations
//   argon2id          m=19456,t=2,p=1            pbkdf2            sha512, 100000 iterations
//   scram-sha-256     4096 iterations, as PostgreSQL makes them: the client pays for them
//
// Errors: invalid_input where the format cannot take so long a password; unavailable where
// memory or random numbers are not to be had.
// REQUIRES, of all: 1 to max_password_bytes, no NUL.
// Standard: as in password_hash.hpp.
// Thread safety: pure, but for random numbers, which are safe.

#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgauth {

struct CryptMaker {
    const char* prefix;  // of crypt_gensalt(3)
    unsigned long cost;
    std::size_t longest;  // bytes of a password that count
};

inline constexpr CryptMaker new_yescrypt{"$y$", 5, 511};
inline constexpr CryptMaker new_crypt_scrypt{"$7$", 7, 511};
inline constexpr CryptMaker new_bcrypt{"$2b$", 10, 72};
inline constexpr CryptMaker new_sha512_crypt{"$6$", 100000, 511};
inline constexpr CryptMaker new_sha256_crypt{"$5$", 100000, 511};

[[nodiscard]] Result<std::string> make_crypt(const CryptMaker& maker,
                                             std::string_view password);
[[nodiscard]] Result<std::string> make_argon2id(std::string_view password);
[[nodiscard]] Result<std::string> make_scrypt(std::string_view password);
[[nodiscard]] Result<std::string> make_mosquitto_pbkdf2(std::string_view password);
[[nodiscard]] Result<std::string> make_pbkdf2(std::string_view password);
[[nodiscard]] Result<std::string> make_scram_sha256(std::string_view password);

}  // namespace pgauth
