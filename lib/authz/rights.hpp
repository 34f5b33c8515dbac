// Rights: what a session may do: who it is, the groups it is in, its own entries.
//
//   const Rights rights = Rights::of(client, sets.find_or_add(groups_of(…)));
//   const Decision decision = rights.decide(*replica, request, client_id_that_counts);
//
// The client and the set of groups are settled; what the groups may do is read from the Replica
// of the moment.
// Thread safety: as GroupSet: for the broker's thread.

#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "authz/group_set.hpp"
#include "policy/compiled_policy.hpp"
#include "policy/decision.hpp"
#include "policy/request.hpp"
#include "replica/replica.hpp"

namespace pgauth {

struct Rights {
    std::shared_ptr<const Client>
        client;  // none: nameless, with the rights of its groups alone
    std::shared_ptr<GroupSet> groups;
    std::shared_ptr<const CompiledPolicy> own;  // none: the client has no entries of its own
    Asker own_asker = new_asker();              // for one client id: `%c` is answered by it too
    std::string_view username = {};             // the client's, which lies elsewhere in memory

    [[nodiscard]] static Rights of(std::shared_ptr<const Client> client,
                                   std::shared_ptr<GroupSet> groups);

    // Of decide(), with the Replica that was asked last.
    [[nodiscard]] Asker asker() const noexcept {
        return own == nullptr && groups->is_same_for_all() ? groups->asker() : own_asker;
    }

    // `client_id`: what `%c` stands for; none where the client id does not count.
    [[nodiscard]] Decision decide(const Replica& replica,
                                  const Request& request,
                                  std::optional<std::string_view> client_id) const;
};

}  // namespace pgauth
