// LinearPolicy: which row decides, by looking at every one of them: each by its own pattern, as
// TopicPattern reads it. The library's trie of them is tested against this, never the other way
// round; what TopicPattern says is tested elsewhere.

#pragma once

#include <vector>

#include "policy/acl_entry.hpp"
#include "policy/request.hpp"

namespace pgauth::test {

class LinearPolicy {
  public:
    explicit LinearPolicy(const std::vector<AclEntry>& entries) {
        for (const AclEntry& entry : entries) {
            entries_.push_back(&entry);
        }
    }

    // The relevant entry that no other beats; null where none is relevant.
    [[nodiscard]] const AclEntry* deciding_entry(const Request& request,
                                                 const PlaceholderValues& values) const {
        const AclEntry* deciding = nullptr;
        for (const AclEntry* entry : entries_) {
            if ((deciding == nullptr || beats(*entry, *deciding)) &&
                is_relevant(*entry, request, values)) {
                deciding = entry;
            }
        }
        return deciding;
    }

  private:
    static bool beats(const AclEntry& one, const AclEntry& other) {
        if (one.priority != other.priority) {
            return one.priority > other.priority;
        }
        if (one.effect != other.effect) {
            return one.effect == Effect::deny;
        }
        return one.id < other.id;
    }

    static bool is_relevant(const AclEntry& entry,
                            const Request& request,
                            const PlaceholderValues& values) {
        const Permission needed =
            request.action == Action::publish ? Permission::write : Permission::read;
        if (entry.permission != needed && entry.permission != Permission::read_write) {
            return false;
        }
        const bool denies = entry.effect == Effect::deny;
        if (!denies && request.action != Action::receive && entry.max_qos &&
            request.qos > *entry.max_qos) {
            return false;
        }
        if (!denies && request.action == Action::publish && request.retain &&
            !entry.allow_retain) {
            return false;
        }
        const auto unsatisfiable =
            denies ? Unsatisfiable::any_level : Unsatisfiable::never_matches;
        if (request.action != Action::subscribe) {
            return entry.topic.matches(request.topic, values, unsatisfiable);
        }
        if (!denies && request.mode == SubscribeMode::overlapping) {
            return entry.topic.overlaps(*request.filter, values, unsatisfiable);
        }
        return entry.topic.covers(*request.filter, values, unsatisfiable);
    }

    std::vector<const AclEntry*> entries_;
};

}  // namespace pgauth::test
