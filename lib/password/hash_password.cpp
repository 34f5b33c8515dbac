#include "password/hash_password.hpp"

#include <argon2.h>
#include <array>
#include <fmt/format.h>

#include <openssl/rand.h>

#include "base/quote.hpp"
#include "password/argon2id.hpp"

namespace pgauth {

namespace {

constexpr Argon2idCost argon2id_cost{19456, 2, 1};
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;

}  // namespace

Result<HashTarget> read_hash_target(std::string_view name) {
    if (name == "argon2id") {
        return HashTarget::argon2id;
    }
    return fail(ErrorKind::invalid_input,
                fmt::format("{} is not a hash that is made here: use argon2id", quote(name)));
}

Result<std::string> hash_password(HashTarget /*target*/, std::string_view password) {
    if (password.empty() || password.size() > max_password_bytes ||
        password.find('\0') != std::string_view::npos) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("password: it has no bytes, too many, or a NUL among them: use 1 to {}",
                        max_password_bytes));
    }
    std::array<std::uint8_t, salt_bytes> salt{};
    if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) {
        return fail(ErrorKind::unavailable, "password: no random bytes to be had from OpenSSL");
    }
    std::array<char, 128> secret{};
    const int status = argon2id_hash_encoded(argon2id_cost.passes,
                                             argon2id_cost.memory,
                                             argon2id_cost.lanes,
                                             password.data(),
                                             password.size(),
                                             salt.data(),
                                             salt.size(),
                                             hash_bytes,
                                             secret.data(),
                                             secret.size());
    if (status != ARGON2_OK) {
        return fail(ErrorKind::unavailable,
                    fmt::format("password: not hashed: {}", argon2_error_message(status)));
    }
    return std::string(secret.data());
}

bool needs_rehash(const PasswordHash& hash, HashTarget /*target*/) {
    switch (hash.format()) {
        case PasswordFormat::argon2id:
            break;
        case PasswordFormat::generated:
        case PasswordFormat::scram_sha256:
            return false;
        default:
            return true;
    }
    // Passes make up for memory, as far as they are more; memory is what guessers lack.
    const Argon2idCost cost = argon2id_cost_of(hash.text());
    return cost.memory < argon2id_cost.memory ||
           cost.memory * cost.passes < argon2id_cost.memory * argon2id_cost.passes;
}

}  // namespace pgauth
