// AuthnOptions: what decides whether a connection is let in (`authentication:` in pgauth.yaml,
// `sessions.takeover` and `replica.max_age`).
// Thread safety: a value.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "authn/password_options.hpp"
#include "identity/certificate.hpp"
#include "policy/method.hpp"

namespace pgauth {

// What becomes of a username that no client has.
enum class UnknownUsers : std::uint8_t { deny, defer };

// Who may take over the client id of a connected session.
enum class Takeover : std::uint8_t { same_client, any };

struct AuthnOptions {
    MethodSet methods{Method::password, Method::certificate};
    // Which name in a certificate is the username of its client.
    UsernameFrom username_from = UsernameFrom::common_name;
    UnknownUsers unknown = UnknownUsers::deny;
    // The group whose rights a connection without username and certificate has; none: refused.
    std::optional<std::string> anonymous_group = std::nullopt;
    Takeover takeover = Takeover::same_client;
    PasswordOptions password = {};
    // A replica older than this lets nobody new in; none: any age will do.
    std::optional<std::chrono::milliseconds> max_age = std::nullopt;

    bool operator==(const AuthnOptions&) const = default;
};

}  // namespace pgauth
