#include "base/keyed_mac.hpp"

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/secret.hpp"

namespace pgauth {

namespace {

[[noreturn]] void give_up() {
    throw std::runtime_error("OpenSSL cannot compute HMAC-SHA-256");
}

}  // namespace

void KeyedMac::Closer::operator()(evp_mac_ctx_st* context) const noexcept {
    EVP_MAC_CTX_free(context);
}

KeyedMac::KeyedMac() {
    constexpr std::size_t key_bytes = 32;
    std::array<unsigned char, key_bytes> key{};
    if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
        throw std::runtime_error("no random bytes to be had from OpenSSL");
    }
    EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    keyed_.reset(hmac == nullptr ? nullptr : EVP_MAC_CTX_new(hmac));
    EVP_MAC_free(hmac);
    std::array<char, sizeof "SHA256"> digest{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    const bool is_ready =
        keyed_ != nullptr &&
        EVP_MAC_init(keyed_.get(), key.data(), key.size(), parameters.data()) == 1;
    OPENSSL_cleanse(key.data(), key.size());
    if (!is_ready) {
        give_up();
    }
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
    std::size_t digest_size = 0;
    const Context context(EVP_MAC_CTX_dup(keyed_.get()));
    const bool computed =
        context != nullptr &&
        EVP_MAC_update(context.get(),
                       reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) == 1 &&
        EVP_MAC_final(context.get(), digest.data(), &digest_size, digest.size()) == 1;
    wipe(message);
    if (!computed) {
        give_up();
    }
    Tag tag;
    std::memcpy(&tag, digest.data(), sizeof(tag));
    return tag;
}

}  // namespace pgauth
