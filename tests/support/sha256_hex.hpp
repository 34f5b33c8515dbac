// SHA-256 in hexadecimal digits, as `rehashed_from` has it after its `SHA256:`.

#pragma once

#include <array>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace pgauth::test {

inline std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    std::string hex;
    for (const unsigned char byte : digest) {
        hex += fmt::format("{:02x}", byte);
    }
    return hex;
}

}  // namespace pgauth::test
