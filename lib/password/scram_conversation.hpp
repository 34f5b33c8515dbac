// The server's side of SCRAM-SHA-256: a client shows that it has a password without sending it.
//
//   const auto first = ScramClientFirst::parse(message);              // client-first-message
//   const ScramChallenge challenge(*first, salt, iterations, make_scram_nonce());
//   … challenge.message() …                                           // server-first-message
//   const auto proof = challenge.check(message, verifiers);           // client-final-message
//   … proof->message …                                                // server-final-message
//
// The client does the slow part, the iterations; a check costs two MACs and a hash here. The
// server-final-message proves to the client that the server has its verifier.
//
// Usernames are compared as everywhere else, byte for byte: whoever has one outside ASCII sends
// it as it is stored. Channel binding is not offered: the broker does not let a plugin at it.
//
// The mistake to avoid: ending a conversation early for a username that nobody has. It is to be
// challenged like any other (scram_decoy.hpp), and to fail like a wrong proof.
// Standard: RFC 5802, RFC 7677.
// Thread safety: values.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "password/scram_verifier.hpp"

namespace pgauth {

// Named as in RFC 5802, section 7: server-error-value.
enum class ScramError : std::uint8_t {
    invalid_encoding,
    extensions_not_supported,
    invalid_proof,
    channel_bindings_dont_match,
    channel_binding_not_supported,
    invalid_username_encoding,
    no_resources,
    other_error,  // not SCRAM, or an answer to another challenge
};

// As in the standard: "invalid-proof".
[[nodiscard]] std::string_view to_string(ScramError error) noexcept;

// A longer message is refused unread.
inline constexpr std::size_t max_scram_message_bytes = 4096;

struct ScramClientFirst {
    std::string username;    // with `=2C` and `=3D` read as the `,` and `=` that they stand for
    std::string gs2_header;  // "n,,"
    std::string bare;        // what follows it
    std::string nonce;

    // Refuses channel binding, an authorization identity that is not the username, and
    // extensions that must be understood.
    [[nodiscard]] static tl::expected<ScramClientFirst, ScramError> parse(
        std::string_view message);
};

// 144 bits that nobody can guess, as text. Throws std::runtime_error where OpenSSL has no
// entropy.
[[nodiscard]] std::string make_scram_nonce();

struct ScramProof {
    std::size_t fitting = 0;  // which of the verifiers it was made for
    std::string message;      // the server-final-message
};

class ScramChallenge {
  public:
    // REQUIRES: server_nonce: printable ASCII without commas.
    ScramChallenge(ScramClientFirst first,
                   std::span<const std::uint8_t> salt,
                   std::uint32_t iterations,
                   std::string_view server_nonce);

    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    // `verifiers`: alternatives, one of which is enough. Takes as long whether one fits or not.
    // REQUIRES: all have the salt and the iterations of the challenge; others cannot fit.
    [[nodiscard]] tl::expected<ScramProof, ScramError> check(
        std::string_view client_final, std::span<const ScramVerifier> verifiers) const;

  private:
    std::string gs2_header_;
    std::string client_first_bare_;
    std::string nonce_;  // the client's and ours
    std::string message_;
};

}  // namespace pgauth
