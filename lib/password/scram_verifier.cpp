#include "password/scram_verifier.hpp"

#include <utility>

#include <openssl/crypto.h>

#include "base/secret.hpp"
#include "password/base64.hpp"
#include "password/pbkdf2_hmac.hpp"
#include "password/saslprep.hpp"
#include "password/scram_keys.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view scheme = "SCRAM-SHA-256";
constexpr NumberRange iterations_range{1, 2000000};

// `a:b` as a and b; nothing where there is no colon, or a second one.
std::optional<std::pair<std::string_view, std::string_view>> split_pair(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos ||
        text.find(':', colon + 1) != std::string_view::npos) {
        return std::nullopt;
    }
    return std::pair{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

Result<ScramVerifier> ScramVerifier::parse(std::string_view text) {
    const std::vector<std::string_view> fields =
        text.starts_with(scheme) && text.substr(scheme.size()).starts_with('$')
            ? split_fields(text.substr(scheme.size()))
            : std::vector<std::string_view>{};
    const auto cost = fields.size() == 2 ? split_pair(fields[0]) : std::nullopt;
    const auto keys = fields.size() == 2 ? split_pair(fields[1]) : std::nullopt;
    if (!cost || !keys) {
        return fail_shape(scram_sha256_format);
    }
    const auto iterations = read_number("iterations", cost->first, iterations_range);
    if (!iterations) {
        return tl::unexpected(iterations.error());
    }
    std::optional<Bytes> salt = decode_base64(cost->second, Padding::required);
    if (!salt || salt->size() < 8 || salt->size() > 64) {
        return fail(ErrorKind::invalid_input,
                    "salt is not base64 with padding of 8 to 64 bytes");
    }
    const auto stored_key = read_scram_key(keys->first);
    const auto server_key = read_scram_key(keys->second);
    if (!stored_key || !server_key) {
        return fail(ErrorKind::invalid_input,
                    "StoredKey and ServerKey are not each base64 with padding of 32 bytes");
    }
    return ScramVerifier{*iterations, std::move(*salt), *stored_key, *server_key};
}

std::optional<ScramVerifier> ScramVerifier::derive(std::string_view password,
                                                   std::span<const std::uint8_t> salt,
                                                   std::uint32_t iterations) {
    const Secret prepared = saslprep(password);
    ScramVerifier made{iterations, Bytes(salt.begin(), salt.end()), {}, {}};
    ScramKey salted_password{};
    ScramKey client_key{};
    const bool derived =
        pbkdf2_hmac(Sha::sha256, prepared.reveal(), salt, iterations, salted_password) &&
        scram_hmac(salted_password, "Client Key", client_key) &&
        scram_hash(client_key, made.stored_key) &&
        scram_hmac(salted_password, "Server Key", made.server_key);
    OPENSSL_cleanse(salted_password.data(), salted_password.size());
    OPENSSL_cleanse(client_key.data(), client_key.size());
    return derived ? std::optional(std::move(made)) : std::nullopt;
}

}  // namespace pgauth
