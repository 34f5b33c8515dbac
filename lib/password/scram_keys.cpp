#include "password/scram_keys.hpp"

#include <algorithm>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "password/base64.hpp"

namespace pgauth {

bool scram_hmac(const ScramKey& key, std::string_view message, ScramKey& out) noexcept {
    return HMAC(EVP_sha256(),
                key.data(),
                static_cast<int>(key.size()),
                reinterpret_cast<const unsigned char*>(message.data()),
                message.size(),
                out.data(),
                nullptr) != nullptr;
}

bool scram_hash(const ScramKey& in, ScramKey& out) noexcept {
    return EVP_Digest(in.data(), in.size(), out.data(), nullptr, EVP_sha256(), nullptr) == 1;
}

std::optional<ScramKey> read_scram_key(std::string_view text) {
    const auto bytes = decode_base64(text, Padding::required);
    ScramKey key{};
    if (!bytes || bytes->size() != key.size()) {
        return std::nullopt;
    }
    std::ranges::copy(*bytes, key.begin());
    return key;
}

}  // namespace pgauth
