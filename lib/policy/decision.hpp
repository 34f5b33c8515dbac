// Decision: may it, and why. The log, `explain` and the tests all read the same reason.
//
//   const Decision decision = authorizer.authorize(session, request);
//   if (!decision.allowed) log(explain(decision));
//   // "denied by entry 12 of group `presses`: deny write `plant/+/secret`, priority 0"
//
// The mistake to avoid: keeping a Decision. It points at the entry that decided, which lives
// only as long as the policy that was asked. Thread safety: a value.

#pragma once

#include <cstdint>
#include <string>

#include "policy/acl_entry.hpp"

namespace pgauth {

enum class Cause : std::uint8_t {
    entry,              // `entry` decided
    no_entry,           // nothing relevant: denied by default
    not_known_yet,      // a session that is not connected, judged generously
    replica_not_ready,  // the tables were never loaded
    not_logged_in,      // the broker let this connection in without asking
    cut_off,            // a session that may not be in any more, until it is thrown off
    not_its_own,        // a subscription of somebody whose client id it took: it stays
    unknown_client,     // no session, and no client of that username
    bad_client_id,      // a client id that no client may have
    bad_topic,          // not a topic name, or not a topic filter
    always_allowed,     // unsubscribe
    handed_on,          // not a client of ours: the next plugin decides
};

struct Decision {
    bool allowed = false;
    Cause cause = Cause::no_entry;
    const AclEntry* entry = nullptr;  // for Cause::entry
};

[[nodiscard]] std::string explain(const Decision& decision);

}  // namespace pgauth
