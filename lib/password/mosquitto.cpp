// The two formats of mosquitto_passwd(1): `$7$iterations$salt$hash` (PBKDF2 with HMAC-SHA-512,
// RFC 8018) and `$6$salt$hash` (SHA-512 of password and salt, once). Padded base64; 12 bytes of
// salt up to Mosquitto 2.0, 64 from 2.1.

#include <array>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "password/base64.hpp"
#include "password/crypt3.hpp"
#include "password/pbkdf2_hmac.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

using Bytes = std::vector<std::uint8_t>;
using Digest = std::array<std::uint8_t, 64>;

constexpr NumberRange iterations_range{1, 2000000};

struct SaltedHash {
    Bytes salt;
    Bytes hash;
};

Result<SaltedHash> read_salted_hash(std::string_view salt_text, std::string_view hash_text) {
    std::optional<Bytes> salt = decode_base64(salt_text, Padding::required);
    if (!salt || (salt->size() != 12 && salt->size() != 64)) {
        return fail(ErrorKind::invalid_input,
                    "salt is not base64 with padding of 12 or 64 bytes");
    }
    std::optional<Bytes> hash = decode_base64(hash_text, Padding::required);
    if (!hash || hash->size() != std::tuple_size_v<Digest>) {
        return fail(ErrorKind::invalid_input, "hash is not base64 with padding of 64 bytes");
    }
    return SaltedHash{std::move(*salt), std::move(*hash)};
}

PasswordVerdict conclude(bool computed, Digest& digest, const Bytes& stored) {
    const PasswordVerdict verdict =
        computed ? compare_hashes(digest, stored) : PasswordVerdict::not_computed;
    OPENSSL_cleanse(digest.data(), digest.size());
    return verdict;
}

struct Pbkdf2 {
    std::uint32_t iterations;
    SaltedHash salted;
};

// crypt_scrypt.cpp has the other meaning of `$7$`.
bool claims_pbkdf2(std::string_view text) {
    return text.starts_with("$7$") && !is_crypt_scrypt(text);
}

Result<Pbkdf2> read_pbkdf2(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 4) {
        return fail_shape(mosquitto_pbkdf2_format);
    }
    const auto iterations = read_number("iterations", fields[1], iterations_range);
    if (!iterations) {
        return tl::unexpected(iterations.error());
    }
    return read_salted_hash(fields[2], fields[3]).map([&](SaltedHash salted) {
        return Pbkdf2{*iterations, std::move(salted)};
    });
}

Result<std::string> cost_class_of_pbkdf2(std::string_view text) {
    return read_pbkdf2(text).map(
        [](const Pbkdf2& secret) { return fmt::format("$7${}", secret.iterations); });
}

PasswordVerdict verify_pbkdf2(std::string_view text, std::string_view password) {
    const Pbkdf2 secret = read_pbkdf2(text).value();
    Digest digest{};
    const bool computed =
        pbkdf2_hmac(Sha::sha512, password, secret.salted.salt, secret.iterations, digest);
    return conclude(computed, digest, secret.salted.hash);
}

Result<SaltedHash> read_sha512(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 3) {
        return fail_shape(mosquitto_sha512_format);
    }
    return read_salted_hash(fields[1], fields[2]);
}

Result<std::string> cost_class_of_sha512(std::string_view text) {
    return read_sha512(text).map([](const SaltedHash&) { return std::string("$6$once"); });
}

PasswordVerdict verify_sha512(std::string_view text, std::string_view password) {
    const SaltedHash secret = read_sha512(text).value();
    Digest digest{};
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    const bool computed =
        context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha512(), nullptr) == 1 &&
        EVP_DigestUpdate(context.get(), password.data(), password.size()) == 1 &&
        EVP_DigestUpdate(context.get(), secret.salt.data(), secret.salt.size()) == 1 &&
        EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    return conclude(computed, digest, secret.hash);
}

}  // namespace

constinit const SecretFormat mosquitto_pbkdf2_format{
    .format = PasswordFormat::mosquitto_pbkdf2,
    .looks_like = "$7$101$<salt>$<hash>",
    .claims = claims_pbkdf2,
    .cost_class = cost_class_of_pbkdf2,
    .verify = verify_pbkdf2,
};

// sha_crypt.cpp has the other meaning of `$6$`; the last character tells them apart.
constinit const SecretFormat mosquitto_sha512_format{
    .format = PasswordFormat::mosquitto_sha512,
    .looks_like = "$6$<salt>$<hash>==",
    .claims =
        [](std::string_view text) { return text.starts_with("$6$") && text.ends_with('='); },
    .cost_class = cost_class_of_sha512,
    .verify = verify_sha512,
};

}  // namespace pgauth
