#include "policy/compiled_policy.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pgauth {

namespace {

// Greater is stronger. The id only makes the reason the same every time, never the answer.
auto strength(const AclEntry& entry) {
    return std::tuple(entry.priority, entry.effect == Effect::deny, ~entry.id);
}

bool carries(Permission permission, Action action) {
    return permission == Permission::read_write ||
           permission == (action == Action::publish ? Permission::write : Permission::read);
}

// An allow outside its limits is not relevant. They limit what is sent, not what is received:
// there the broker shows the publisher's QoS.
bool within_limits(const AclEntry& entry, const Request& request) {
    if (entry.effect == Effect::deny || request.action == Action::receive) {
        return true;
    }
    const bool retain_fits =
        request.action != Action::publish || !request.retain || entry.allow_retain;
    return retain_fits && (!entry.max_qos || request.qos <= *entry.max_qos);
}

bool is_relevant(const AclEntry& entry,
                 const Request& request,
                 const PlaceholderValues& values) {
    if (!carries(entry.permission, request.action) || !within_limits(entry, request)) {
        return false;
    }
    const bool denies = entry.effect == Effect::deny;
    const auto unsatisfiable = denies ? Unsatisfiable::any_level : Unsatisfiable::never_matches;
    if (request.action != Action::subscribe) {
        return entry.topic.matches(request.topic, values, unsatisfiable);
    }
    return !denies && request.mode == SubscribeMode::overlapping
               ? entry.topic.overlaps(*request.filter, values, unsatisfiable)
               : entry.topic.covers(*request.filter, values, unsatisfiable);
}

}  // namespace

CompiledPolicy::CompiledPolicy(Groups certain, Groups possible) : groups_(std::move(certain)) {
    for (const auto& group : groups_) {
        for (const AclEntry& entry : group->entries) {
            entries_.push_back(&entry);
        }
    }
    for (auto& group : possible) {
        for (const AclEntry& entry : group->entries) {
            if (entry.effect == Effect::allow) {
                entries_.push_back(&entry);
            }
        }
        groups_.push_back(std::move(group));
    }
    sort();
}

CompiledPolicy::CompiledPolicy(std::shared_ptr<const Client> client)
    : client_(std::move(client)) {
    for (const AclEntry& entry : client_->entries) {
        entries_.push_back(&entry);
    }
    sort();
}

void CompiledPolicy::sort() {
    std::sort(entries_.begin(), entries_.end(), [](const AclEntry* one, const AclEntry* other) {
        return strength(*one) > strength(*other);
    });
}

const AclEntry* CompiledPolicy::deciding_entry(const Request& request,
                                               const PlaceholderValues& values) const {
    const auto relevant =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto* entry) {
            return is_relevant(*entry, request, values);
        });
    return relevant == entries_.end() ? nullptr : *relevant;
}

const AclEntry* stronger(const AclEntry* one, const AclEntry* other) noexcept {
    if (one == nullptr || other == nullptr) {
        return one == nullptr ? other : one;
    }
    return strength(*one) < strength(*other) ? other : one;
}

}  // namespace pgauth
