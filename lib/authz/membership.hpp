// Membership: the groups that a connection belongs to: explicit ones, and those of every group
// rule that matches (DESIGN 3.2).
//
//   const Membership groups = groups_of(*replica, client, facts);
//
// Where it is not known how the client will connect, groups whose rules ask for that are
// `possible`. Only the generous judgement of sessions that are not connected looks at those.
// Thread safety: pure.

#pragma once

#include <string>
#include <vector>

#include "policy/client.hpp"
#include "policy/group_rule.hpp"
#include "replica/replica.hpp"

namespace pgauth {

struct Membership {
    // INVARIANT: both sorted, without duplicates, and nothing is in both.
    std::vector<GroupId> certain;
    std::vector<GroupId> possible;

    // clang-tidy 14 takes the 0 that <=> compares with for a pointer.
    auto operator<=>(const Membership&) const = default;  // NOLINT(modernize-use-nullptr)
};

[[nodiscard]] Membership groups_of(const Replica& replica,
                                   const Client& client,
                                   const ConnectionFacts& facts);

// One way in which a connection came to a group.
struct GroupSource {
    std::string group;  // its name
    std::string rule;   // the rule that matched; empty: the client is a member
};

// Why it is in the groups of groups_of() that are certain, memberships first, by name. For
// people to read: it goes through the same rules a second time.
[[nodiscard]] std::vector<GroupSource> sources_of(const Replica& replica,
                                                  const Client& client,
                                                  const ConnectionFacts& facts);

}  // namespace pgauth
