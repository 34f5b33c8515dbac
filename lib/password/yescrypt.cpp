// yescrypt as crypt(3) writes it: `$y$j9T$salt$hash`. crypt(5).

#include <algorithm>
#include <array>

#include "password/crypt3.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

// yescrypt has a dozen parameters; people have what crypt_gensalt(3) makes of a cost of 1 to 9:
// 1 MiB to 256 MiB, doubling, in one pass.
constexpr std::array<std::string_view, 9> parameters = {
    "j75", "j85", "j7T", "j8T", "j9T", "jAT", "jBT", "jCT", "jDT"};

constexpr std::size_t min_salt_characters = 11;  // 8 bytes
constexpr std::size_t max_salt_characters = 86;  // 64 bytes
constexpr std::size_t hash_characters = 43;      // 32 bytes

Result<std::string> cost_class(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 4) {
        return fail_shape(yescrypt_format);
    }
    const std::string_view salt = fields[2];
    const std::string_view hash = fields[3];
    if (std::ranges::find(parameters, fields[1]) == parameters.end()) {
        return fail(
            ErrorKind::invalid_input,
            "parameters are none of j75, j85, j7T, j8T, j9T, jAT, jBT, jCT, jDT (cost 1 to 9)");
    }
    if (salt.size() < min_salt_characters || salt.size() > max_salt_characters ||
        !is_crypt_base64(salt)) {
        return fail(ErrorKind::invalid_input,
                    "salt is not 8 to 64 bytes in the alphabet ./0-9A-Za-z");
    }
    if (hash.size() != hash_characters || !is_crypt_base64(hash)) {
        return fail(ErrorKind::invalid_input,
                    "hash is not 43 characters of crypt(5)'s ./0-9A-Za-z");
    }
    return "$y$" + std::string(fields[1]);
}

}  // namespace

constinit const SecretFormat yescrypt_format{
    .format = PasswordFormat::yescrypt,
    .looks_like = "$y$j9T$<salt>$<hash>",
    .claims = [](std::string_view text) { return text.starts_with("$y$"); },
    .cost_class = cost_class,
    .verify = verify_crypt,
};

}  // namespace pgauth
