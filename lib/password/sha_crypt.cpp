// sha256-crypt and sha512-crypt: `$5$salt$hash`, `$6$rounds=656000$salt$hash`. crypt(5).

#include <fmt/format.h>

#include "password/crypt3.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

constexpr NumberRange rounds_range{1000, 1000000};
constexpr std::uint32_t default_rounds = 5000;
constexpr std::string_view rounds_key = "rounds=";
constexpr std::size_t max_salt_characters = 16;

// `$6$` that ends in a `=` is Mosquitto's: crypt(5)'s alphabet has none.
bool claims_sha512(std::string_view text) {
    return text.starts_with("$6$") && !text.ends_with('=');
}

// The cost class.
Result<std::string> read(const SecretFormat& format,
                         std::string_view text,
                         std::size_t hash_characters) {
    std::vector<std::string_view> fields = split_fields(text);
    std::uint32_t rounds = default_rounds;
    if (fields.size() > 1 && fields[1].starts_with(rounds_key)) {
        const auto number =
            read_number("rounds", fields[1].substr(rounds_key.size()), rounds_range);
        if (!number) {
            return tl::unexpected(number.error());
        }
        rounds = *number;
        fields.erase(fields.begin() + 1);
    }
    if (fields.size() != 3) {
        return fail_shape(format);
    }
    const std::string_view salt = fields[1];
    if (salt.empty() || salt.size() > max_salt_characters || !is_crypt_text(salt)) {
        return fail(ErrorKind::invalid_input, "salt is not 1 to 16 characters of ./0-9A-Za-z");
    }
    if (fields[2].size() != hash_characters || !is_crypt_base64(fields[2])) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("hash is not {} characters of crypt(5)'s ./0-9A-Za-z",
                                hash_characters));
    }
    return fmt::format("${}$rounds={}", fields[0], rounds);
}

Result<std::string> cost_class_of_sha512(std::string_view text) {
    return read(sha512_crypt_format, text, 86);
}

Result<std::string> cost_class_of_sha256(std::string_view text) {
    return read(sha256_crypt_format, text, 43);
}

}  // namespace

constinit const SecretFormat sha512_crypt_format{
    .format = PasswordFormat::sha512_crypt,
    .looks_like = "$6$<salt>$<hash> or $6$rounds=656000$<salt>$<hash>",
    .claims = claims_sha512,
    .cost_class = cost_class_of_sha512,
    .verify = verify_crypt,
};

constinit const SecretFormat sha256_crypt_format{
    .format = PasswordFormat::sha256_crypt,
    .looks_like = "$5$<salt>$<hash> or $5$rounds=535000$<salt>$<hash>",
    .claims = [](std::string_view text) { return text.starts_with("$5$"); },
    .cost_class = cost_class_of_sha256,
    .verify = verify_crypt,
};

}  // namespace pgauth
