// scrypt as crypt(3) writes it: `$7$CU..../....salt$hash`. crypt(5).

#include "password/crypt3.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

// What crypt_gensalt(3) makes of a cost of 6 to 9: 32 MiB to 256 MiB, doubling.
constexpr std::string_view costs = "BCDE";
constexpr std::size_t parameters_size = 1 + scrypt_parameters.size();

constexpr std::size_t min_salt_characters = 11;  // 8 bytes
constexpr std::size_t max_salt_characters = 86;  // 64 bytes
constexpr std::size_t hash_characters = 43;      // 32 bytes

Result<std::string> cost_class(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 3) {
        return fail_shape(crypt_scrypt_format);
    }
    if (costs.find(fields[1].front()) == std::string_view::npos) {
        return fail(ErrorKind::invalid_input,
                    "parameters are none of BU..../...., CU..../...., DU..../...., "
                    "EU..../.... (cost 6 to 9)");
    }
    const std::string_view salt = fields[1].substr(parameters_size);
    if (salt.size() < min_salt_characters || salt.size() > max_salt_characters ||
        !is_crypt_base64(salt)) {
        return fail(ErrorKind::invalid_input,
                    "salt is not 8 to 64 bytes in the alphabet ./0-9A-Za-z");
    }
    if (fields[2].size() != hash_characters || !is_crypt_base64(fields[2])) {
        return fail(ErrorKind::invalid_input,
                    "hash is not 43 characters of crypt(5)'s ./0-9A-Za-z");
    }
    return "$7$" + std::string(fields[1].substr(0, parameters_size));
}

}  // namespace

constinit const SecretFormat crypt_scrypt_format{
    .format = PasswordFormat::crypt_scrypt,
    .looks_like = "$7$CU..../....<salt>$<hash>",
    .claims = is_crypt_scrypt,
    .cost_class = cost_class,
    .verify = verify_crypt,
};

}  // namespace pgauth
