#include "base/secret.hpp"

#include <stdexcept>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace pgauth {

void wipe(std::string& text) noexcept {
    text.resize(
        text.capacity());  // never allocates: also what an earlier, longer value left behind
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

Secret random_hex(std::size_t bytes) {
    std::vector<unsigned char> random(bytes);
    if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1) {
        throw std::runtime_error("no random bytes to be had from OpenSSL");
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes);
    for (const unsigned char byte : random) {
        text += digits[byte >> 4U];
        text += digits[byte & 0xFU];
    }
    Secret secret(text);
    wipe(text);
    OPENSSL_cleanse(random.data(), random.size());
    return secret;
}

}  // namespace pgauth
