// The gate: a connection's questions at login, put to authn/: is it let in, which key must it
// have.
//
//   const Screening screening = screen(view, request, &realm, holder);
//   const auto key = pre_shared_key(view, "press-7", address);
//
// A View is what the answer is read from: a copy, so that any thread may ask. Before the first
// load, and where the replica is too old, the answer is to try again.
//
// The mistake to avoid: taking a decision for a session. What comes of it is for whoever asked.
// Thread safety: pure.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authn/authenticator.hpp"
#include "authn/login.hpp"
#include "authz/session_table.hpp"
#include "base/clock.hpp"
#include "config/options.hpp"
#include "identity/certificate.hpp"
#include "replica/replica.hpp"

namespace pgauth {

struct LoginRequest {
    std::string_view client_id;
    std::optional<std::string_view> username;
    std::optional<std::string_view> password;
    std::optional<std::string_view> address;     // none: the broker made this connection up
    const void* connection = nullptr;            // the broker's; tells connections apart
    bool durable = false;                        // its session may outlive the connection
    const Certificate* certificate = nullptr;    // none was presented
    bool has_pre_shared_key = false;             // of the client that its username names
    const std::vector<Proof>* proofs = nullptr;  // by SCRAM, instead of a password
    bool can_wait = false;                       // the broker takes an answer later
};

struct View {
    std::shared_ptr<const Replica> replica;  // null before the first load
    std::optional<SteadyInstant> confirmed_at;
    std::shared_ptr<const Options> options;
};

[[nodiscard]] LoginAttempt attempt_of(const LoginRequest& request);

// Why nobody can be let in at the moment.
[[nodiscard]] std::optional<LoginCause> reason_to_wait(const View& view);

// `holder`: the connected session that has the client id, or null; `realm`: the clients of this
// listener. What is left to find out is whether its password fits.
[[nodiscard]] Screening screen(const View& view,
                               const LoginRequest& request,
                               const void* realm,
                               const Session* holder);

// The same of a login without a password, which leaves nothing to find out.
[[nodiscard]] LoginDecision judge(const View& view,
                                  const LoginRequest& request,
                                  const void* realm,
                                  const Session* holder);

// The key of a TLS-PSK client in hexadecimal digits, or why it has none.
[[nodiscard]] tl::expected<std::string, LoginCause> pre_shared_key(
    const View& view, std::string_view identity, std::optional<std::string_view> address);

}  // namespace pgauth
