#include "base/keyed_mac.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/secret.hpp"

namespace pgauth {

KeyedMac::KeyedMac() {
    if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) {
        throw std::runtime_error("no random bytes to be had from OpenSSL");
    }
}

KeyedMac::~KeyedMac() {
    OPENSSL_cleanse(key_.data(), key_.size());
}

KeyedMac::Tag KeyedMac::operator()(std::initializer_list<std::string_view> parts) const {
    std::size_t size = 0;
    for (const std::string_view part : parts) {
        size += sizeof(std::uint64_t) + part.size();
    }
    std::string message;
    message.reserve(size);
    for (const std::string_view part : parts) {
        const std::uint64_t length = part.size();
        message.append(reinterpret_cast<const char*>(&length), sizeof(length));
        message += part;
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    const bool computed = HMAC(EVP_sha256(),
                               key_.data(),
                               static_cast<int>(key_.size()),
                               reinterpret_cast<const unsigned char*>(message.data()),
                               message.size(),
                               digest.data(),
                               nullptr) != nullptr;
    wipe(message);
    if (!computed) {
        throw std::runtime_error("OpenSSL cannot compute HMAC-SHA-256");
    }
    Tag tag;
    std::memcpy(&tag, digest.data(), sizeof(tag));
    return tag;
}

}  // namespace pgauth
