#include "import/emqx_secret.hpp"

#include <charconv>
#include <fmt/format.h>
#include <span>
#include <vector>

#include "base/quote.hpp"
#include "import/foreign.hpp"
#include "password/base64.hpp"

namespace pgauth::tool {

namespace {

std::optional<std::vector<std::uint8_t>> read_hexadecimal(std::string_view text) {
    if (text.empty() || text.size() % 2 != 0) {
        return std::nullopt;
    }
    std::vector<std::uint8_t> bytes(text.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char* const begin = text.data() + 2 * i;
        if (std::from_chars(begin, begin + 2, bytes[i], 16).ptr != begin + 2) {
            return std::nullopt;
        }
    }
    return bytes;
}

std::string as_base64(std::string_view text) {
    return encode_base64(
        std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace

Result<std::optional<EmqxPbkdf2>> EmqxPbkdf2::parse(std::string_view text) {
    if (text.empty()) {
        return std::nullopt;
    }
    const std::size_t colon = text.find(':');
    EmqxPbkdf2 made;
    made.digest = text.substr(0, colon);
    const std::string_view digits =
        colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, made.iterations);
    const bool is_digest = made.digest == "sha256" || made.digest == "sha512";
    if (!is_digest || digits.empty() || read.ec != std::errc() || read.ptr != end) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("--emqx-pbkdf2: {} is not a digest and iterations: use "
                                "`sha256:4096`, or sha512",
                                quote(text)));
    }
    return made;
}

Result<std::string> emqx_secret(std::string_view hash,
                                std::string_view salt,
                                const std::optional<EmqxPbkdf2>& pbkdf2) {
    const auto bytes = read_hexadecimal(hash);
    if (!bytes) {
        return check_secret(hash).map([&] { return std::string(hash); });
    }
    if (!pbkdf2) {
        return fail(ErrorKind::invalid_input,
                    "a digest, for which there is no form here; if EMQX made it with PBKDF2, "
                    "say --emqx-pbkdf2 sha256:4096");
    }
    std::string secret = fmt::format("PBKDF2${}${}${}${}",
                                     pbkdf2->digest,
                                     pbkdf2->iterations,
                                     as_base64(salt),
                                     encode_base64(*bytes));
    return check_secret(secret).map([&] { return std::move(secret); });
}

}  // namespace pgauth::tool
