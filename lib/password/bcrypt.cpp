// bcrypt: `$2b$10$` and 53 characters, 22 of salt and 31 of hash. crypt(5).
// `$2a$`, `$2b$` and `$2y$` name the same algorithm by now; `$2x$` is a known-bad one, refused.

#include "password/crypt3.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

constexpr std::size_t max_bcrypt_bytes = 72;

bool claims(std::string_view text) {
    return text.starts_with("$2a$") || text.starts_with("$2b$") || text.starts_with("$2y$");
}

// bcrypt's base64 goes highest bits first: the last characters carry two bits of salt and four
// of hash, which leaves 4 and 16 that they can be.
bool is_salt_and_hash(std::string_view text) {
    return text.size() == 53 && is_crypt_text(text) &&
           std::string_view(".Oeu").find(text[21]) != std::string_view::npos &&
           std::string_view(".CGKOSWaeimquy26").find(text[52]) != std::string_view::npos;
}

Result<std::string> cost_class(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 3) {
        return fail_shape(bcrypt_format);
    }
    std::string_view cost = fields[1];
    if (cost.size() != 2) {
        return fail(ErrorKind::invalid_input, "cost is not two digits: use 04 to 14");
    }
    cost.remove_prefix(cost.front() == '0' ? 1 : 0);
    if (const auto number = read_number("cost", cost, {4, 14}); !number) {
        return tl::unexpected(number.error());
    }
    if (!is_salt_and_hash(fields[2])) {
        return fail(ErrorKind::invalid_input,
                    "salt and hash are not 53 characters of bcrypt's base64 (./A-Za-z0-9)");
    }
    return "$2b$" + std::string(fields[1]);
}

PasswordVerdict verify(std::string_view text, std::string_view password) {
    return password.size() > max_bcrypt_bytes ? PasswordVerdict::wrong
                                              : verify_crypt(text, password);
}

}  // namespace

constinit const SecretFormat bcrypt_format{
    .format = PasswordFormat::bcrypt,
    .looks_like = "$2b$10$<salt><hash>",
    .claims = claims,
    .cost_class = cost_class,
    .verify = verify,
};

}  // namespace pgauth
