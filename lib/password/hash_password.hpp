// hash_password(): a new secret of a password, as strong as this version makes them.
//
//   Result<HashTarget> target = read_hash_target("argon2id");
//   if (needs_rehash(*hash, *target)) …
//   Result<std::string> secret = hash_password(*target, password.reveal());
//   Result<std::string> other = hash_password(PasswordFormat::bcrypt, password.reveal());
//
// argon2id is made with m=19456 (19 MiB), t=2, p=1: some hundredths of a second of one core.
// The other formats are for systems that read the same secrets (new_secrets.hpp has their
// costs).
//
// The mistake to avoid: calling it where nothing may wait: it takes as long as a login.
// Standard: RFC 9106; parameters of the OWASP Password Storage Cheat Sheet.
// Thread safety: pure, but for OpenSSL's random numbers, which are safe.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "password/password_hash.hpp"

namespace pgauth {

enum class HashTarget : std::uint8_t { argon2id };

// `argon2id`.
[[nodiscard]] Result<HashTarget> read_hash_target(std::string_view name);

// A secret with a salt of its own, which PasswordHash::parse() takes. Errors: invalid_input for
// a password that would satisfy nothing (empty, with a NUL, longer than the format can);
// unavailable where memory or random numbers are not to be had.
[[nodiscard]] Result<std::string> hash_password(HashTarget target, std::string_view password);

// REQUIRES: `format` is one of made_formats.
[[nodiscard]] Result<std::string> hash_password(PasswordFormat format,
                                                std::string_view password);

// What can be made, best first. Not among them: mosquitto-sha512, which is made in no time and
// guessed as fast, and generated, which is not made of a password.
inline constexpr std::array made_formats{PasswordFormat::argon2id,
                                         PasswordFormat::yescrypt,
                                         PasswordFormat::scrypt,
                                         PasswordFormat::crypt_scrypt,
                                         PasswordFormat::bcrypt,
                                         PasswordFormat::sha512_crypt,
                                         PasswordFormat::sha256_crypt,
                                         PasswordFormat::mosquitto_pbkdf2,
                                         PasswordFormat::pbkdf2,
                                         PasswordFormat::scram_sha256};

// One of made_formats by its name; `mosquitto` is mosquitto-pbkdf2.
[[nodiscard]] Result<PasswordFormat> read_made_format(std::string_view name);

// Whether a password that satisfied `hash` should be stored as `target` makes it. Not what is
// as dear already, nor what was generated, which gains nothing, nor a SCRAM verifier: clients
// that log in by SCRAM could not any more.
[[nodiscard]] bool needs_rehash(const PasswordHash& hash, HashTarget target);

}  // namespace pgauth
