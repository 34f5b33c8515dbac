// generated: `$generated$sha256$salt$hash`, the SHA-256 of salt and generated secret, once.

#include <array>
#include <memory>
#include <string>
#include <utility>

#include <openssl/evp.h>

#include "password/generated_secret.hpp"
#include "password/phc.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

using Bytes = std::vector<std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;

constexpr std::string_view base64url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view last_characters = "AEIMQUYcgkosw048";  // four bits of 256 are left

struct Generated {
    Bytes salt;
    Bytes hash;
};

Result<Generated> read(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 4) {
        return fail_shape(generated_format);
    }
    if (fields[1] != "sha256") {
        return fail(ErrorKind::invalid_input, "digest is not the accepted one: use sha256");
    }
    Result<Bytes> salt = read_phc_bytes("salt", fields[2], {16, 16});
    if (!salt) {
        return tl::unexpected(salt.error());
    }
    Result<Bytes> hash = read_phc_bytes("hash", fields[3], {32, 32});
    if (!hash) {
        return tl::unexpected(hash.error());
    }
    return Generated{std::move(*salt), std::move(*hash)};
}

Result<std::string> cost_class(std::string_view text) {
    return read(text).map([](const Generated&) { return std::string("$generated$sha256"); });
}

PasswordVerdict verify(std::string_view text, std::string_view password) {
    if (!is_generated_secret(password)) {
        return PasswordVerdict::wrong;
    }
    const Generated secret = read(text).value();
    Digest digest{};
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    const bool computed =
        context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
        EVP_DigestUpdate(context.get(), secret.salt.data(), secret.salt.size()) == 1 &&
        EVP_DigestUpdate(context.get(), password.data(), password.size()) == 1 &&
        EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    return computed ? compare_hashes(digest, secret.hash) : PasswordVerdict::not_computed;
}

}  // namespace

bool is_generated_secret(std::string_view password) noexcept {
    if (!password.starts_with(generated_secret_prefix)) {
        return false;
    }
    password.remove_prefix(generated_secret_prefix.size());
    return password.size() == generated_secret_characters &&
           password.find_first_not_of(base64url) == std::string_view::npos &&
           last_characters.find(password.back()) != std::string_view::npos;
}

constinit const SecretFormat generated_format{
    .format = PasswordFormat::generated,
    .looks_like = "$generated$sha256$<salt>$<hash>",
    .claims = [](std::string_view text) { return text.starts_with("$generated$"); },
    .cost_class = cost_class,
    .verify = verify,
};

}  // namespace pgauth
