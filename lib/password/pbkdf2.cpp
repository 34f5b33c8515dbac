// PBKDF2 as mosquitto-go-auth and mosquitto-auth-plug write it:
// `PBKDF2$sha512$100000$salt$hash`, padded base64. RFC 8018.
//
// The spelling does not say what the salt is. go-auth decodes the base64, unless it is told not
// to; auth-plug takes the text itself, unless it is built not to. Either satisfies: to err
// would take a collision, and to choose would lock half of those out who bring such hashes
// along.

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <utility>

#include <openssl/crypto.h>

#include "password/base64.hpp"
#include "password/pbkdf2_hmac.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

using Bytes = std::vector<std::uint8_t>;

// Of two derivations, each of which runs once for each block.
constexpr std::uint32_t max_iterations = 1000000;

struct Pbkdf2 {
    Sha sha;
    std::uint32_t iterations;
    std::uint32_t blocks;
    std::string_view salt_text;
    Bytes salt;
    Bytes hash;
};

// What the two and their tools write. No other, since a shorter hash is the beginning of a
// longer one: one that was cut short would go unnoticed.
constexpr std::array<std::size_t, 4> hash_sizes = {24, 32, 48, 64};

Result<Pbkdf2> read(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text.substr(text.find('$')));
    if (fields.size() != 4) {
        return fail_shape(pbkdf2_format);
    }
    if (fields[0] != "sha256" && fields[0] != "sha512") {
        return fail(ErrorKind::invalid_input,
                    "digest is not an accepted one: use sha256 or sha512");
    }
    std::optional<Bytes> salt = decode_base64(fields[2], Padding::required);
    if (!salt || salt->size() < 8 || salt->size() > 64) {
        return fail(ErrorKind::invalid_input,
                    "salt is not base64 with padding of 8 to 64 bytes");
    }
    std::optional<Bytes> hash = decode_base64(fields[3], Padding::required);
    if (!hash || std::ranges::find(hash_sizes, hash->size()) == hash_sizes.end()) {
        return fail(ErrorKind::invalid_input,
                    "hash is not base64 with padding of 24, 32, 48 or 64 bytes");
    }
    const Sha sha = fields[0] == "sha256" ? Sha::sha256 : Sha::sha512;
    const std::uint32_t blocks = sha == Sha::sha256 && hash->size() > 32 ? 2 : 1;
    const auto iterations = read_number("iterations", fields[1], {1, max_iterations / blocks});
    if (!iterations) {
        return tl::unexpected(iterations.error());
    }
    return Pbkdf2{sha, *iterations, blocks, fields[2], std::move(*salt), std::move(*hash)};
}

// A block more takes as long as that many iterations more.
Result<std::string> cost_class(std::string_view text) {
    return read(text).map([](const Pbkdf2& secret) {
        return fmt::format("PBKDF2${}${}",
                           secret.sha == Sha::sha256 ? "sha256" : "sha512",
                           secret.iterations * secret.blocks);
    });
}

PasswordVerdict verify_with(std::span<const std::uint8_t> salt,
                            const Pbkdf2& secret,
                            std::string_view password) {
    std::array<std::uint8_t, 64> computed{};
    const auto key = std::span(computed).first(secret.hash.size());
    const bool done = pbkdf2_hmac(secret.sha, password, salt, secret.iterations, key);
    const PasswordVerdict verdict =
        done ? compare_hashes(key, secret.hash) : PasswordVerdict::not_computed;
    OPENSSL_cleanse(computed.data(), computed.size());
    return verdict;
}

PasswordVerdict verify(std::string_view text, std::string_view password) {
    const Pbkdf2 secret = read(text).value();
    const PasswordVerdict decoded = verify_with(secret.salt, secret, password);
    if (decoded == PasswordVerdict::right) {
        return decoded;
    }
    const std::span salt_text(reinterpret_cast<const std::uint8_t*>(secret.salt_text.data()),
                              secret.salt_text.size());
    const PasswordVerdict as_text = verify_with(salt_text, secret, password);
    return as_text == PasswordVerdict::wrong ? decoded : as_text;
}

}  // namespace

constinit const SecretFormat pbkdf2_format{
    .format = PasswordFormat::pbkdf2,
    .looks_like = "PBKDF2$sha512$100000$<salt>$<hash>",
    .claims = [](std::string_view text) { return text.starts_with("PBKDF2$"); },
    .cost_class = cost_class,
    .verify = verify,
};

}  // namespace pgauth
