#include "password/secret_format.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <system_error>

#include <openssl/crypto.h>

#include "base/quote.hpp"

namespace pgauth {

std::vector<std::string_view> split_fields(std::string_view text) {
    std::vector<std::string_view> fields;
    std::size_t end = 0;
    while (end != std::string_view::npos) {
        const std::size_t begin = end + 1;
        end = text.find('$', begin);
        fields.push_back(text.substr(begin, end - begin));
    }
    return fields;
}

Result<std::uint32_t> read_number(std::string_view name,
                                  std::string_view digits,
                                  NumberRange range) {
    const bool decimal =
        !digits.empty() && (digits == "0" || digits.front() != '0') &&
        std::ranges::all_of(digits, [](char digit) { return digit >= '0' && digit <= '9'; });
    if (!decimal) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format(
                "{} is not a decimal number: use {} to {}", name, range.min, range.max));
    }
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc{} || number < range.min || number > range.max) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{} {} is out of range: use {} to {}",
                                name,
                                quote(digits, 10),
                                range.min,
                                range.max));
    }
    return number;
}

tl::unexpected<Error> fail_shape(const SecretFormat& format) {
    return fail(
        ErrorKind::invalid_input,
        fmt::format("a part is missing or too many: it looks like {}", format.looks_like));
}

PasswordVerdict compare_hashes(std::span<const std::uint8_t> computed,
                               std::span<const std::uint8_t> stored) noexcept {
    const bool equal = computed.size() == stored.size() &&
                       CRYPTO_memcmp(computed.data(), stored.data(), stored.size()) == 0;
    return equal ? PasswordVerdict::right : PasswordVerdict::wrong;
}

}  // namespace pgauth
