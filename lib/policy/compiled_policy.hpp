// CompiledPolicy: the ACL entries of a set of groups, or of one client, made ready for
// questions.
//
//   const CompiledPolicy of_groups({presses, operators}, {});
//   const AclEntry* entry = of_groups.deciding_entry(request, values);
//   entry = stronger(entry, of_client.deciding_entry(request, values));
//   allowed = entry != nullptr && entry->effect == Effect::allow;
//
// The relevant entries with the highest priority decide, and among them deny overrides allow
// (DESIGN 3.3): the answer never depends on the order of rows, and one more allow never takes a
// right away. An entry is relevant if it carries the permission and its pattern matches the
// topic or, for a subscription, covers the filter (mode overlapping: an allow need only
// overlap).
//
// One policy serves every session with the same set of groups: placeholders get their values
// with each question. What it costs to ask depends on the levels of what is asked, not on the
// number of entries (topic/filter_trie.hpp states the bound); which entry decided is known
// without looking further.
// Thread safety: immutable.

#pragma once

#include <memory>
#include <vector>

#include "policy/acl_entry.hpp"
#include "policy/client.hpp"
#include "policy/group.hpp"
#include "policy/request.hpp"
#include "topic/filter_trie.hpp"
#include "topic/placeholders.hpp"

namespace pgauth {

class CompiledPolicy {
  public:
    using Groups = std::vector<std::shared_ptr<const Group>>;

    // All entries of `certain`, and of `possible` only those that allow: what a session may
    // have at best that is known to be in the one and may be in the other.
    CompiledPolicy(Groups certain, Groups possible);

    // A client's own entries.
    explicit CompiledPolicy(std::shared_ptr<const Client> client);

    // An entry, and of it what a decision needs: it lies in memory somewhere else.
    struct Deciding {
        const AclEntry* entry = nullptr;
        Effect effect = Effect::deny;
    };

    // The entry that decides among those here; null, and deny, where none is relevant.
    // Allocates nothing.
    [[nodiscard]] Deciding decide(const Request& request,
                                  const PlaceholderValues& values) const noexcept;

    // The same without its effect.
    [[nodiscard]] const AclEntry* deciding_entry(
        const Request& request, const PlaceholderValues& values) const noexcept {
        return decide(request, values).entry;
    }

    // The same as its place, with what it cost: for whoever measures.
    [[nodiscard]] FilterTrie::Answer ask(const Request& request,
                                         const PlaceholderValues& values) const noexcept;

    // Whether answers may depend on the values of placeholders.
    [[nodiscard]] bool has_placeholders() const noexcept { return trie_.has_placeholders(); }

    [[nodiscard]] const FilterTrie& trie() const noexcept { return trie_; }

  private:
    // INVARIANT: strongest first (stronger()), so that the first relevant entry decides; trie_
    // has them in this order; all of them live in groups_ or client_.
    std::vector<Deciding> entries_;
    FilterTrie trie_;
    Groups groups_;
    std::shared_ptr<const Client> client_;
};

// Of two deciding entries, the one that decides over both; either may be null.
[[nodiscard]] const AclEntry* stronger(const AclEntry* one, const AclEntry* other) noexcept;

}  // namespace pgauth
