#include "new_secret.hpp"

#include <CLI/CLI.hpp>

#include "password/hash_password.hpp"
#include "read_password.hpp"

namespace pgauth::tool {

void add_format_option(CLI::App& command, std::string& format) {
    command
        .add_option("--format",
                    format,
                    "argon2id (the default), yescrypt, scrypt, crypt-scrypt, bcrypt, "
                    "sha512-crypt, sha256-crypt, mosquitto (mosquitto-pbkdf2), pbkdf2, "
                    "scram-sha-256")
        ->type_name("FORMAT");
}

Result<std::string> new_secret(std::string_view what,
                               const std::string& format,
                               const PasswordPolicy& policy) {
    const auto made_format = read_made_format(format);
    if (!made_format) {
        return fail(made_format.error().kind, "--format: " + made_format.error().message);
    }
    const auto password = read_password(what);
    if (!password) {
        return tl::unexpected(password.error());
    }
    if (const auto judged = policy.judge(password->reveal()); !judged) {
        return tl::unexpected(judged.error());
    }
    auto secret = hash_password(*made_format, password->reveal());
    if (!secret) {
        return secret;
    }
    const auto hash = PasswordHash::parse(*secret);
    if (!hash || hash->verify(password->reveal()) != PasswordVerdict::right) {
        return fail(ErrorKind::unusable,
                    "the hash that was made is not one of this password: nothing was done");
    }
    return secret;
}

}  // namespace pgauth::tool
