#include "authz/rights.hpp"

#include <utility>

namespace pgauth {

Rights Rights::of(std::shared_ptr<const Client> client, std::shared_ptr<GroupSet> groups) {
    Rights rights{.client = std::move(client), .groups = std::move(groups), .own = nullptr};
    if (rights.client != nullptr) {
        rights.username = rights.client->username;
    }
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
        values.username = username;
        values.attributes = &client->attributes;
    }
    auto [entry, effect] = groups->policy(replica).decide(request, values);
    if (own != nullptr) {
        entry = stronger(entry, own->deciding_entry(request, values));
        effect = entry == nullptr ? Effect::deny : entry->effect;
    }
    return {.allowed = effect == Effect::allow,
            .cause = entry == nullptr ? Cause::no_entry : Cause::entry,
            .entry = entry};
}

}  // namespace pgauth
