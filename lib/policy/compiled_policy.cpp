#include "policy/compiled_policy.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace pgauth {

namespace {

using Marks = FilterTrie::Marks;

// Greater is stronger. The id only makes the reason the same every time, never the answer.
auto strength(const AclEntry& entry) {
    return std::tuple(entry.priority, entry.effect == Effect::deny, ~entry.id);
}

// --- kinds of request, a bit each: an entry's marks are the kinds that it can be relevant to
// ---

constexpr int highest_qos = 2;

constexpr Marks bit(int at) {
    return static_cast<Marks>(1U << static_cast<unsigned>(at));
}

constexpr Marks publish_mark(int qos, bool retain) {
    return bit(2 * qos + (retain ? 1 : 0));
}

constexpr Marks receive_mark = bit(6);

// An allow and a deny of a subscription are not asked the same in mode overlapping.
constexpr Marks subscribe_mark(int qos) {
    return bit(7 + qos);
}

constexpr Marks deny_subscribe_mark = bit(10);

// Limits are of what is sent, not of what is received: there the broker shows the publisher's
// QoS.
Marks marks_of(const AclEntry& entry) {
    const bool denies = entry.effect == Effect::deny;
    const int max_qos = denies ? highest_qos : entry.max_qos.value_or(highest_qos);
    unsigned marks = 0;
    for (int qos = 0; qos <= max_qos && entry.permission != Permission::read; ++qos) {
        marks |= publish_mark(qos, false);
        marks |= denies || entry.allow_retain ? publish_mark(qos, true) : 0U;
    }
    for (int qos = 0; qos <= max_qos && entry.permission != Permission::write; ++qos) {
        marks |= receive_mark;
        marks |= denies ? deny_subscribe_mark : subscribe_mark(qos);
    }
    return static_cast<Marks>(marks);
}

// --- compiling -----------------------------------------------------------------------------

using Entries = std::vector<CompiledPolicy::Deciding>;

void add(Entries& entries, const AclEntry& entry) {
    entries.push_back({&entry, entry.effect});
}

Entries sorted(Entries entries) {
    std::sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) {
        return strength(*one.entry) > strength(*other.entry);
    });
    return entries;
}

Entries strongest_first(const CompiledPolicy::Groups& certain,
                        const CompiledPolicy::Groups& possible) {
    Entries entries;
    for (const auto& group : certain) {
        for (const AclEntry& entry : group->entries) {
            add(entries, entry);
        }
    }
    for (const auto& group : possible) {
        for (const AclEntry& entry : group->entries) {
            if (entry.effect == Effect::allow) {
                add(entries, entry);
            }
        }
    }
    return sorted(std::move(entries));
}

Entries strongest_first(const Client& client) {
    Entries entries;
    for (const AclEntry& entry : client.entries) {
        add(entries, entry);
    }
    return sorted(std::move(entries));
}

FilterTrie trie_of(const Entries& entries) {
    std::vector<FilterTrie::Item> items;
    items.reserve(entries.size());
    for (const auto& [entry, effect] : entries) {
        items.push_back({.pattern = &entry->topic,
                         .unsatisfiable = effect == Effect::deny ? Unsatisfiable::any_level
                                                                 : Unsatisfiable::never_matches,
                         .marks = marks_of(*entry)});
    }
    return FilterTrie(items);
}

CompiledPolicy::Groups joined(CompiledPolicy::Groups one, CompiledPolicy::Groups other) {
    one.insert(one.end(),
               std::make_move_iterator(other.begin()),
               std::make_move_iterator(other.end()));
    return one;
}

}  // namespace

CompiledPolicy::CompiledPolicy(Groups certain, Groups possible)
    : entries_(strongest_first(certain, possible)),
      trie_(trie_of(entries_)),
      groups_(joined(std::move(certain), std::move(possible))) {}

CompiledPolicy::CompiledPolicy(std::shared_ptr<const Client> client)
    : entries_(strongest_first(*client)),
      trie_(trie_of(entries_)),
      client_(std::move(client)) {}

FilterTrie::Answer CompiledPolicy::ask(const Request& request,
                                       const PlaceholderValues& values) const noexcept {
    const int qos = std::clamp(request.qos, 0, highest_qos);
    switch (request.action) {
        case Action::publish:
            return trie_.first_matching(request.topic,
                                        {values, publish_mark(qos, request.retain)});
        case Action::receive:
            return trie_.first_matching(request.topic, {values, receive_mark});
        case Action::subscribe:
            break;
    }
    if (request.mode == SubscribeMode::covered) {
        const auto marks = static_cast<Marks>(subscribe_mark(qos) | deny_subscribe_mark);
        return trie_.first_covering(*request.filter, {values, marks});
    }
    const FilterTrie::Answer denied =
        trie_.first_covering(*request.filter, {values, deny_subscribe_mark});
    const FilterTrie::Answer allowed =
        trie_.first_overlapping(*request.filter, {values, subscribe_mark(qos), denied.place});
    return {allowed.place, denied.visited + allowed.visited};
}

CompiledPolicy::Deciding CompiledPolicy::decide(
    const Request& request, const PlaceholderValues& values) const noexcept {
    const FilterTrie::Place place = ask(request, values).place;
    return place == FilterTrie::nowhere ? Deciding{} : entries_[place];
}

const AclEntry* stronger(const AclEntry* one, const AclEntry* other) noexcept {
    if (one == nullptr || other == nullptr) {
        return one == nullptr ? other : one;
    }
    return strength(*one) < strength(*other) ? other : one;
}

}  // namespace pgauth
