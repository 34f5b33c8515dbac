#include "base/digest.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

#include <openssl/evp.h>

namespace pgauth {

namespace {

constexpr std::size_t bytes = sizeof(std::uint64_t);

}  // namespace

std::uint64_t first_bits_of_sha256(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) !=
        1) {
        throw std::runtime_error("OpenSSL cannot compute SHA-256");
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        constexpr unsigned bits_a_byte = 8;
        bits = (bits << bits_a_byte) | digest.at(i);
    }
    return bits;
}

std::optional<std::uint64_t> first_bits_in(std::string_view digest) {
    constexpr std::string_view prefix = "SHA256:";
    constexpr std::size_t digits = 2 * bytes;
    constexpr int hexadecimal = 16;
    if (!digest.starts_with(prefix) || digest.size() < prefix.size() + digits) {
        return std::nullopt;
    }
    const char* const begin = digest.data() + prefix.size();
    std::uint64_t bits = 0;
    const auto read = std::from_chars(begin, begin + digits, bits, hexadecimal);
    return read.ec == std::errc() && read.ptr == begin + digits ? std::optional(bits)
                                                                : std::nullopt;
}

}  // namespace pgauth
