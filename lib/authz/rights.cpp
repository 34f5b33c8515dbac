#include "authz/rights.hpp"

#include <utility>

namespace pgauth {

Rights Rights::of(std::shared_ptr<const Client> client, std::shared_ptr<GroupSet> groups) {
    Rights rights{.client = std::move(client),
                  .groups = std::move(groups),
                  .own = nullptr,
                  .own_asker = new_asker()};
    if (rights.client != nullptr && !rights.client->entries.empty()) {
        rights.own = std::make_shared<const CompiledPolicy>(rights.client);
    }
    return rights;
}

Decision Rights::decide(const Replica& replica,
                        const Request& request,
                        std::optional<std::string_view> client_id) const {
    PlaceholderValues values;
    values.client_id = client_id;
    if (client != nullptr) {
        values.username = client->username;
        values.attributes = &client->attributes;
    }
    const AclEntry* entry = groups->policy(replica).deciding_entry(request, values);
    if (own != nullptr) {
        entry = stronger(entry, own->deciding_entry(request, values));
    }
    if (entry == nullptr) {
        return {.allowed = false, .cause = Cause::no_entry};
    }
    return {.allowed = entry->effect == Effect::allow, .cause = Cause::entry, .entry = entry};
}

}  // namespace pgauth
