#include "password/hash_password.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/quote.hpp"
#include "password/argon2id.hpp"
#include "password/new_secrets.hpp"

namespace pgauth {

namespace {

std::string list_of_made_formats() {
    std::string list;
    for (const PasswordFormat format : made_formats) {
        list += fmt::format("{}{}", list.empty() ? "" : ", ", to_string(format));
    }
    return list;
}

}  // namespace

Result<HashTarget> read_hash_target(std::string_view name) {
    if (name == "argon2id") {
        return HashTarget::argon2id;
    }
    return fail(ErrorKind::invalid_input,
                fmt::format("{} is not a hash that is made here: use argon2id", quote(name)));
}

Result<PasswordFormat> read_made_format(std::string_view name) {
    if (name == "mosquitto") {
        return PasswordFormat::mosquitto_pbkdf2;
    }
    const auto* const found = std::ranges::find_if(
        made_formats, [&](PasswordFormat format) { return to_string(format) == name; });
    if (found == made_formats.end()) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{} is not a format that is made here: use {}",
                                quote(name),
                                list_of_made_formats()));
    }
    return *found;
}

Result<std::string> hash_password(HashTarget /*target*/, std::string_view password) {
    return hash_password(PasswordFormat::argon2id, password);
}

Result<std::string> hash_password(PasswordFormat format, std::string_view password) {
    if (password.empty() || password.size() > max_password_bytes ||
        password.find('\0') != std::string_view::npos) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("password: it has no bytes, too many, or a NUL among them: use 1 to {}",
                        max_password_bytes));
    }
    switch (format) {
        case PasswordFormat::argon2id:
            return make_argon2id(password);
        case PasswordFormat::bcrypt:
            return make_crypt(new_bcrypt, password);
        case PasswordFormat::yescrypt:
            return make_crypt(new_yescrypt, password);
        case PasswordFormat::scrypt:
            return make_scrypt(password);
        case PasswordFormat::crypt_scrypt:
            return make_crypt(new_crypt_scrypt, password);
        case PasswordFormat::sha512_crypt:
            return make_crypt(new_sha512_crypt, password);
        case PasswordFormat::sha256_crypt:
            return make_crypt(new_sha256_crypt, password);
        case PasswordFormat::mosquitto_pbkdf2:
            return make_mosquitto_pbkdf2(password);
        case PasswordFormat::pbkdf2:
            return make_pbkdf2(password);
        case PasswordFormat::scram_sha256:
            return make_scram_sha256(password);
        case PasswordFormat::mosquitto_sha512:
        case PasswordFormat::generated:
            break;
    }
    return fail(ErrorKind::invalid_input,
                fmt::format("{} is not made here", quote(to_string(format))));
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
    return cost.memory < new_argon2id_cost.memory ||
           cost.memory * cost.passes < new_argon2id_cost.memory * new_argon2id_cost.passes;
}

}  // namespace pgauth
