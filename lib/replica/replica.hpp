// Replica: the tables in memory, as one transaction of the database saw them.
//
//   std::shared_ptr<const Replica> replica = feed.current();
//   if (auto client = replica->find_client("press-7")) …
//
// Every decision reads a Replica and nothing else, so none of them waits for the database. A
// change in the tables makes a new Replica, which shares with the old one all that did not
// change; whoever holds the old one goes on seeing the old one, whole.
//
// A client is kept as its rows, packed: some 200 bytes, of which a Client is made when somebody
// asks (microseconds, at a login). Groups and rules are kept ready to use; one that did not
// change is the same object in the next Replica, and what was compiled from it still holds.
//
// The mistake to avoid: holding on to a Replica for the life of a session. Keep the Client.
// Thread safety: immutable; share freely. Made by ReplicaBuilder.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/client.hpp"
#include "policy/group.hpp"
#include "policy/group_rule.hpp"
#include "replica/packed_rows.hpp"
#include "replica/persistent_set.hpp"

namespace pgauth {

class Replica {
  public:
    // Null where there is none.
    [[nodiscard]] std::shared_ptr<const Client> find_client(std::string_view username) const;
    [[nodiscard]] bool has_client(std::string_view username) const;

    // The rows of a client, the same object in every Replica in which they are the same: whose
    // rows are the same is the same Client. Null where there is none.
    [[nodiscard]] Ref<PackedRows> find_rows(std::string_view username) const;

    // The client on one of whose credentials this fingerprint is pinned.
    [[nodiscard]] std::shared_ptr<const Client> find_client_by_fingerprint(
        std::string_view fingerprint) const;

    [[nodiscard]] std::shared_ptr<const Group> find_group(const GroupId& id) const;
    [[nodiscard]] std::shared_ptr<const Group> find_group_by_name(std::string_view name) const;

    // Every group rule, in no order.
    void for_each_rule(const std::function<void(const GroupRule&)>& handle) const;

    [[nodiscard]] std::size_t rule_count() const noexcept { return rules_.size(); }

    // `fingerprint` as SQL spells it: `SHA256:` and 64 lower-case hex digits.
    [[nodiscard]] bool is_revoked(std::string_view fingerprint) const;

    // A password hash that takes as long to verify as most of those stored do: checked where
    // there is nothing to check, so that the time taken does not tell which usernames exist.
    // Empty where no client has a password.
    [[nodiscard]] const std::string& decoy_secret() const noexcept;

    // A SCRAM verifier that costs what most of those stored do, for what a SCRAM client is
    // shown of who has none. Empty where there is none at all.
    [[nodiscard]] const std::string& commonest_scram_verifier() const noexcept;

    // Rows that make no sense, one line each, naming the row and what is wrong with it.
    [[nodiscard]] std::vector<std::string> defects() const;

    // Tells this Replica from every other in the process.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

    // The generation in which a group, its name or its entries changed last: what was compiled
    // from groups of the same is up to date.
    [[nodiscard]] std::uint64_t groups_generation() const noexcept {
        return groups_generation_;
    }

    // The generation in which a rule, a revoked certificate, or which groups there are, changed
    // last: whoever has the same rows in another of the same is in the same groups.
    [[nodiscard]] std::uint64_t rules_generation() const noexcept { return rules_generation_; }

    [[nodiscard]] std::size_t client_count() const noexcept { return clients_.size(); }

    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }

    // The rows that it was made of, in an order that ReplicaBuilder takes. `rows` lives as long
    // as the Replica.
    void for_each_rows(const std::function<void(const PackedRows& rows)>& handle) const;

  private:
    friend class ReplicaBuilder;
    Replica() = default;

    struct GroupItem final : Counted {
        Ref<PackedRows> rows;
        std::shared_ptr<const Group> group;

        // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the last Ref owns it
        static void destroy(const GroupItem* item) noexcept { delete item; }
    };

    struct RuleItem final : Counted {
        Ref<PackedRows> rows;
        GroupRule rule;

        // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the last Ref owns it
        static void destroy(const RuleItem* item) noexcept { delete item; }
    };

    struct KeyOfRows {
        std::string_view operator()(const PackedRows& rows) const { return rows.key(); }
    };

    struct IdOfGroup {
        std::string_view operator()(const GroupItem& item) const { return item.group->id; }
    };

    struct NameOfGroup {
        std::string_view operator()(const GroupItem& item) const { return item.group->name; }
    };

    struct NameOfRule {
        std::string_view operator()(const RuleItem& item) const { return item.rule.name; }
    };

    // Passwords that take equally long to verify: how many, and one of them.
    struct CostClass {
        std::size_t secrets = 0;
        std::string example;
    };

    using Rows = PersistentSet<PackedRows, KeyOfRows>;

    Rows clients_;  // the row of clients first
    Rows pinned_;   // by fingerprint
    Rows revoked_;
    PersistentSet<GroupItem, IdOfGroup> groups_;
    PersistentSet<GroupItem, NameOfGroup> groups_by_name_;
    PersistentSet<RuleItem, NameOfRule> rules_;
    std::map<std::string, CostClass> cost_classes_;
    std::map<std::string, std::vector<std::string>> defects_;  // by what they are about
    std::uint64_t generation_ = 0;
    std::uint64_t groups_generation_ = 0;
    std::uint64_t rules_generation_ = 0;
    std::string decoy_secret_;
    std::string commonest_scram_verifier_;
};

}  // namespace pgauth
