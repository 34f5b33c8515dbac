#include "password/new_secrets.hpp"

#include <algorithm>
#include <argon2.h>
#include <array>
#include <crypt.h>
#include <cstdint>
#include <fmt/format.h>
#include <span>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "password/argon2id.hpp"
#include "password/base64.hpp"
#include "password/pbkdf2_hmac.hpp"
#include "password/scram_verifier.hpp"

namespace pgauth {

namespace {

constexpr std::uint32_t pbkdf2_iterations = 100000;
constexpr std::uint32_t scram_iterations = 4096;

tl::unexpected<Error> not_made(std::string_view why) {
    return fail(ErrorKind::unavailable, fmt::format("password: not hashed: {}", why));
}

tl::unexpected<Error> no_random_bytes() {
    return fail(ErrorKind::unavailable, "password: no random bytes to be had from OpenSSL");
}

template <std::size_t size>
bool fill(std::array<std::uint8_t, size>& salt) {
    return RAND_bytes(salt.data(), static_cast<int>(size)) == 1;
}

std::string without_padding(std::string base64) {
    base64.erase(base64.find_last_not_of('=') + 1);
    return base64;
}

// The last part of a secret, of the hash that `derive` fills in.
template <std::size_t size, typename Derive>
Result<std::string> encoded(Derive derive) {
    std::array<std::uint8_t, size> hash{};
    const bool done = derive(std::span<std::uint8_t>(hash));
    std::string text = done ? encode_base64(hash) : std::string();
    OPENSSL_cleanse(hash.data(), hash.size());
    return done ? Result<std::string>(std::move(text)) : not_made("OpenSSL failed");
}

}  // namespace

Result<std::string> make_crypt(const CryptMaker& maker, std::string_view password) {
    std::array<char, CRYPT_MAX_PASSPHRASE_SIZE> phrase{};
    if (password.size() > maker.longest) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("password: this format does not look behind {} bytes: use fewer, or "
                        "argon2id",
                        maker.longest));
    }
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
    // No random bytes given: libxcrypt takes the system's.
    if (crypt_gensalt_rn(maker.prefix,
                         maker.cost,
                         nullptr,
                         0,
                         setting.data(),
                         static_cast<int>(setting.size())) == nullptr) {
        return not_made("no salt to be had from libxcrypt");
    }
    std::ranges::copy(password, phrase.begin());
    crypt_data workspace{};
    const char* const hashed =
        crypt_rn(phrase.data(), setting.data(), &workspace, sizeof workspace);
    const std::string secret = hashed == nullptr ? "" : hashed;
    OPENSSL_cleanse(phrase.data(), phrase.size());
    OPENSSL_cleanse(&workspace, sizeof workspace);
    return secret.empty() ? not_made("libxcrypt failed") : Result<std::string>(secret);
}

Result<std::string> make_argon2id(std::string_view password) {
    std::array<std::uint8_t, 16> salt{};
    if (!fill(salt)) {
        return no_random_bytes();
    }
    constexpr std::size_t hash_bytes = 32;
    std::array<char, 128> secret{};
    const int status = argon2id_hash_encoded(new_argon2id_cost.passes,
                                             new_argon2id_cost.memory,
                                             new_argon2id_cost.lanes,
                                             password.data(),
                                             password.size(),
                                             salt.data(),
                                             salt.size(),
                                             hash_bytes,
                                             secret.data(),
                                             secret.size());
    return status == ARGON2_OK ? Result<std::string>(secret.data())
                               : not_made(argon2_error_message(status));
}

Result<std::string> make_scrypt(std::string_view password) {
    constexpr unsigned log_n = 16;
    constexpr std::uint64_t block = 8;
    constexpr std::uint64_t max_memory = 80UL * 1024 * 1024;
    std::array<std::uint8_t, 16> salt{};
    if (!fill(salt)) {
        return no_random_bytes();
    }
    const auto derive = [&](std::span<std::uint8_t> hash) {
        return EVP_PBE_scrypt(password.data(),
                              password.size(),
                              salt.data(),
                              salt.size(),
                              std::uint64_t{1} << log_n,
                              block,
                              1,
                              max_memory,
                              hash.data(),
                              hash.size()) == 1;
    };
    return encoded<32>(derive).map([&](const std::string& hash) {
        return fmt::format("$scrypt$ln={},r={},p=1${}${}",
                           log_n,
                           block,
                           without_padding(encode_base64(salt)),
                           without_padding(hash));
    });
}

Result<std::string> make_mosquitto_pbkdf2(std::string_view password) {
    std::array<std::uint8_t, 12> salt{};
    if (!fill(salt)) {
        return no_random_bytes();
    }
    return encoded<64>([&](std::span<std::uint8_t> hash) {
               return pbkdf2_hmac(Sha::sha512, password, salt, pbkdf2_iterations, hash);
           })
        .map([&](const std::string& hash) {
            return fmt::format("$7${}${}${}", pbkdf2_iterations, encode_base64(salt), hash);
        });
}

Result<std::string> make_pbkdf2(std::string_view password) {
    std::array<std::uint8_t, 16> salt{};
    if (!fill(salt)) {
        return no_random_bytes();
    }
    return encoded<64>([&](std::span<std::uint8_t> hash) {
               return pbkdf2_hmac(Sha::sha512, password, salt, pbkdf2_iterations, hash);
           })
        .map([&](const std::string& hash) {
            return fmt::format(
                "PBKDF2$sha512${}${}${}", pbkdf2_iterations, encode_base64(salt), hash);
        });
}

Result<std::string> make_scram_sha256(std::string_view password) {
    std::array<std::uint8_t, 16> salt{};
    if (!fill(salt)) {
        return no_random_bytes();
    }
    const auto made = ScramVerifier::derive(password, salt, scram_iterations);
    return made ? Result<std::string>(fmt::format("SCRAM-SHA-256${}:{}${}:{}",
                                                  scram_iterations,
                                                  encode_base64(salt),
                                                  encode_base64(made->stored_key),
                                                  encode_base64(made->server_key)))
                : not_made("OpenSSL failed");
}

}  // namespace pgauth
