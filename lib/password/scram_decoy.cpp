#include "password/scram_decoy.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace pgauth {

namespace {

using Mac = std::array<std::uint8_t, 64>;

Mac mac(std::string_view key, std::string_view message) {
    Mac out{};
    if (HMAC(EVP_sha512(),
             key.data(),
             static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()),
             message.size(),
             out.data(),
             nullptr) == nullptr) {
        throw std::runtime_error("OpenSSL failed to make a MAC");
    }
    return out;
}

}  // namespace

ScramCost cost_of(const ScramVerifier& verifier) noexcept {
    return {verifier.iterations, verifier.salt.size()};
}

ScramDecoy::ScramDecoy() : key_(random_hex(32)) {}

ScramVerifier ScramDecoy::verifier_for(std::string_view username, ScramCost cost) const {
    const Mac salt = mac(key_.reveal(), "salt " + std::string(username));
    const Mac keys = mac(key_.reveal(), "keys " + std::string(username));
    ScramVerifier verifier;
    verifier.iterations = cost.iterations;
    verifier.salt.assign(
        salt.begin(),
        salt.begin() + static_cast<std::ptrdiff_t>(std::min(cost.salt_bytes, salt.size())));
    // Nobody knows what these would be the hashes of.
    std::copy_n(keys.begin(), verifier.stored_key.size(), verifier.stored_key.begin());
    std::copy_n(keys.begin() + verifier.stored_key.size(),
                verifier.server_key.size(),
                verifier.server_key.begin());
    return verifier;
}

}  // namespace pgauth
