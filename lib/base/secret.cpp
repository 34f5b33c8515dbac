#include "base/secret.hpp"

#include <openssl/crypto.h>

namespace pgauth {

void wipe(std::string& text) noexcept {
    text.resize(
        text.capacity());  // never allocates: also what an earlier, longer value left behind
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

}  // namespace pgauth
