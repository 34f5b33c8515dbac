#include "password/password_hash.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <new>

#include <openssl/err.h>

#include "password/secret_format.hpp"

namespace pgauth {

namespace {

// Longer than any secret that a format accepts; what is longer is not even looked at.
constexpr std::size_t max_secret_bytes = 512;

constexpr std::array<const SecretFormat*, 12> rows = {
    &argon2id_format,
    &bcrypt_format,
    &yescrypt_format,
    &scrypt_format,
    &crypt_scrypt_format,
    &sha512_crypt_format,
    &sha256_crypt_format,
    &mosquitto_pbkdf2_format,
    &mosquitto_sha512_format,
    &pbkdf2_format,
    &scram_sha256_format,
    &generated_format,
};

std::string accepted_formats() {
    std::string list;
    for (const SecretFormat* row : rows) {
        list += fmt::format(
            "{}{} ({})", list.empty() ? "" : ", ", to_string(row->format), row->looks_like);
    }
    return list;
}

}  // namespace

std::string_view to_string(PasswordFormat format) noexcept {
    switch (format) {
        case PasswordFormat::argon2id:
            return "argon2id";
        case PasswordFormat::bcrypt:
            return "bcrypt";
        case PasswordFormat::yescrypt:
            return "yescrypt";
        case PasswordFormat::scrypt:
            return "scrypt";
        case PasswordFormat::crypt_scrypt:
            return "crypt-scrypt";
        case PasswordFormat::sha512_crypt:
            return "sha512-crypt";
        case PasswordFormat::sha256_crypt:
            return "sha256-crypt";
        case PasswordFormat::mosquitto_pbkdf2:
            return "mosquitto-pbkdf2";
        case PasswordFormat::mosquitto_sha512:
            return "mosquitto-sha512";
        case PasswordFormat::pbkdf2:
            return "pbkdf2";
        case PasswordFormat::scram_sha256:
            return "scram-sha-256";
        case PasswordFormat::generated:
            return "generated";
    }
    return "unknown";
}

Result<PasswordHash> PasswordHash::parse(std::string_view text) {
    if (text.size() > max_secret_bytes) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format(
                "secret: {} bytes are too many: use up to {}", text.size(), max_secret_bytes));
    }
    const auto* const row = std::ranges::find_if(
        rows, [&](const SecretFormat* candidate) { return candidate->claims(text); });
    if (row == std::end(rows)) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("secret: not of a known format: use {}", accepted_formats()));
    }
    Result<std::string> cost = (*row)->cost_class(text);
    if (!cost) {
        return fail(
            cost.error().kind,
            fmt::format("{} secret: {}", to_string((*row)->format), cost.error().message));
    }
    return PasswordHash(**row, text, *std::move(cost));
}

PasswordVerdict PasswordHash::verify(std::string_view password) const {
    if (password.empty() || password.size() > max_password_bytes ||
        password.find('\0') != std::string_view::npos) {
        return PasswordVerdict::wrong;
    }
    // A failure that OpenSSL remembers would be taken for one of TLS, by whoever asks next.
    ERR_set_mark();
    PasswordVerdict verdict = PasswordVerdict::not_computed;
    try {
        verdict = row_->verify(text_, password);
    } catch (const std::bad_alloc&) {
        verdict = PasswordVerdict::not_computed;
    }
    ERR_pop_to_mark();
    return verdict;
}

PasswordFormat PasswordHash::format() const noexcept {
    return row_->format;
}

}  // namespace pgauth
