// GroupSet: a distinct set of groups, and what they may do now. GroupSets: each set once.
//
//   std::shared_ptr<GroupSet> set = sets.find_or_add(groups_of(…));
//   set->policy(*replica).deciding_entry(request, values);
//
// Which groups a session is in is settled when it logs in; what a group may do is live. So a
// session keeps the set, and the set compiles the groups' entries anew when one of its groups
// has changed: once for all sessions that share it. A group that was deleted has no entries.
// Thread safety: none; for the broker's thread.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "authz/membership.hpp"
#include "authz/recent_decisions.hpp"
#include "policy/compiled_policy.hpp"
#include "replica/replica.hpp"

namespace pgauth {

class GroupSet {
  public:
    explicit GroupSet(Membership groups) : groups_(std::move(groups)) {}

    // What these groups may do as `replica` has it. Valid until the next call.
    [[nodiscard]] const CompiledPolicy& policy(const Replica& replica);

    [[nodiscard]] const Membership& groups() const noexcept { return groups_; }

    // Who asks for any session with these groups whose client has no entries of its own: good
    // while is_same_for_all().
    [[nodiscard]] Asker asker() const noexcept { return asker_; }

    // Whether policy() gives every session the same answers: no entry of it has a placeholder.
    // Before the first call: false.
    [[nodiscard]] bool is_same_for_all() const noexcept { return is_same_for_all_; }

    // The generation of the Replica that policy() was compiled from; 0: not yet.
    [[nodiscard]] std::uint64_t compiled_generation() const noexcept {
        return compiled_generation_;
    }

  private:
    [[nodiscard]] bool is_compiled_from(const CompiledPolicy::Groups& certain,
                                        const CompiledPolicy::Groups& possible) const;

    // What each access check looks at stands first, as in Session.
    const Asker asker_ = new_asker();
    bool is_same_for_all_ = false;
    std::uint64_t groups_generation_ = 0;  // of the Replica that policy_ was last held against
    std::uint64_t compiled_generation_ = 0;
    Membership groups_;
    CompiledPolicy::Groups compiled_;  // what policy_ was compiled from, in order
    std::optional<CompiledPolicy> policy_;
};

class GroupSets {
  public:
    [[nodiscard]] std::shared_ptr<GroupSet> find_or_add(const Membership& groups);

    // Those that are in use and hold `group` for certain. Looks at every set.
    [[nodiscard]] std::vector<std::shared_ptr<const GroupSet>> holding(
        const GroupId& group) const;

  private:
    void forget_unused();

    std::map<Membership, std::weak_ptr<GroupSet>> sets_;
    std::size_t forget_at_ = 1024;
};

}  // namespace pgauth
