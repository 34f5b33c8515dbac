// Explanation: what would become of a connection, worked out by the code that the plugin uses.
//
//   const Explanation told = explain(*replica, options, question, now);
//   told.allowed()                 // it gets in, and may do what was asked
//
// Nobody shows a password here: what a connection would have to prove is assumed. Without
// question.methods every combination is tried, and the first that lets it in is gone by.
//
// The mistake to avoid: a second evaluator. Whatever is decided here is decided by
// Authenticator and Authorizer.
// Thread safety: pure.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authn/identification.hpp"
#include "authn/login.hpp"
#include "authz/membership.hpp"
#include "base/clock.hpp"
#include "config/options.hpp"
#include "identity/certificate.hpp"
#include "policy/acl_entry.hpp"
#include "policy/request.hpp"
#include "replica/replica.hpp"

namespace pgauth::tool {

struct Question {
    std::optional<std::string> username;
    std::optional<std::string> client_id;  // none: the client's username
    std::optional<IpAddress> address;
    std::optional<Certificate> certificate;
    std::optional<MethodSet> methods;  // that it is assumed to prove
    std::optional<Action> action;      // none: only who it is
    std::string topic;
    int qos = 0;
    bool retain = false;
};

struct Explanation {
    Identity::By identified_by = Identity::By::nothing;
    std::string client_id;
    LoginDecision login;
    MethodSet assumed;                // what it proves beside the certificate that it shows
    std::vector<MethodSet> ways_in;   // each of which would be enough
    std::vector<GroupSource> groups;  // also of one that is not let in
    std::optional<bool> may;          // once it is in; none where nothing was asked
    std::string reason;               // in the words of the log
    std::optional<AclEntry> entry;    // that decided

    [[nodiscard]] bool allowed() const noexcept {
        return login.outcome == LoginOutcome::accepted && may.value_or(true);
    }
};

[[nodiscard]] Explanation explain(const Replica& replica,
                                  const Options& options,
                                  const Question& question,
                                  Instant now);

}  // namespace pgauth::tool
