// identify(): whose connection is it? The first step of a login (DESIGN 3.1).
//
//   const Identity who = identify(*replica, options, attempt);
//   if (who.client) …                       // its certificate, or else its username, says so
//
// A presented certificate is looked up first: by a fingerprint that is pinned on a credential,
// else by its mapped name among the clients that hold an unpinned certificate credential. One
// that identifies nobody is only transport, and the username decides. Whether the client may
// come in, and whether it has proved itself, are other questions. Thread safety: pure.

#pragma once

#include <cstdint>
#include <memory>

#include "authn/authn_options.hpp"
#include "authn/login.hpp"
#include "policy/client.hpp"
#include "replica/replica.hpp"

namespace pgauth {

struct Identity {
    enum class By : std::uint8_t {
        nothing,           // neither a username nor a certificate that identifies somebody
        unknown_username,  // no client has it
        username,
        certificate,
        revoked_certificate,  // refused, whatever else holds
        contradiction,        // a certificate of one client beside the username of another
    };

    By by = By::nothing;
    std::shared_ptr<const Client> client;  // for username and certificate
};

[[nodiscard]] Identity identify(const Replica& replica,
                                const AuthnOptions& options,
                                const LoginAttempt& attempt);

}  // namespace pgauth
