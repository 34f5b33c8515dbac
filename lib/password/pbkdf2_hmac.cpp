#include "password/pbkdf2_hmac.hpp"

#include <openssl/evp.h>

namespace pgauth {

bool pbkdf2_hmac(Sha sha,
                 std::string_view password,
                 std::span<const std::uint8_t> salt,
                 std::uint32_t iterations,
                 std::span<std::uint8_t> key) noexcept {
    return PKCS5_PBKDF2_HMAC(password.data(),
                             static_cast<int>(password.size()),
                             salt.data(),
                             static_cast<int>(salt.size()),
                             static_cast<int>(iterations),
                             sha == Sha::sha256 ? EVP_sha256() : EVP_sha512(),
                             static_cast<int>(key.size()),
                             key.data()) == 1;
}

}  // namespace pgauth
