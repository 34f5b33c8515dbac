#include "password/crypt3.hpp"

#include <algorithm>
#include <array>
#include <crypt.h>

#include <openssl/crypto.h>

#include "password/secret_format.hpp"

namespace pgauth {

namespace {

constexpr std::string_view alphabet =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::span<const std::uint8_t> bytes_of(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

bool is_crypt_scrypt(std::string_view text) {
    return text.starts_with("$7$") && text.size() > 4 &&
           text.substr(4).starts_with(scrypt_parameters);
}

bool is_crypt_text(std::string_view text) noexcept {
    return text.find_first_not_of(alphabet) == std::string_view::npos;
}

bool is_crypt_base64(std::string_view text) noexcept {
    if (!is_crypt_text(text) || text.size() % 4 == 1) {
        return false;
    }
    // Two characters carry one byte and four spare bits, three carry two bytes and two.
    const std::size_t tail = text.size() % 4;
    const std::size_t values = tail == 2 ? 4 : tail == 3 ? 16 : 64;
    return text.empty() || alphabet.find(text.back()) < values;
}

PasswordVerdict verify_crypt(std::string_view text, std::string_view password) noexcept {
    std::array<char, CRYPT_MAX_PASSPHRASE_SIZE> phrase{};
    std::array<char, CRYPT_OUTPUT_SIZE> setting{};
    if (password.size() >= phrase.size()) {
        return PasswordVerdict::wrong;
    }
    std::ranges::copy(password, phrase.begin());
    std::ranges::copy(text, setting.begin());

    crypt_data workspace{};
    const char* const hashed =
        crypt_rn(phrase.data(), setting.data(), &workspace, sizeof workspace);
    const PasswordVerdict verdict = hashed == nullptr
                                        ? PasswordVerdict::not_computed
                                        : compare_hashes(bytes_of(hashed), bytes_of(text));
    OPENSSL_cleanse(phrase.data(), phrase.size());
    OPENSSL_cleanse(&workspace, sizeof workspace);
    return verdict;
}

}  // namespace pgauth
