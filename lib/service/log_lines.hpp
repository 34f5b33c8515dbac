// What the log says of connections, one line each: who, from where, and why.
//
//   accepted client id `press-7-a` username `press-7` from 10.1.2.3: its credentials were …
//   disconnected client id `press-7-a` username `press-7`: the client is disabled
//
// Thread safety: pure.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authn/login.hpp"
#include "authz/authorizer.hpp"
#include "base/logger.hpp"
#include "policy/decision.hpp"
#include "service/gate.hpp"
#include "service/kick_queue.hpp"

namespace pgauth {

// Refusals are worth a notice; so that a fleet that comes in is not.
[[nodiscard]] LogLevel level_of(const LoginDecision& decision) noexcept;

[[nodiscard]] std::string line_of(const LoginRequest& request, const LoginDecision& decision);

[[nodiscard]] std::string line_of_key(std::string_view identity,
                                      std::optional<std::string_view> address,
                                      LoginCause cause);

// Whether a refusal is told at all: deliveries are nobody's mistake, and there may be millions.
[[nodiscard]] bool is_told(const AccessCheck& check, const Decision& decision) noexcept;

[[nodiscard]] std::string line_of(const AccessCheck& check, const Decision& decision);

[[nodiscard]] std::string line_of(const Kick& kick);

}  // namespace pgauth
