#include "comparison/new_files.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/quote.hpp"
#include "password/password_hash.hpp"
#include "replica/replica_builder.hpp"
#include "replica/replica_file.hpp"
#include "store/connection_parameters.hpp"

namespace pgauth::tool {

namespace {

Field field(const std::optional<std::string>& text) {
    return text ? Field(*text) : Field();
}

Field field(const std::string& text) {
    return text.empty() ? Field() : Field(text);
}

// Rows of a Plan, as the views of the schema would show them.
class Rows {
  public:
    Rows(const Plan& plan, const StandIn& stand_in, HasPassword has_password)
        : plan_(plan), secret_(stand_in.secret()), has_password_(has_password) {}

    [[nodiscard]] std::shared_ptr<const Replica> replica(const Supervisor& supervisor) && {
        for (const auto& [name, description] : plan_.groups()) {
            const std::string id = next_id();
            builder_.add(GroupRow{.id = id, .name = name});
        }
        for (const auto& [username, client] : plan_.clients()) {
            add_client(username, client);
        }
        for (const auto& [name, rule] : plan_.rules()) {
            add_rule(name, rule);
        }
        for (const PlannedEntry& entry : plan_.entries()) {
            add_entry(entry);
        }
        add_supervisor(supervisor);
        return std::move(builder_).build();
    }

  private:
    std::string next_id() { return std::to_string(++last_id_); }

    void add_client(const std::string& username, const PlannedClient& client) {
        builder_.add(ClientRow{.username = username,
                               .name = client.name.value_or(username),
                               .enabled = client.enabled ? "t" : "f",
                               .client_id = field(client.client_id)});
        const bool is_usable = client.secret && PasswordHash::parse(*client.secret);
        if (is_usable || has_password_ == HasPassword::everybody) {
            add_password(username);
        }
        for (const std::string& group : client.groups) {
            builder_.add(MemberRow{.group_name = group, .username = username});
        }
    }

    void add_password(const std::string& username) {
        const std::string id = next_id();
        builder_.add(CredentialRow{
            .id = id, .username = username, .method = "password", .secret = secret_});
    }

    void add_rule(const std::string& name, const PlannedRule& rule) {
        const std::string groups = nlohmann::json(rule.groups).dump();
        builder_.add(RuleRow{.name = name,
                             .enabled = "t",
                             .syntax = rule.syntax,
                             .username = field(rule.username),
                             .client_id = field(rule.client_id),
                             .groups = groups});
    }

    void add_entry(const PlannedEntry& entry) {
        const std::string id = next_id();
        const std::string priority = std::to_string(entry.priority);
        builder_.add(EntryRow{.id = id,
                              .group_name = field(entry.group_name),
                              .username = field(entry.username),
                              .effect = to_string(entry.effect),
                              .permission = to_string(entry.permission),
                              .topic = entry.topic,
                              .priority = priority,
                              .allow_retain = "t"});
    }

    // Above whatever the rules may give it.
    void add_supervisor(const Supervisor& supervisor) {
        add_client(supervisor.username, {});
        if (has_password_ == HasPassword::as_planned) {
            add_password(supervisor.username);
        }
        for (const std::string& filter : supervisor.filters) {
            add_entry({.group_name = {},
                       .username = supervisor.username,
                       .effect = Effect::allow,
                       .permission = Permission::read_write,
                       .topic = filter,
                       .priority = std::numeric_limits<std::int32_t>::max(),
                       .from = {}});
        }
    }

    const Plan& plan_;
    std::string secret_;
    HasPassword has_password_;
    ReplicaBuilder builder_;
    int last_id_ = 0;
};

// JSON is YAML: names may hold anything.
std::string as_yaml(const std::string& text) {
    return text.empty() ? "null" : nlohmann::json(text).dump();
}

std::string configuration(const std::string& connection,
                          const std::string& replica_file,
                          const NewOptions& options) {
    return fmt::format(
        "database:\n"
        "  connection: {}\n"
        "replica:\n"
        "  file: {}\n"
        "authentication:\n"
        "  anonymous_group: {}\n"
        "  password:\n"
        "    blocking_budget: 1s\n"
        "  attempts:\n"
        "    limits: off\n"
        "authorization:\n"
        "  subscribe: {}\n",
        as_yaml(connection),
        as_yaml(replica_file),
        as_yaml(options.anonymous_group),
        options.subscribe == SubscribeMode::covered ? "covered" : "overlapping");
}

}  // namespace

std::shared_ptr<const Replica> planned_replica(const Plan& plan,
                                               const StandIn& stand_in,
                                               const Supervisor& supervisor,
                                               HasPassword has_password) {
    return Rows(plan, stand_in, has_password).replica(supervisor);
}

Result<std::string> write_new_files(const Replica& replica,
                                    const NewOptions& options,
                                    const TemporaryDirectory& directory) {
    const std::string nowhere = fmt::format("host='{}' dbname=none", directory.path("none"));
    const ReplicaFile file(directory.path("replica"),
                           describe_database({.connection = nowhere}));
    return file.write(replica, {})
        .and_then([&] {
            return directory.write("pgauth.yaml", configuration(nowhere, file.path(), options));
        })
        .map([&] {
            return fmt::format("plugin {}\nplugin_opt_config {}\n",
                               options.plugin,
                               directory.path("pgauth.yaml"));
        });
}

}  // namespace pgauth::tool
