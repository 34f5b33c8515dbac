// ReplicaBuilder: rows in, Replica out.
//
//   ReplicaBuilder builder;
//   builder.add({.id = "…", .name = "presses"});           // groups and clients first,
//   builder.add({.username = "press-7", .enabled = "t"});  // then what belongs to them
//   std::shared_ptr<const Replica> replica = std::move(builder).build();
//
// The database refuses rows that make no sense; where one gets here all the same (constraints
// dropped, a site's own view), that row denies and nothing else is affected (DESIGN 3.5):
// a client is refused, a credential satisfies nothing, a rule matches nobody, an allow grants
// nothing, and a deny denies more rather than less. Each is named in Replica::defects().
//
// Two phases, two types: build() consumes the builder, and a Replica cannot change.
// Thread safety: none needed; used by the thread that loads.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "replica/replica.hpp"
#include "replica/rows.hpp"

namespace pgauth {

class ReplicaBuilder {
  public:
    ReplicaBuilder();

    void add(const GroupRow& row);
    void add(const ClientRow& row);
    void add(const CredentialRow& row);
    void add(const MemberRow& row);
    void add(const RuleRow& row);
    void add(const EntryRow& row);
    void add(const RevokedCertificateRow& row);

    [[nodiscard]] std::shared_ptr<const Replica> build() &&;

  private:
    void report(std::string defect);
    [[nodiscard]] std::shared_ptr<Client> client_of(const Field& username);
    void pin(const Credential& credential, const std::shared_ptr<Client>& client);
    [[nodiscard]] Group* group_of(const Field& name);

    std::shared_ptr<Replica> replica_;

    // For the decoy: how many secrets take equally long, and one of them.
    struct CostClass {
        std::size_t secrets = 0;
        std::string example;
    };

    std::unordered_map<std::string, CostClass> cost_classes_;
};

}  // namespace pgauth
