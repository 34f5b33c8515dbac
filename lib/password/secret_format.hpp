// SecretFormat: one way of writing a password secret, and what it takes to read and verify it.
// Inside this room only; everybody else sees PasswordHash.
//
// To add a format: give it a name in password_hash.hpp, a unit of its own (bcrypt.cpp is the
// shortest), a declaration below, and its place in the table of password_hash.cpp.
//
// The mistake to avoid: a cost that is bounded only when it is computed. cost_class() refuses
// everything that verify() should not be asked for.
// Thread safety: the rows are constant and the functions pure.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "password/password_hash.hpp"

namespace pgauth {

struct SecretFormat {
    PasswordFormat format;

    std::string_view looks_like;  // an example for messages, without salt and hash

    // Whether `text` means to be of this format. INVARIANT: no text is claimed by two rows.
    bool (*claims)(std::string_view text);

    // Checks all of `text`. Errors are without the format's name and never show salt or hash.
    // REQUIRES: claims(text).
    Result<std::string> (*cost_class)(std::string_view text);

    // REQUIRES: cost_class(text) has a value; password: 1 to max_password_bytes, no NUL.
    PasswordVerdict (*verify)(std::string_view text, std::string_view password);
};

extern const SecretFormat argon2id_format;
extern const SecretFormat bcrypt_format;
extern const SecretFormat yescrypt_format;
extern const SecretFormat scrypt_format;
extern const SecretFormat crypt_scrypt_format;
extern const SecretFormat sha512_crypt_format;
extern const SecretFormat sha256_crypt_format;
extern const SecretFormat mosquitto_pbkdf2_format;
extern const SecretFormat mosquitto_sha512_format;
extern const SecretFormat pbkdf2_format;
extern const SecretFormat scram_sha256_format;
extern const SecretFormat generated_format;

// What the units share.

// The parts of `text` between its separators: `$7$101$salt$hash` -> 7, 101, salt, hash.
// REQUIRES: `text` begins with a `$`.
[[nodiscard]] std::vector<std::string_view> split_fields(std::string_view text);

struct NumberRange {
    std::uint32_t min;
    std::uint32_t max;
};

// A decimal number without sign or leading zeros. `name` says in errors what it is.
[[nodiscard]] Result<std::uint32_t> read_number(std::string_view name,
                                                std::string_view digits,
                                                NumberRange range);

// An error about a secret that does not have the parts that its format asks for.
[[nodiscard]] tl::unexpected<Error> fail_shape(const SecretFormat& format);

// In time that depends on the sizes alone.
[[nodiscard]] PasswordVerdict compare_hashes(std::span<const std::uint8_t> computed,
                                             std::span<const std::uint8_t> stored) noexcept;

}  // namespace pgauth
