// The file of Mosquitto's dynamic-security plugin, read as that plugin reads it
// (plugins/dynamic-security): key names in any case, priorities first, names where those are
// equal. Versions from 2.1 on write `encoded_password` and `allowwildcardsubs`, and know `%u`
// and `%c` in topics.

#include "import/dynamic_security.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <strings.h>
#include <utility>

#include "base/quote.hpp"
#include "import/dynamic_security_file.hpp"
#include "import/entry_topic.hpp"
#include "import/names.hpp"
#include "import/source.hpp"

namespace pgauth::tool {

namespace {

using dynsec::add_client;
using dynsec::array;
using dynsec::flag;
using dynsec::Held;
using dynsec::held;
using dynsec::item;
using dynsec::number;
using dynsec::text;
using nlohmann::json;

class DynamicSecurity {
  public:
    DynamicSecurity(const json& tree, Plan& plan) : tree_(tree), plan_(plan) {}

    void read() {
        const auto& clients = array(tree_, "clients");
        const auto& roles = array(tree_, "roles");
        is_2_1_ = std::any_of(clients.begin(),
                              clients.end(),
                              [](const json& client) {
                                  return !item(client, "encoded_password").is_null();
                              }) ||
                  std::any_of(roles.begin(), roles.end(), [](const json& role) {
                      return !item(role, "allowwildcardsubs").is_null();
                  });
        read_defaults();
        read_roles();
        read_groups();
        read_clients();
        add_units();
        dynsec::add_rights(policy_, plan_);
        note_what_differs();
    }

  private:
    struct Role {
        std::string description;
        dynsec::Rules rules;
    };

    void read_defaults() {
        const json& defaults = item(tree_, "defaultACLAccess");
        policy_.send_by_default = flag(defaults, "publishClientSend");
        policy_.receive_by_default = flag(defaults, "publishClientReceive");
        policy_.subscribe_by_default = flag(defaults, "subscribe");
        unsubscribe_denied_ = !flag(defaults, "unsubscribe");
    }

    // --- roles -----------------------------------------------------------------------------

    void read_roles() {
        const json& roles = array(tree_, "roles");
        for (std::size_t i = 0; i < roles.size(); ++i) {
            const std::string place = fmt::format("roles[{}]", i);
            const std::string name = text(roles[i], "rolename");
            if (const auto why = why_no_name(name)) {
                plan_.note(Verdict::lost, place, fmt::format("role {} {}", quote(name), *why));
                continue;
            }
            Role& role = roles_[name];
            role.description = description(roles[i]);
            role.rules.send = rules(roles[i], place, "publishClientSend");
            role.rules.receive = rules(roles[i], place, "publishClientReceive");
            role.rules.subscribe = rules(roles[i], place, "subscribeLiteral");
            std::vector<dynsec::Rule> patterns = rules(roles[i], place, "subscribePattern");
            std::move(
                patterns.begin(), patterns.end(), std::back_inserter(role.rules.subscribe));
            const json& wildcards = item(roles[i], "allowwildcardsubs");
            if (wildcards.is_boolean() && !wildcards.get<bool>()) {
                plan_.note(
                    Verdict::lost,
                    place,
                    fmt::format("role {} allows no subscription with wildcards; here whoever "
                                "may read topics may subscribe to them with wildcards too",
                                quote(name)));
            }
            for (const json& acl : array(roles[i], "acls")) {
                unsubscribe_denied_ =
                    unsubscribe_denied_ ||
                    (text(acl, "acltype").starts_with("unsub") && !flag(acl, "allow"));
            }
        }
    }

    // Those of one kind in a role, first to last.
    std::vector<dynsec::Rule> rules(const json& role,
                                    const std::string& place,
                                    const char* kind) {
        struct Found {
            int priority;
            std::string topic;
            Effect effect;
            std::string place;
        };

        const json& acls = array(role, "acls");
        std::vector<Found> found;
        for (std::size_t i = 0; i < acls.size(); ++i) {
            if (strcasecmp(text(acls[i], "acltype").c_str(), kind) == 0 &&
                item(acls[i], "topic").is_string()) {
                found.push_back({number(acls[i], "priority", 0),
                                 text(acls[i], "topic"),
                                 flag(acls[i], "allow") ? Effect::allow : Effect::deny,
                                 fmt::format("{}.acls[{}]", place, i)});
            }
        }
        std::stable_sort(found.begin(), found.end(), [](const Found& one, const Found& other) {
            return one.priority > other.priority;
        });
        std::vector<dynsec::Rule> all;
        for (const Found& acl : found) {
            const EntryTopic topic = entry_topic(
                acl.topic, acl.effect, is_2_1_ ? Meaning::whole_level : Meaning::literal);
            if (!topic.note.empty()) {
                plan_.note(topic.verdict(), acl.place, topic.note);
            }
            note_rule(acl.topic, acl.effect, acl.place, kind);
            if (topic.filter) {
                add_rule(all, {*topic.filter, acl.effect, acl.place}, kind);
            }
        }
        return all;
    }

    // There, a pattern for subscriptions whose first level is a wildcard means the broker's own
    // topics too.
    static void add_rule(std::vector<dynsec::Rule>& all,
                         const dynsec::Rule& rule,
                         std::string_view kind) {
        all.push_back(rule);
        if (kind != "subscribePattern") {
            return;
        }
        if (rule.topic == "#") {
            all.push_back({"$SYS/#", rule.effect, rule.place});
        } else if (rule.topic.starts_with('+')) {
            all.push_back({"$SYS" + rule.topic.substr(1), rule.effect, rule.place});
        }
    }

    void note_rule(const std::string& topic,
                   Effect effect,
                   const std::string& place,
                   std::string_view kind) {
        control_topics_ = control_topics_ || topic.starts_with("$CONTROL");
        if (kind == "subscribeLiteral" && effect == Effect::allow &&
            topic.find_first_of("+#") != std::string::npos) {
            plan_.note(Verdict::differs,
                       place,
                       fmt::format("{} allows this one subscription; here a part of it may be "
                                   "subscribed to as well",
                                   quote(topic)));
        } else if (kind.starts_with("subscribe") && effect == Effect::deny) {
            plan_.note(
                Verdict::differs,
                place,
                fmt::format("a deny to subscribe to {} is one to receive it here, also by a "
                            "wider subscription",
                            quote(topic)));
        } else if (kind == "publishClientReceive" && effect == Effect::deny) {
            plan_.note(Verdict::differs,
                       place,
                       fmt::format("a deny to receive {} is one to subscribe to it here",
                                   quote(topic)));
        }
    }

    // For people: of a group that it becomes.
    static std::string description(const json& object) {
        const std::string name = text(object, "textname");
        const std::string more = text(object, "textdescription");
        return name + (name.empty() || more.empty() ? "" : ": ") + more;
    }

    // --- groups ----------------------------------------------------------------------------

    void read_groups() {
        const json& groups = array(tree_, "groups");
        for (std::size_t i = 0; i < groups.size(); ++i) {
            const std::string place = fmt::format("groups[{}]", i);
            const std::string name = text(groups[i], "groupname");
            if (const auto why = why_no_name(name)) {
                plan_.note(Verdict::lost, place, fmt::format("group {} {}", quote(name), *why));
                continue;
            }
            if (group_units_.contains(name)) {
                plan_.note(
                    Verdict::lost, place, fmt::format("group {} is there twice", quote(name)));
                continue;
            }
            dynsec::Unit unit{.group_name = name, .description = description(groups[i])};
            for (const Held& role : held(groups[i], "roles", "rolename")) {
                if (const Role* found = find_role(role.name, place)) {
                    append(unit.rules, found->rules);
                    held_by_groups_.insert(role.name);
                }
            }
            group_units_[name] = policy_.units.size();
            policy_.units.push_back(std::move(unit));
            for (const Held& client : held(groups[i], "clients", "username")) {
                groups_of_[client.name].push_back({name, client.priority});
            }
        }
        const std::string name = text(tree_, "anonymousGroup");
        if (!name.empty()) {
            plan_.note(
                Verdict::carried,
                "anonymousGroup",
                fmt::format("clients without a username get in, with the rights of group {}, "
                            "only where pgauth.yaml names it: `authentication: "
                            "{{anonymous_group: …}}`",
                            quote(name)));
        }
    }

    static void append(dynsec::Rules& to, const dynsec::Rules& from) {
        to.send.insert(to.send.end(), from.send.begin(), from.send.end());
        to.receive.insert(to.receive.end(), from.receive.begin(), from.receive.end());
        to.subscribe.insert(to.subscribe.end(), from.subscribe.begin(), from.subscribe.end());
    }

    const Role* find_role(const std::string& name, const std::string& place) {
        const auto found = roles_.find(name);
        if (found == roles_.end()) {
            plan_.note(Verdict::lost, place, fmt::format("there is no role {}", quote(name)));
            return nullptr;
        }
        return &found->second;
    }

    // --- clients ---------------------------------------------------------------------------

    void read_clients() {
        const json& clients = array(tree_, "clients");
        for (std::size_t i = 0; i < clients.size(); ++i) {
            const std::string place = fmt::format("clients[{}]", i);
            const std::string username = text(clients[i], "username");
            if (const auto why = why_no_username(username)) {
                plan_.note(
                    Verdict::lost, place, fmt::format("username {} {}", quote(username), *why));
                continue;
            }
            if (!roles_of_.emplace(username, held(clients[i], "roles", "rolename")).second) {
                plan_.note(Verdict::differs,
                           place,
                           fmt::format("client {} is there twice: the first is taken",
                                       quote(username)));
                continue;
            }
            std::erase_if(roles_of_[username], [&](const Held& role) {
                return find_role(role.name, place) == nullptr;
            });
            add_client(clients[i], place, username, plan_);
        }
    }

    // --- what becomes a group --------------------------------------------------------------

    void add_units() {
        std::set<std::string> held_by_clients;
        for (const auto& [username, roles] : roles_of_) {
            for (const Held& role : roles) {
                held_by_clients.insert(role.name);
            }
        }
        std::map<std::string, std::size_t> role_units;
        for (const auto& [name, role] : roles_) {
            if (!held_by_clients.contains(name) && held_by_groups_.contains(name)) {
                continue;
            }
            role_units[name] = policy_.units.size();
            policy_.units.push_back({.group_name = group_of_role(name),
                                     .description = role.description,
                                     .is_role = true,
                                     .rules = role.rules});
        }
        for (const auto& [username, roles] : roles_of_) {
            std::vector<std::size_t>& units = policy_.clients[username];
            for (const Held& role : roles) {
                units.push_back(role_units.at(role.name));
            }
            std::vector<Held>& groups = groups_of_[username];
            std::sort(groups.begin(), groups.end());
            for (const Held& group : groups) {
                units.push_back(group_units_.at(group.name));
            }
        }
    }

    std::string group_of_role(const std::string& role) {
        std::string name = role;
        while (group_units_.contains(name)) {
            name.insert(0, "role ");
        }
        if (name != role) {
            plan_.note(
                Verdict::carried,
                fmt::format("role {}", quote(role)),
                fmt::format("it becomes group {}, since a group has its name", quote(name)));
        }
        return name;
    }

    void note_what_differs() {
        const auto differs = [&](const char* place, const char* what) {
            plan_.note(Verdict::differs, place, what);
        };
        for (const auto& [name, groups] : groups_of_) {
            if (!roles_of_.contains(name)) {
                plan_.note(Verdict::lost,
                           "groups",
                           fmt::format("a member, {}, is no client", quote(name)));
            }
        }
        if (unsubscribe_denied_) {
            differs("unsubscribe", "unsubscribing is always allowed here");
        }
        if (control_topics_) {
            plan_.note(Verdict::carried,
                       "$CONTROL",
                       "entries for `$CONTROL` topics have no effect once the plugin is gone: "
                       "clients are looked after in SQL here");
        }
        if (policy_.send_by_default || policy_.subscribe_by_default) {
            differs(
                "defaultACLAccess",
                "what is allowed by default is allowed to group `everyone`: `#`, and to read "
                "`$SYS/#`; not other topics that begin with `$`");
        }
        if (!policy_.receive_by_default) {
            differs(
                "defaultACLAccess",
                "a subscription is refused where not all of it may be received; with "
                "`authorization: {subscribe: overlapping}` in pgauth.yaml it is granted, and "
                "filtered");
        }
        differs("subscribe",
                "a shared subscription, `$share/…/filter`, is judged by its filter here");
    }

    const json& tree_;
    Plan& plan_;
    dynsec::Policy policy_;
    std::map<std::string, Role> roles_;
    std::map<std::string, std::size_t> group_units_;
    std::set<std::string> held_by_groups_;
    std::map<std::string, std::vector<Held>> groups_of_;
    std::map<std::string, std::vector<Held>> roles_of_;
    bool is_2_1_ = false;
    bool unsubscribe_denied_ = false;
    bool control_topics_ = false;
};

}  // namespace

Result<void> read_dynamic_security(const std::string& path, Plan& plan) {
    const auto file = read_file("dynamic-security", path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    const json tree = json::parse(*file, nullptr, false);
    if (!tree.is_object() ||
        (item(tree, "clients").is_null() && item(tree, "roles").is_null())) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("dynamic-security: {} is no file of that plugin: use the one that "
                        "its plugin_opt_config_file names",
                        quote(path)));
    }
    DynamicSecurity(tree, plan).read();
    return {};
}

}  // namespace pgauth::tool
