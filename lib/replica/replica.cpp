#include "replica/replica.hpp"

#include "replica/read_rows.hpp"

namespace pgauth {

std::shared_ptr<const Client> Replica::find_client(std::string_view username) const {
    const PackedRows* rows = clients_.find(username);
    if (rows == nullptr) {
        return nullptr;
    }
    return read_client(*rows, [this](std::string_view name) -> std::optional<GroupId> {
        const GroupItem* item = groups_by_name_.find(name);
        return item == nullptr ? std::nullopt : std::optional(item->group->id);
    });
}

bool Replica::has_client(std::string_view username) const {
    return clients_.contains(username);
}

Ref<PackedRows> Replica::find_rows(std::string_view username) const {
    return Ref<PackedRows>(clients_.find(username));
}

// A fingerprint that two clients claim identifies neither.
std::shared_ptr<const Client> Replica::find_client_by_fingerprint(
    std::string_view fingerprint) const {
    const PackedRows* pin = pinned_.find(fingerprint);
    if (pin == nullptr) {
        return nullptr;
    }
    std::string_view owner;
    bool is_shared = false;
    pin->for_each([&](RowKind, std::span<const Field> fields) {
        is_shared = is_shared || !owner.empty();
        owner = fields[1].value_or("");
    });
    return is_shared ? nullptr : find_client(owner);
}

std::shared_ptr<const Group> Replica::find_group(const GroupId& id) const {
    const GroupItem* item = groups_.find(id);
    return item == nullptr ? nullptr : item->group;
}

std::shared_ptr<const Group> Replica::find_group_by_name(std::string_view name) const {
    const GroupItem* item = groups_by_name_.find(name);
    return item == nullptr ? nullptr : item->group;
}

void Replica::for_each_rule(const std::function<void(const GroupRule&)>& handle) const {
    rules_.for_each([&](const RuleItem& item) { handle(item.rule); });
}

bool Replica::is_revoked(std::string_view fingerprint) const {
    return revoked_.contains(fingerprint);
}

const std::string& Replica::decoy_secret() const noexcept {
    return decoy_secret_;
}

const std::string& Replica::commonest_scram_verifier() const noexcept {
    return commonest_scram_verifier_;
}

std::vector<std::string> Replica::defects() const {
    std::vector<std::string> all;
    for (const auto& [about, lines] : defects_) {
        all.insert(all.end(), lines.begin(), lines.end());
    }
    return all;
}

void Replica::for_each_rows(const std::function<void(const PackedRows& rows)>& handle) const {
    groups_.for_each([&](const GroupItem& item) { handle(*item.rows); });
    clients_.for_each(handle);
    rules_.for_each([&](const RuleItem& item) { handle(*item.rows); });
    revoked_.for_each(handle);
}

}  // namespace pgauth
