#include "replica/replica_builder.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <utility>

#include "base/quote.hpp"
#include "password/password_hash.hpp"
#include "replica/read_rows.hpp"
#include "replica/row_values.hpp"

namespace pgauth {

namespace {

std::uint64_t next_generation() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

// How the cost class of every SCRAM verifier begins.
constexpr std::string_view scram_prefix = "SCRAM-SHA-256$";

// What defects are filed under, so that they go when it goes.
std::string about_client(const Field& username) {
    return "client " + shown(username);
}

std::string about_group(const Field& name) {
    return "group " + shown(name);
}

std::string about_rule(const Field& name) {
    return "rule " + shown(name);
}

template <typename Row>
Ref<PackedRows> append(Ref<PackedRows> rows, const Row& row) {
    return append(std::move(rows), Row::kind, row.fields());
}

}  // namespace

// make_shared cannot reach the private constructor.
ReplicaBuilder::ReplicaBuilder() : replica_(new Replica) {}

ReplicaBuilder::ReplicaBuilder(const Replica& base)
    : replica_(new Replica(base)), groups_changed_(false), rules_changed_(false) {}

void ReplicaBuilder::report(const std::string& about, std::string defect) {
    replica_->defects_[about].push_back(std::move(defect));
}

// --- what goes
// ---------------------------------------------------------------------------------

void ReplicaBuilder::drop_client(std::string_view username) {
    replica_->defects_.erase(about_client(username));
    const Ref<PackedRows> rows = replica_->find_rows(username);
    if (rows == nullptr) {
        return;
    }
    rows->for_each([&](RowKind kind, std::span<const Field> fields) {
        if (kind == RowKind::credential) {
            forget_credential(CredentialRow::from(fields), username);
        }
    });
    replica_->clients_.erase(username);
}

void ReplicaBuilder::forget_credential(const CredentialRow& row, std::string_view username) {
    if (row.fingerprint) {
        unpin(*row.fingerprint, username);
    }
    if (row.method != "password") {
        return;
    }
    if (const auto hash = PasswordHash::parse(row.secret.value_or(""))) {
        const auto same = replica_->cost_classes_.find(hash->cost_class());
        if (same != replica_->cost_classes_.end() && --same->second.secrets == 0) {
            replica_->cost_classes_.erase(same);
        }
    }
}

void ReplicaBuilder::unpin(std::string_view fingerprint, std::string_view username) {
    const Ref<PackedRows> pin(replica_->pinned_.find(fingerprint));
    if (pin == nullptr) {
        return;
    }
    Ref<PackedRows> rest;
    pin->for_each([&](RowKind, std::span<const Field> fields) {
        if (fields[1] != username) {
            const std::array<Field, 2> owner{fingerprint, fields[1]};
            rest = append(std::move(rest), RowKind::pin, owner);
        }
    });
    if (rest == nullptr) {
        replica_->pinned_.erase(fingerprint);
    } else {
        replica_->pinned_.put(std::move(rest));
    }
}

void ReplicaBuilder::drop_group(std::string_view name) {
    replica_->defects_.erase(about_group(name));
    const Ref<Replica::GroupItem> item(replica_->groups_by_name_.find(name));
    groups_changed_ = true;
    if (item != nullptr) {
        ids_before_.try_emplace(std::string(name), item->group->id);
        replica_->groups_.erase(item->group->id);
        replica_->groups_by_name_.erase(name);
    } else {
        ids_before_.try_emplace(std::string(name), GroupId());
    }
}

void ReplicaBuilder::drop_rule(std::string_view name) {
    replica_->defects_.erase(about_rule(name));
    rules_changed_ = true;
    replica_->rules_.erase(name);
}

void ReplicaBuilder::drop_revoked_certificate(std::string_view fingerprint) {
    rules_changed_ = replica_->revoked_.erase(fingerprint) || rules_changed_;
}

// --- what comes
// --------------------------------------------------------------------------------

void ReplicaBuilder::add(const GroupRow& row) {
    const auto id = parse_name("id", row.id);
    const auto name = parse_name("name", row.name);
    if (!id || !name) {
        report(about_group(row.name),
               fmt::format("group {}: {}", shown(row.name), (id ? name : id).error().message));
        return;
    }
    if (replica_->groups_.contains(*id) || replica_->groups_by_name_.contains(*name)) {
        report(about_group(row.name),
               fmt::format("group {}: its id or its name occurs twice", shown(row.name)));
        return;
    }
    const auto group = std::make_shared<Group>(Group{*id, *name, {}});
    Ref<Replica::GroupItem> item(new Replica::GroupItem);
    item->rows = append({}, row);
    item->group = group;
    fresh_groups_.insert_or_assign(*name, FreshGroup{item.get(), group});
    ids_before_.try_emplace(*name, GroupId());
    groups_changed_ = true;
    replica_->groups_.put(item);
    replica_->groups_by_name_.put(std::move(item));
}

void ReplicaBuilder::add(const ClientRow& row) {
    // An empty username could not be told from none.
    const auto username = parse_name("username", row.username);
    if (!username) {
        report(about_client(row.username), "client: " + username.error().message);
        return;
    }
    Client client;
    client.username = *username;
    if (const auto read = read_client(row, client); !read) {
        report(about_client(row.username),
               fmt::format("client {} is refused: {}", quote(*username), read.error().message));
    }
    if (add_to_client(row, *username)) {
        report(about_client(row.username),
               fmt::format("client {} is refused: it occurs twice", quote(*username)));
        return;
    }
    fresh_clients_.put(append({}, row));
}

// False where there is no such client.
template <typename Row>
bool ReplicaBuilder::add_to_client(const Row& row, const Field& username) {
    if (!username) {
        return false;
    }
    const auto append_row = [&](Ref<PackedRows> rows) { return append(std::move(rows), row); };
    if (fresh_clients_.update(*username, append_row)) {
        return true;
    }
    Ref<PackedRows> known = replica_->find_rows(*username);
    if (known != nullptr) {
        fresh_clients_.put(append_row(std::move(known)));
        return true;
    }
    return false;
}

void ReplicaBuilder::put_fresh_clients() {
    if (replica_->clients_.size() == 0) {
        replica_->clients_ = std::move(fresh_clients_).finish();
    } else {
        fresh_clients_.for_each(
            [&](const Ref<PackedRows>& rows) { replica_->clients_.put(rows); });
    }
    fresh_clients_ = {};
}

void ReplicaBuilder::add(const CredentialRow& row) {
    auto credential = read_credential(row);
    std::string cost_class;
    if (credential && credential->method == Method::password) {
        if (const auto hash = PasswordHash::parse(credential->secret)) {
            cost_class = hash->cost_class();
        } else {
            credential = fail(ErrorKind::invalid_input, "secret: " + hash.error().message);
        }
    }
    if (!credential) {
        report(about_client(row.username),
               fmt::format("credential {} of client {} satisfies nothing: {}",
                           shown(row.id),
                           shown(row.username),
                           credential.error().message));
        return;
    }
    CredentialRow kept = row;
    kept.username = std::nullopt;
    if (!add_to_client(kept, row.username)) {
        report(
            about_client(row.username),
            fmt::format(
                "credential {}: client {} does not exist", shown(row.id), shown(row.username)));
        return;
    }
    if (credential->method == Method::password) {
        Replica::CostClass& same = replica_->cost_classes_[cost_class];
        if (same.secrets++ == 0) {
            same.example = credential->secret;
        }
    }
    if (row.fingerprint) {
        pin(row, *row.fingerprint);
    }
}

void ReplicaBuilder::pin(const CredentialRow& row, std::string_view fingerprint) {
    const Ref<PackedRows> before(replica_->pinned_.find(fingerprint));
    bool is_known = false;
    if (before != nullptr) {
        before->for_each([&](RowKind, std::span<const Field> fields) {
            is_known = is_known || fields[1] == row.username;
        });
    }
    if (is_known) {
        return;
    }
    if (before != nullptr) {
        report(
            about_client(row.username),
            fmt::format("credential {} of client {}: its fingerprint is another client's too: "
                        "it identifies neither",
                        shown(row.id),
                        shown(row.username)));
    }
    const std::array<Field, 2> owner{fingerprint, row.username};
    replica_->pinned_.put(append(before, RowKind::pin, owner));
}

void ReplicaBuilder::add(const MemberRow& row) {
    // The group may come later: what counts is whether it is there when somebody logs in.
    const bool is_client =
        row.group_name && add_to_client(MemberRow{.group_name = row.group_name}, row.username);
    if (!is_client || !replica_->groups_by_name_.contains(*row.group_name)) {
        report(about_client(row.username),
               fmt::format("membership of client {} in group {}: no such client or group",
                           shown(row.username),
                           shown(row.group_name)));
    }
}

void ReplicaBuilder::add(const RuleRow& row) {
    auto rule = parse_rule(row);
    auto names = parse_list("groups", row.groups);
    rules_changed_ = true;
    if (!rule || !names) {
        report(about_rule(row.name),
               fmt::format("group rule {} matches nobody: {}",
                           shown(row.name),
                           (rule ? names.error() : rule.error()).message));
        return;
    }
    for (const std::string& name : *names) {
        if (!replica_->groups_by_name_.contains(name)) {
            report(about_rule(row.name),
                   fmt::format(
                       "group rule {}: group {} does not exist", shown(row.name), quote(name)));
        }
    }
    if (replica_->rules_.contains(rule->name)) {
        report(about_rule(row.name),
               fmt::format("group rule {}: it occurs twice: one counts", shown(row.name)));
    }
    rule->group_names = *std::move(names);
    Ref<Replica::RuleItem> item(new Replica::RuleItem);
    item->rows = append({}, row);
    item->rule = *std::move(rule);
    replica_->rules_.put(std::move(item));
}

void ReplicaBuilder::add(const EntryRow& row) {
    ReadEntry read = read_entry(row);
    const auto about =
        row.group_name ? about_group(row.group_name) : about_client(row.username);
    if (!read.defect.empty()) {
        report(about, std::move(read.defect));
    }
    const auto fresh =
        row.group_name ? fresh_groups_.find(std::string(*row.group_name)) : fresh_groups_.end();
    // Whose it is goes without saying among the rows of its owner.
    EntryRow of_client = row;
    of_client.username = std::nullopt;
    const bool is_client = add_to_client(of_client, row.username);
    if (fresh == fresh_groups_.end() && !is_client && (row.group_name || row.username)) {
        report(about,
               fmt::format("entry {}: group {}, client {}: no such group or client",
                           shown(row.id),
                           shown(row.group_name),
                           shown(row.username)));
    }
    if (fresh != fresh_groups_.end()) {
        EntryRow of_group = row;
        of_group.group_name = std::nullopt;
        auto& [item, group] = fresh->second;
        item->rows = append(std::move(item->rows), of_group);
        if (read.entry) {
            group->entries.push_back(*read.entry);
        }
    }
}

void ReplicaBuilder::add(const RevokedCertificateRow& row) {
    if (!row.fingerprint) {
        report("revoked",
               "revoked certificate: fingerprint: null: use `SHA256:` and 64 hex digits");
        return;
    }
    rules_changed_ = true;
    replica_->revoked_.put(append({}, row));
}

void ReplicaBuilder::add(const PackedRows& rows) {
    Field owner;
    bool is_of_group = false;
    rows.for_each([&](RowKind kind, std::span<const Field> fields) {
        switch (kind) {
            case RowKind::client:
                owner = fields[0];
                add(ClientRow::from(fields));
                break;
            case RowKind::group:
                is_of_group = true;
                owner = fields[1];
                add(GroupRow::from(fields));
                break;
            case RowKind::credential: {
                CredentialRow row = CredentialRow::from(fields);
                row.username = owner;
                add(row);
                break;
            }
            case RowKind::member: {
                MemberRow row = MemberRow::from(fields);
                row.username = owner;
                add(row);
                break;
            }
            case RowKind::entry: {
                EntryRow row = EntryRow::from(fields);
                (is_of_group ? row.group_name : row.username) = owner;
                add(row);
                break;
            }
            case RowKind::rule:
                add(RuleRow::from(fields));
                break;
            case RowKind::revoked_certificate:
                add(RevokedCertificateRow::from(fields));
                break;
            case RowKind::pin:
            case RowKind::session:
            case RowKind::session_group:
                break;
        }
    });
}

// --- what stays
// --------------------------------------------------------------------------------

std::vector<std::string> ReplicaBuilder::share_with(const Replica& before) {
    put_fresh_clients();
    std::vector<Ref<PackedRows>> same;
    std::vector<std::string> changed;
    replica_->clients_.for_each([&](const PackedRows& rows) {
        Ref<PackedRows> known = before.find_rows(rows.key());
        if (known != nullptr && known->bytes() == rows.bytes()) {
            same.push_back(std::move(known));
        } else {
            changed.emplace_back(rows.key());
        }
    });
    for (Ref<PackedRows>& rows : same) {
        replica_->clients_.put(std::move(rows));
    }
    before.clients_.for_each([&](const PackedRows& rows) {
        if (!replica_->has_client(rows.key())) {
            changed.emplace_back(rows.key());
        }
    });
    share_groups_with(before);
    share_rules_with(before);
    return changed;
}

void ReplicaBuilder::share_groups_with(const Replica& before) {
    std::vector<Ref<Replica::GroupItem>> same;
    ids_before_.clear();
    replica_->groups_.for_each([&](const Replica::GroupItem& item) {
        Replica::GroupItem* known = before.groups_.find(item.group->id);
        if (known != nullptr && known->rows->bytes() == item.rows->bytes()) {
            same.emplace_back(known);
        }
        const auto named = before.find_group_by_name(item.group->name);
        ids_before_.emplace(item.group->name, named == nullptr ? GroupId() : named->id);
    });
    groups_changed_ =
        same.size() != before.groups_.size() || same.size() != replica_->groups_.size();
    for (Ref<Replica::GroupItem>& item : same) {
        fresh_groups_.erase(item->group->name);
        replica_->groups_.put(item);
        replica_->groups_by_name_.put(std::move(item));
    }
    before.groups_.for_each([&](const Replica::GroupItem& item) {
        ids_before_.try_emplace(item.group->name, item.group->id);
    });
    replica_->groups_generation_ = before.groups_generation_;
}

void ReplicaBuilder::share_rules_with(const Replica& before) {
    std::vector<Ref<Replica::RuleItem>> same;
    replica_->rules_.for_each([&](const Replica::RuleItem& item) {
        Replica::RuleItem* known = before.rules_.find(item.rule.name);
        if (known != nullptr && known->rows->bytes() == item.rows->bytes()) {
            same.emplace_back(known);
        }
    });
    bool same_revoked = before.revoked_.size() == replica_->revoked_.size();
    before.revoked_.for_each([&](const PackedRows& rows) {
        same_revoked = same_revoked && replica_->is_revoked(rows.key());
    });
    rules_changed_ = same.size() != before.rules_.size() ||
                     same.size() != replica_->rules_.size() || !same_revoked;
    for (Ref<Replica::RuleItem>& item : same) {
        replica_->rules_.put(std::move(item));
    }
    replica_->rules_generation_ = before.rules_generation_;
}

void ReplicaBuilder::choose_decoy() {
    const auto& classes = replica_->cost_classes_;
    const auto commonest = std::max_element(
        classes.begin(), classes.end(), [](const auto& one, const auto& other) {
            return one.second.secrets < other.second.secrets;
        });
    replica_->decoy_secret_ =
        commonest == classes.end() ? std::string() : commonest->second.example;
    std::size_t most = 0;
    replica_->commonest_scram_verifier_.clear();
    for (const auto& [cost_class, same] : classes) {
        if (cost_class.starts_with(scram_prefix) && same.secrets > most) {
            most = same.secrets;
            replica_->commonest_scram_verifier_ = same.example;
        }
    }
}

std::shared_ptr<const Replica> ReplicaBuilder::build() && {
    put_fresh_clients();
    choose_decoy();
    replica_->generation_ = next_generation();
    if (groups_changed_) {
        replica_->groups_generation_ = replica_->generation_;
    }
    // Rules and memberships name groups: what a name stands for counts with them.
    const bool names_changed =
        std::any_of(ids_before_.begin(), ids_before_.end(), [&](const auto& before) {
            const auto group = replica_->find_group_by_name(before.first);
            return (group == nullptr ? GroupId() : group->id) != before.second;
        });
    if (rules_changed_ || names_changed) {
        replica_->rules_generation_ = replica_->generation_;
    }
    return std::move(replica_);
}

}  // namespace pgauth
