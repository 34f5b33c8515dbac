#include "replica/replica_builder.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/quote.hpp"
#include "password/password_hash.hpp"
#include "replica/row_values.hpp"

namespace pgauth {

namespace {

std::string shown(const Field& field) {
    return field ? quote(*field) : "null";
}

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_fingerprint(std::string_view text) {
    constexpr std::size_t prefix_bytes = 7;
    constexpr std::size_t digits = 64;
    return text.starts_with("SHA256:") && text.size() == prefix_bytes + digits &&
           text.find_first_not_of("0123456789abcdef", prefix_bytes) == std::string_view::npos;
}

bool is_pre_shared_key(std::string_view secret) {
    const std::string_view key =
        secret.substr(std::min(pre_shared_key_prefix.size(), secret.size()));
    return secret.starts_with(pre_shared_key_prefix) && is_hex(key) && key.size() % 2 == 0 &&
           key.size() >= 32 && key.size() <= 128;
}

// Reads every column of a client's row into `client`, or says which makes no sense.
Result<void> read_client(const ClientRow& row, Client& client) {
    client.name = row.name.value_or(client.username);
    const auto enabled = parse_bool("enabled", row.enabled);
    if (!enabled) {
        return tl::unexpected(enabled.error());
    }
    client.enabled = *enabled;
    if (row.client_id) {
        client.client_id = ClientIdPattern(*row.client_id);
    }
    const auto required = parse_methods("required_methods", row.required_methods);
    if (!required) {
        return tl::unexpected(required.error());
    }
    client.required_methods = *required;
    if (row.networks) {
        auto networks = parse_networks(row.networks);
        if (!networks) {
            return tl::unexpected(networks.error());
        }
        client.networks = *std::move(networks);
    }
    const auto window = parse_window(row.valid_from, row.valid_until);
    if (!window) {
        return tl::unexpected(window.error());
    }
    client.window = *window;
    auto attributes = parse_attributes(row.attributes);
    if (!attributes) {
        return tl::unexpected(attributes.error());
    }
    client.attributes = *std::move(attributes);
    return {};
}

// The credential; for a password, its hash is looked at but not kept.
Result<Credential> read_credential(const CredentialRow& row, std::string& cost_class) {
    Credential credential;
    const auto id = parse_integer("id", row.id);
    if (!id) {
        return tl::unexpected(id.error());
    }
    credential.id = *id;
    const auto method = row.method ? parse_method(*row.method) : std::nullopt;
    if (!method) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("method: {}: use password, certificate, psk", shown(row.method)));
    }
    credential.method = *method;
    const auto window = parse_window(row.valid_from, row.valid_until);
    if (!window) {
        return tl::unexpected(window.error());
    }
    credential.window = *window;
    credential.secret = row.secret.value_or("");
    credential.fingerprint = row.fingerprint.value_or("");
    if (row.fingerprint && !is_fingerprint(*row.fingerprint)) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("fingerprint: {}: use `SHA256:` and 64 lower-case hex digits",
                                quote(*row.fingerprint)));
    }
    if (credential.method == Method::psk && !is_pre_shared_key(credential.secret)) {
        return fail(ErrorKind::invalid_input,
                    "secret: not a pre-shared key: use `psk:` and 32 to 128 hex digits");
    }
    if (credential.method == Method::password) {
        const auto hash = PasswordHash::parse(credential.secret);
        if (!hash) {
            return fail(ErrorKind::invalid_input, "secret: " + hash.error().message);
        }
        cost_class = hash->cost_class();
    }
    return credential;
}

}  // namespace

// make_shared cannot reach the private constructor.
ReplicaBuilder::ReplicaBuilder() : replica_(new Replica) {}

void ReplicaBuilder::report(std::string defect) {
    replica_->defects_.push_back(std::move(defect));
}

std::shared_ptr<Client> ReplicaBuilder::client_of(const Field& username) {
    const auto found = username ? replica_->clients_.find(*username) : replica_->clients_.end();
    return found == replica_->clients_.end() ? nullptr : found->second;
}

// A fingerprint that two clients claim identifies neither.
void ReplicaBuilder::pin(const Credential& credential, const std::shared_ptr<Client>& client) {
    const auto [other, added] = replica_->pinned_.emplace(credential.fingerprint, client);
    if (!added && other->second != client) {
        report(
            fmt::format("credential {} of client {}: its fingerprint is another client's too: "
                        "it identifies neither",
                        credential.id,
                        quote(client->username)));
        other->second = nullptr;
    }
}

Group* ReplicaBuilder::group_of(const Field& name) {
    const auto id = name ? replica_->group_ids_.find(*name) : replica_->group_ids_.end();
    return id == replica_->group_ids_.end() ? nullptr : replica_->groups_.at(id->second).get();
}

void ReplicaBuilder::add(const GroupRow& row) {
    const auto id = parse_name("id", row.id);
    const auto name = parse_name("name", row.name);
    if (!id || !name) {
        report(fmt::format("group {}: {}", shown(row.name), (id ? name : id).error().message));
        return;
    }
    if (replica_->groups_.contains(*id) || !replica_->group_ids_.emplace(*name, *id).second) {
        report(fmt::format("group {}: its id or its name occurs twice", shown(row.name)));
        return;
    }
    replica_->groups_.emplace(*id, std::make_shared<Group>(Group{*id, *name, {}}));
}

void ReplicaBuilder::add(const ClientRow& row) {
    auto client = std::make_shared<Client>();
    // An empty username could not be told from none.
    const auto username = parse_name("username", row.username);
    if (!username) {
        report("client: " + username.error().message);
        return;
    }
    client->username = *username;
    if (const auto read = read_client(row, *client); !read) {
        client->defective = true;
        report(fmt::format("client {} is refused: {}", quote(*username), read.error().message));
    }
    if (const auto [other, added] = replica_->clients_.emplace(*username, client); !added) {
        other->second->defective = true;
        report(fmt::format("client {} is refused: it occurs twice", quote(*username)));
    }
}

void ReplicaBuilder::add(const CredentialRow& row) {
    std::string cost_class;
    auto credential = read_credential(row, cost_class);
    if (!credential) {
        report(fmt::format("credential {} of client {} satisfies nothing: {}",
                           shown(row.id),
                           shown(row.username),
                           credential.error().message));
        return;
    }
    const std::shared_ptr<Client> client = client_of(row.username);
    if (client == nullptr) {
        report(fmt::format(
            "credential {}: client {} does not exist", shown(row.id), shown(row.username)));
        return;
    }
    if (credential->method == Method::password) {
        CostClass& same = cost_classes_[cost_class];
        if (same.secrets++ == 0) {
            same.example = credential->secret;
        }
    }
    if (!credential->fingerprint.empty()) {
        pin(*credential, client);
    }
    client->credentials.push_back(*std::move(credential));
}

void ReplicaBuilder::add(const MemberRow& row) {
    const std::shared_ptr<Client> client = client_of(row.username);
    const Group* group = group_of(row.group_name);
    if (client == nullptr || group == nullptr) {
        report(fmt::format("membership of client {} in group {}: no such client or group",
                           shown(row.username),
                           shown(row.group_name)));
        return;
    }
    client->groups.push_back(group->id);
}

void ReplicaBuilder::add(const RuleRow& row) {
    auto rule = parse_rule(row);
    const auto names = parse_list("groups", row.groups);
    if (!rule || !names) {
        report(fmt::format("group rule {} matches nobody: {}",
                           shown(row.name),
                           (rule ? names.error() : rule.error()).message));
        return;
    }
    for (const std::string& name : *names) {
        if (const Group* group = group_of(name)) {
            rule->groups.push_back(group->id);
        } else {
            report(fmt::format(
                "group rule {}: group {} does not exist", shown(row.name), quote(name)));
        }
    }
    replica_->rules_.push_back(*std::move(rule));
}

void ReplicaBuilder::add(const EntryRow& row) {
    Group* group = group_of(row.group_name);
    const std::shared_ptr<Client> client = client_of(row.username);
    const auto owner = [&] {
        return row.group_name ? "group " + shown(row.group_name)
                              : "client " + shown(row.username);
    };
    std::optional<AclEntry> entry;
    const bool names_one = row.group_name.has_value() != row.username.has_value();
    if (!names_one) {
        report(fmt::format("entry {}: it must name either a group or a client", shown(row.id)));
        entry = denial_of(row, owner());
    } else if (auto parsed = parse_entry(row, owner())) {
        entry = *std::move(parsed);
    } else {
        entry = denial_of(row, owner());
        report(fmt::format("entry {} of {} {}: {}",
                           shown(row.id),
                           owner(),
                           entry ? "denies every topic" : "allows nothing",
                           parsed.error().message));
    }
    if (names_one && group == nullptr && client == nullptr) {
        report(fmt::format("entry {}: group {}, client {}: no such group or client",
                           shown(row.id),
                           shown(row.group_name),
                           shown(row.username)));
    }
    if (entry && group != nullptr) {
        group->entries.push_back(*entry);
    }
    if (entry && client != nullptr) {
        client->entries.push_back(*std::move(entry));
    }
}

void ReplicaBuilder::add(const RevokedCertificateRow& row) {
    if (!row.fingerprint) {
        report("revoked certificate: fingerprint: null: use `SHA256:` and 64 hex digits");
        return;
    }
    replica_->revoked_.emplace(*row.fingerprint);
}

std::shared_ptr<const Replica> ReplicaBuilder::build() && {
    const auto commonest = std::max_element(
        cost_classes_.begin(), cost_classes_.end(), [](const auto& one, const auto& other) {
            return one.second.secrets < other.second.secrets;
        });
    if (commonest != cost_classes_.end()) {
        replica_->decoy_secret_ = commonest->second.example;
    }
    return std::move(replica_);
}

}  // namespace pgauth
