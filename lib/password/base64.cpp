#include "password/base64.hpp"

#include <algorithm>
#include <string>

#include <openssl/evp.h>

namespace pgauth {

std::string encode_base64(std::span<const std::uint8_t> bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that OpenSSL adds
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                    bytes.data(),
                    static_cast<int>(bytes.size()));
    text.pop_back();
    return text;
}

std::optional<std::vector<std::uint8_t>> decode_base64(std::string_view text, Padding padding) {
    std::string padded(text);
    if (padding == Padding::absent) {
        if (text.find('=') != std::string_view::npos) {
            return std::nullopt;
        }
        padded.append((4 - text.size() % 4) % 4, '=');
    }
    if (padded.size() % 4 != 0) {
        return std::nullopt;
    }
    std::vector<std::uint8_t> bytes(padded.size() / 4 * 3);
    const int decoded = EVP_DecodeBlock(bytes.data(),
                                        reinterpret_cast<const unsigned char*>(padded.data()),
                                        static_cast<int>(padded.size()));
    if (decoded < 0) {
        return std::nullopt;
    }
    const auto pads = std::min<std::ptrdiff_t>(2, std::ranges::count(padded, '='));
    bytes.erase(bytes.end() - pads, bytes.end());
    // What is canonical encodes to itself.
    if (encode_base64(bytes) != padded) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace pgauth
