#include "comparison/stand_in.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <stdexcept>

#include "password/base64.hpp"
#include "password/pbkdf2_hmac.hpp"

namespace pgauth::tool {

StandIn StandIn::make() {
    constexpr std::size_t password_bytes = 16;
    std::array<std::uint8_t, 12> salt{};
    std::array<std::uint8_t, 64> hash{};
    Secret password = random_hex(password_bytes);
    const Secret salt_text = random_hex(salt.size() / 2);
    std::ranges::copy(salt_text.reveal(), salt.begin());
    if (!pbkdf2_hmac(Sha::sha512, password.reveal(), salt, stand_in_iterations, hash)) {
        throw std::runtime_error("OpenSSL cannot make a hash");
    }
    return {std::move(password), encode_base64(salt), encode_base64(hash)};
}

std::string StandIn::secret() const {
    return fmt::format("$7${}${}${}", stand_in_iterations, salt, hash);
}

}  // namespace pgauth::tool
