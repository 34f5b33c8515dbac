#include "authz/group_set.hpp"

#include <algorithm>

namespace pgauth {

namespace {

CompiledPolicy::Groups look_up(const Replica& replica, const std::vector<GroupId>& ids) {
    CompiledPolicy::Groups groups;
    for (const GroupId& id : ids) {
        if (auto group = replica.find_group(id)) {
            groups.push_back(std::move(group));
        }
    }
    return groups;
}

}  // namespace

bool GroupSet::is_compiled_from(const CompiledPolicy::Groups& certain,
                                const CompiledPolicy::Groups& possible) const {
    return policy_ && compiled_.size() == certain.size() + possible.size() &&
           std::equal(certain.begin(), certain.end(), compiled_.begin()) &&
           std::equal(possible.rbegin(), possible.rend(), compiled_.rbegin());
}

// A group that did not change is the same object in the next Replica.
const CompiledPolicy& GroupSet::policy(const Replica& replica) {
    if (policy_ && groups_generation_ == replica.groups_generation()) {
        return *policy_;
    }
    auto certain = look_up(replica, groups_.certain);
    auto possible = look_up(replica, groups_.possible);
    if (!is_compiled_from(certain, possible)) {
        policy_.reset();
        compiled_ = certain;
        compiled_.insert(compiled_.end(), possible.begin(), possible.end());
        policy_.emplace(std::move(certain), std::move(possible));
        is_same_for_all_ = !policy_->has_placeholders();
        compiled_generation_ = replica.generation();
    }
    groups_generation_ = replica.groups_generation();
    return *policy_;
}

std::shared_ptr<GroupSet> GroupSets::find_or_add(const Membership& groups) {
    std::weak_ptr<GroupSet>& known = sets_[groups];
    std::shared_ptr<GroupSet> set = known.lock();
    if (set == nullptr) {
        set = std::make_shared<GroupSet>(groups);
        known = set;
        forget_unused();
    }
    return set;
}

std::vector<std::shared_ptr<const GroupSet>> GroupSets::holding(const GroupId& group) const {
    std::vector<std::shared_ptr<const GroupSet>> found;
    for (const auto& [groups, known] : sets_) {
        if (std::binary_search(groups.certain.begin(), groups.certain.end(), group)) {
            if (auto set = known.lock()) {
                found.push_back(std::move(set));
            }
        }
    }
    return found;
}

// Amortised: looks at every set only after their number has doubled.
void GroupSets::forget_unused() {
    if (sets_.size() < forget_at_) {
        return;
    }
    std::erase_if(sets_, [](const auto& set) { return set.second.expired(); });
    forget_at_ = std::max<std::size_t>(1024, 2 * sets_.size());
}

}  // namespace pgauth
