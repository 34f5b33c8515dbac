// SettledSession: what was settled when a durable session logged in, for after a restart.
//
// The broker stores the subscriptions and the queue of such a session, and after a restart goes
// on asking what may be queued for it; but it never logs in to the new process. So what it is
// known by goes into the replica file (DESIGN 3.4).
//
// The mistake to avoid: letting it publish or subscribe by this. It tells what may be queued,
// and each message is judged again before it is handed over. Thread safety: a value.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/client.hpp"
#include "policy/method.hpp"
#include "replica/packed_rows.hpp"

namespace pgauth {

struct SettledSession {
    std::string client_id;
    std::optional<std::string> username;  // none: nameless
    MethodSet methods;                    // those that it satisfied
    std::vector<GroupId> groups;
    Ref<PackedRows> client;  // the rows that it was settled on; null where it is nameless
};

}  // namespace pgauth
