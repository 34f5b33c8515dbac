#include "password_policy.hpp"

#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace pgauth::tool {

namespace {

bool continues_a_character(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// How many characters of `text` are among `letters`.
std::size_t count(std::string_view text, const std::optional<std::string>& letters) {
    std::size_t found = 0;
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
        do {
            ++end;
        } while (end < text.size() && continues_a_character(text[end]));
        const std::string_view character = text.substr(begin, end - begin);
        if (!letters || letters->find(character) != std::string::npos) {
            ++found;
        }
    }
    return found;
}

}  // namespace

Result<PasswordPolicy> PasswordPolicy::read(PgConnection& connection) {
    PasswordPolicy policy;
    const auto asked = connection.query(
        "SELECT least, letters, demand FROM mqtt_auth.password_policy ORDER BY place",
        {},
        [&policy](const PgConnection::Row& row) {
            Demand& demand = policy.demands_.emplace_back();
            const std::string_view least = row[0].value_or("");
            std::from_chars(least.data(), least.data() + least.size(), demand.least);
            demand.letters = row[1];
            demand.words = row[2].value_or("");
        });
    return asked ? Result<PasswordPolicy>(std::move(policy)) : tl::unexpected(asked.error());
}

Result<void> PasswordPolicy::judge(std::string_view password) const {
    std::string lacking;
    for (const Demand& demand : demands_) {
        if (count(password, demand.letters) < demand.least) {
            lacking += (lacking.empty() ? "" : ", ") + demand.words;
        }
    }
    if (lacking.empty()) {
        return {};
    }
    return fail(
        ErrorKind::invalid_input,
        fmt::format("the password is too weak for the password policy: it needs at least {}",
                    lacking));
}

}  // namespace pgauth::tool
