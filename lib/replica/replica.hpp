// Replica: the tables in memory, as one transaction of the database saw them.
//
//   std::shared_ptr<const Replica> replica = feed.current();
//   if (auto client = replica->find_client("press-7")) …
//
// Every decision reads a Replica and nothing else, so none of them waits for the database. A
// change in the tables makes a new Replica; whoever holds the old one goes on seeing the old
// one, whole. Clients and groups are shared between a Replica and the sessions settled on them.
//
// The mistake to avoid: holding on to a Replica for the life of a session. Keep the Client.
// Thread safety: immutable; share freely. Made by ReplicaBuilder.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/text_hash.hpp"
#include "policy/client.hpp"
#include "policy/group.hpp"
#include "policy/group_rule.hpp"

namespace pgauth {

class Replica {
  public:
    // Null where there is none.
    [[nodiscard]] std::shared_ptr<const Client> find_client(std::string_view username) const;
    // The client on one of whose credentials this fingerprint is pinned.
    [[nodiscard]] std::shared_ptr<const Client> find_client_by_fingerprint(
        std::string_view fingerprint) const;
    [[nodiscard]] std::shared_ptr<const Group> find_group(const GroupId& id) const;
    [[nodiscard]] std::shared_ptr<const Group> find_group_by_name(std::string_view name) const;

    [[nodiscard]] const std::vector<GroupRule>& rules() const noexcept { return rules_; }

    // `fingerprint` as SQL spells it: `SHA256:` and 64 lower-case hex digits.
    [[nodiscard]] bool is_revoked(std::string_view fingerprint) const;

    // A password hash that takes as long to verify as most of those stored do: checked where
    // there is nothing to check, so that the time taken does not tell which usernames exist.
    // Empty where no client has a password.
    [[nodiscard]] const std::string& decoy_secret() const noexcept { return decoy_secret_; }

    // Rows that make no sense, one line each, naming the row and what is wrong with it.
    [[nodiscard]] const std::vector<std::string>& defects() const noexcept { return defects_; }

    // Tells this Replica from every other in the process; what was worked out from one of
    // another generation is out of date.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

    [[nodiscard]] std::size_t client_count() const noexcept { return clients_.size(); }

    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }

  private:
    friend class ReplicaBuilder;
    Replica();

    template <typename Value>
    using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

    ByText<std::shared_ptr<Client>> clients_;
    ByText<std::shared_ptr<Client>> pinned_;  // by fingerprint
    ByText<std::shared_ptr<Group>> groups_;
    ByText<GroupId> group_ids_;  // by name
    std::vector<GroupRule> rules_;
    std::unordered_set<std::string, TextHash, std::equal_to<>> revoked_;
    std::uint64_t generation_;
    std::string decoy_secret_;
    std::vector<std::string> defects_;
};

}  // namespace pgauth
