// A password secret that costs next to nothing to make and to check, for tests that make many:
// mosquitto_passwd's PBKDF2 with the same salt every time.

#pragma once

#include <array>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace pgauth::test {

inline std::string quick_secret(std::string_view password, int iterations = 1) {
    constexpr std::array<unsigned char, 12> salt{'s', 'a', 'l', 't'};
    std::array<unsigned char, 64> hash{};
    PKCS5_PBKDF2_HMAC(password.data(),
                      static_cast<int>(password.size()),
                      salt.data(),
                      static_cast<int>(salt.size()),
                      iterations,
                      EVP_sha512(),
                      static_cast<int>(hash.size()),
                      hash.data());
    const auto base64 = [](const auto& bytes) {
        std::array<unsigned char, 100> text{};
        const int size =
            EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
        return std::string(text.begin(), text.begin() + size);
    };
    return fmt::format("$7${}${}${}", iterations, base64(salt), base64(hash));
}

// One that takes a tenth of a second or so to check, and that nobody knows a password for.
inline std::string slow_secret() {
    return "$7$100000$" + std::string(16, 'A') + "$" + std::string(86, 'A') + "==";
}

}  // namespace pgauth::test
