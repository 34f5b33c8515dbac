// ReplicaBuilder: rows in, Replica out; or a Replica and what changed in, the next one out.
//
//   ReplicaBuilder builder;
//   builder.add({.id = "…", .name = "presses"});           // groups and clients first,
//   builder.add({.username = "press-7", .enabled = "t"});  // then what belongs to them
//   std::shared_ptr<const Replica> replica = std::move(builder).build();
//
//   ReplicaBuilder next(*replica);                         // shares everything with it
//   next.drop_client("press-7");                           // what changed, with all its rows,
//   next.add({.username = "press-7", .enabled = "f"});     // and what it is now
//
// What is dropped and added costs its own size, whatever the size of the rest.
//
// Rows that make no sense deny, and are named in Replica::defects(): read_rows.hpp.
//
// Two phases, two types: build() consumes the builder, and a Replica cannot change.
// Thread safety: none needed; used by the thread that loads.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "replica/growing_set.hpp"
#include "replica/replica.hpp"
#include "replica/rows.hpp"

namespace pgauth {

class ReplicaBuilder {
  public:
    ReplicaBuilder();
    explicit ReplicaBuilder(const Replica& base);

    // Each drops one with all rows that belong to it, if it is there: the credentials,
    // memberships and entries of a client, the entries of a group. All that is dropped goes
    // before all that is added.
    void drop_client(std::string_view username);
    void drop_group(std::string_view name);
    void drop_rule(std::string_view name);
    void drop_revoked_certificate(std::string_view fingerprint);

    void add(const GroupRow& row);
    void add(const ClientRow& row);
    void add(const CredentialRow& row);
    void add(const MemberRow& row);
    void add(const RuleRow& row);
    void add(const EntryRow& row);
    void add(const RevokedCertificateRow& row);

    // What Replica::for_each_rows() gave. Rows of kinds that it never gives are passed over.
    void add(const PackedRows& rows);

    // How many clients there are by now.
    [[nodiscard]] std::size_t client_count() const noexcept {
        return replica_->clients_.size() + fresh_clients_.size();
    }

    // Takes from `before` what is the same there, so that memory is shared and what was worked
    // out from it holds on. Gives the usernames of the clients that differ or are in one only.
    [[nodiscard]] std::vector<std::string> share_with(const Replica& before);

    [[nodiscard]] std::shared_ptr<const Replica> build() &&;

  private:
    struct FreshGroup {
        Replica::GroupItem* item;
        std::shared_ptr<Group> group;
    };

    void report(const std::string& about, std::string defect);
    void pin(const CredentialRow& row, std::string_view fingerprint);
    void unpin(std::string_view fingerprint, std::string_view username);
    void forget_credential(const CredentialRow& row, std::string_view username);
    template <typename Row>
    bool add_to_client(const Row& row, const Field& username);
    void put_fresh_clients();
    void share_groups_with(const Replica& before);
    void share_rules_with(const Replica& before);
    void choose_decoy();

    std::shared_ptr<Replica> replica_;
    // With rows that came here: not among those of replica_ yet, or in place of what is there.
    GrowingSet<PackedRows, Replica::KeyOfRows> fresh_clients_;
    // By name: those that came into being here, and may still grow.
    std::unordered_map<std::string, FreshGroup> fresh_groups_;
    // What the names of the groups that were dropped or added stood for before.
    std::unordered_map<std::string, GroupId> ids_before_;
    bool groups_changed_ = true;
    bool rules_changed_ = true;
};

}  // namespace pgauth
