// Admission: what a connection showed when it was let in, kept with its session: enough to say
// at any later time whether it would be let in again, and which group rules match it.
//
//   session.admission = admission_of(attempt, decision);                      // accepted
//   const LoginDecision now = authenticator.judge_again(*replica, …, *session.admission, …);
//
// A password is not kept. A Proof remembers the secret that it fitted, and holds as long as the
// client has a credential with that very secret, or with one that was made of the same password
// in its place: replacing the password ends it, whatever row the new one is in.
//
// Thread safety: values; immutable once shared.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "authn/login.hpp"
#include "identity/certificate.hpp"
#include "policy/group_rule.hpp"
#include "policy/network.hpp"

namespace pgauth {

struct Admission {
    std::optional<IpAddress> address;
    std::optional<Certificate> certificate;
    std::vector<Proof> proofs;
    MethodSet satisfied;
};

[[nodiscard]] std::shared_ptr<const Admission> admission_of(const LoginAttempt& attempt,
                                                            const LoginDecision& decision);

// What group rules see of it. `methods`: those that are satisfied, then or now.
[[nodiscard]] ConnectionFacts::Transport transport_of(const Admission& admission,
                                                      MethodSet methods);

}  // namespace pgauth
