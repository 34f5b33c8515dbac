#include "service/stored_sessions.hpp"

#include <utility>

#include "replica/read_rows.hpp"

namespace pgauth {

void StoredSessions::note(const Session& session,
                          const Replica& replica,
                          ReplicaKeeper* keeper) {
    if (keeper == nullptr) {
        return;
    }
    if (RestoredSessions* before = restored(keeper)) {
        before->erase(session.client_id);
    }
    if (!session.durable) {
        keeper->forget(session.client_id);
        return;
    }
    keeper->note({session.client_id,
                  session.username,
                  session.admission->satisfied,
                  session.rights.groups->groups().certain,
                  session.username ? replica.find_rows(*session.username) : Ref<PackedRows>()});
}

const Session* StoredSessions::find(const AccessCheck& check,
                                    Authorizer& authorizer,
                                    ReplicaKeeper* keeper) {
    RestoredSessions* before = restored(keeper);
    if (before == nullptr) {
        return nullptr;
    }
    const auto found = before->find(check.client_id);
    if (found == before->end() || found->second.username != check.username) {
        return nullptr;
    }
    const SettledSession settled = std::move(found->second);
    before->erase(found);
    const auto client =
        settled.client == nullptr
            ? nullptr
            : read_client(*settled.client, [](std::string_view) { return std::nullopt; });
    if (settled.username && client == nullptr) {
        return nullptr;
    }
    Session session;
    session.realm = &realm_;
    session.client_id = settled.client_id;
    session.username = settled.username;
    session.durable = true;
    session.connected = false;
    auto admission = std::make_shared<Admission>();
    admission->satisfied = settled.methods;
    session.admission = std::move(admission);
    session.rights = authorizer.settle_as_before(client, settled.groups);
    return sessions_.restore(std::move(session));
}

RestoredSessions* StoredSessions::restored(ReplicaKeeper* keeper) {
    if (keeper != nullptr && realm_.restored == nullptr) {
        realm_.restored = keeper->take_restored();
    }
    return realm_.restored.get();
}

}  // namespace pgauth
