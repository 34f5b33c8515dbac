#include "password/scram_conversation.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>
#include <vector>

#include <openssl/crypto.h>

#include "base/secret.hpp"
#include "password/base64.hpp"
#include "password/scram_keys.hpp"

namespace pgauth {

namespace {

tl::unexpected<ScramError> fail(ScramError error) {
    return tl::unexpected(error);
}

// What stands before the next comma, which goes too; none where there is no comma.
std::optional<std::string_view> take_until_comma(std::string_view& rest) {
    const std::size_t comma = rest.find(',');
    if (comma == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view taken = rest.substr(0, comma);
    rest.remove_prefix(comma + 1);
    return taken;
}

// The value of `x=value`; none where the text is something else.
std::optional<std::string_view> value_of(char name, std::string_view attribute) {
    return attribute.size() > 2 && attribute[0] == name && attribute[1] == '='
               ? std::optional(attribute.substr(2))
               : std::nullopt;
}

// `=2C` is a comma and `=3D` an equals sign; neither may stand for itself.
std::optional<std::string> read_saslname(std::string_view text) {
    std::string name;
    while (!text.empty()) {
        if (text.front() == '\0' || text.front() == ',') {
            return std::nullopt;
        }
        const bool escaped = text.front() == '=';
        if (escaped && !text.starts_with("=2C") && !text.starts_with("=3D")) {
            return std::nullopt;
        }
        name += !escaped ? text.front() : text[1] == '2' ? ',' : '=';
        text.remove_prefix(escaped ? 3 : 1);
    }
    return name.empty() ? std::nullopt : std::optional(std::move(name));
}

bool is_nonce(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char letter) {
        return letter > ' ' && letter < '\x7f' && letter != ',';
    });
}

bool is_letter(char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
}

// Extensions may be ignored, but for those that say that they may not. `rest`: what follows the
// nonce, with its comma.
std::optional<ScramError> fault_of_extensions(std::string_view rest) {
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view extension = rest.substr(0, rest.find(','));
        if (extension.starts_with("m=")) {
            return ScramError::extensions_not_supported;
        }
        if (extension.empty() || !is_letter(extension[0]) ||
            !value_of(extension[0], extension)) {
            return ScramError::other_error;
        }
        rest.remove_prefix(extension.size());
    }
    return std::nullopt;
}

// `nonce` of `r=nonce,extensions`, or what is wrong with that.
tl::expected<std::string_view, ScramError> read_nonce(std::string_view text) {
    const std::string_view attribute = text.substr(0, text.find(','));
    const auto nonce = value_of('r', attribute);
    if (!nonce || !is_nonce(*nonce)) {
        return fail(ScramError::other_error);
    }
    if (const auto fault = fault_of_extensions(text.substr(attribute.size()))) {
        return fail(*fault);
    }
    return *nonce;
}

std::string encode_text(std::string_view text) {
    return encode_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// Whether a client that has the verifier's password makes this proof; none where OpenSSL
// fails.
std::optional<bool> fits(const ScramVerifier& verifier,
                         const ScramKey& proof,
                         std::string_view auth_message) {
    ScramKey client_signature{};
    ScramKey client_key{};
    ScramKey stored_key{};
    if (!scram_hmac(verifier.stored_key, auth_message, client_signature)) {
        return std::nullopt;
    }
    std::ranges::transform(
        proof, client_signature, client_key.begin(), [](std::uint8_t one, std::uint8_t other) {
            return static_cast<std::uint8_t>(one ^ other);
        });
    const bool hashed = scram_hash(client_key, stored_key);
    // Whoever has seen the ClientKey can log in with it.
    OPENSSL_cleanse(client_key.data(), client_key.size());
    return hashed ? std::optional(CRYPTO_memcmp(stored_key.data(),
                                                verifier.stored_key.data(),
                                                stored_key.size()) == 0)
                  : std::nullopt;
}

}  // namespace

std::string_view to_string(ScramError error) noexcept {
    switch (error) {
        case ScramError::invalid_encoding:
            return "invalid-encoding";
        case ScramError::extensions_not_supported:
            return "extensions-not-supported";
        case ScramError::invalid_proof:
            return "invalid-proof";
        case ScramError::channel_bindings_dont_match:
            return "channel-bindings-dont-match";
        case ScramError::channel_binding_not_supported:
            return "channel-binding-not-supported";
        case ScramError::invalid_username_encoding:
            return "invalid-username-encoding";
        case ScramError::no_resources:
            return "no-resources";
        case ScramError::other_error:
            return "other-error";
    }
    return "other-error";
}

tl::expected<ScramClientFirst, ScramError> ScramClientFirst::parse(std::string_view message) {
    if (message.size() > max_scram_message_bytes) {
        return fail(ScramError::other_error);
    }
    std::string_view rest = message;
    const auto binding = take_until_comma(rest);
    if (binding && binding->starts_with("p=")) {
        return fail(ScramError::channel_binding_not_supported);
    }
    const auto authorization = take_until_comma(rest);
    if (!authorization || (*binding != "n" && *binding != "y")) {
        return fail(ScramError::other_error);
    }
    ScramClientFirst first;
    first.gs2_header = message.substr(0, message.size() - rest.size());
    first.bare = rest;
    if (rest.starts_with("m=")) {
        return fail(ScramError::extensions_not_supported);
    }
    const auto attribute = take_until_comma(rest);
    if (!attribute || !attribute->starts_with("n=")) {
        return fail(ScramError::other_error);
    }
    auto username = read_saslname(attribute->substr(2));
    if (!username) {
        return fail(ScramError::invalid_username_encoding);
    }
    first.username = *std::move(username);
    // Nobody acts for another here.
    if (!authorization->empty() &&
        (!authorization->starts_with("a=") ||
         read_saslname(authorization->substr(2)) != first.username)) {
        return fail(ScramError::other_error);
    }
    const auto nonce = read_nonce(rest);
    if (!nonce) {
        return fail(nonce.error());
    }
    first.nonce = *nonce;
    return first;
}

std::string make_scram_nonce() {
    constexpr std::size_t nonce_bytes = 18;
    return std::string(random_hex(nonce_bytes).reveal());
}

ScramChallenge::ScramChallenge(ScramClientFirst first,
                               std::span<const std::uint8_t> salt,
                               std::uint32_t iterations,
                               std::string_view server_nonce)
    : gs2_header_(std::move(first.gs2_header)),
      client_first_bare_(std::move(first.bare)),
      nonce_(std::move(first.nonce)) {
    nonce_ += server_nonce;
    message_ = fmt::format("r={},s={},i={}", nonce_, encode_base64(salt), iterations);
}

tl::expected<ScramProof, ScramError> ScramChallenge::check(
    std::string_view client_final, std::span<const ScramVerifier> verifiers) const {
    const std::size_t end = client_final.rfind(",p=");
    if (client_final.size() > max_scram_message_bytes || end == std::string_view::npos) {
        return fail(ScramError::other_error);
    }
    const std::string_view without_proof = client_final.substr(0, end);
    std::string_view rest = without_proof;
    const auto attribute = take_until_comma(rest);
    const auto binding = attribute ? value_of('c', *attribute) : std::nullopt;
    if (!binding) {
        return fail(ScramError::other_error);
    }
    const auto nonce = read_nonce(rest);
    if (!nonce) {
        return fail(nonce.error());
    }
    if (*binding != encode_text(gs2_header_)) {
        return fail(ScramError::channel_bindings_dont_match);
    }
    if (*nonce != nonce_) {
        return fail(ScramError::other_error);
    }
    const auto proof = read_scram_key(client_final.substr(end + 3));
    if (!proof) {
        return fail(ScramError::invalid_encoding);
    }
    const std::string auth_message =
        fmt::format("{},{},{}", client_first_bare_, message_, without_proof);
    std::optional<std::size_t> fitting;
    ScramKey server_signature{};
    for (std::size_t i = 0; i < verifiers.size(); ++i) {
        ScramKey signature{};
        const auto fit = fits(verifiers[i], *proof, auth_message);
        if (!fit || !scram_hmac(verifiers[i].server_key, auth_message, signature)) {
            return fail(ScramError::no_resources);
        }
        if (*fit) {
            fitting = i;
            server_signature = signature;
        }
    }
    if (!fitting) {
        return fail(ScramError::invalid_proof);
    }
    return ScramProof{*fitting, "v=" + encode_base64(server_signature)};
}

}  // namespace pgauth
