#include "comparison/old_access.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

using nlohmann::json;

Result<std::string> read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file || file.bad()) {
        return fail(ErrorKind::invalid_input, fmt::format("{} cannot be read", quote(path)));
    }
    return text;
}

// As the broker does with a line: nothing at its end counts.
std::string_view without_end(std::string_view line) {
    const std::size_t last = line.find_last_not_of(" \t\r\n");
    return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// The first word, and the rest from its first character on.
struct Words {
    std::string_view first;
    std::string_view rest;
};

Words split(std::string_view text) {
    const std::size_t end = text.find_first_of(" \t");
    const std::string_view rest = end == std::string_view::npos ? "" : text.substr(end);
    const std::size_t begin = rest.find_first_not_of(" \t");
    return {text.substr(0, end), begin == std::string_view::npos ? "" : rest.substr(begin)};
}

// --- password_file --------------------------------------------------------------------------

std::string_view username_in(std::string_view line) {
    const std::size_t colon = line.find(':');
    return line.starts_with("#") || colon == std::string_view::npos ? ""
                                                                    : line.substr(0, colon);
}

void note_password_file(const std::string& text, OldAccess& old) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (const std::string_view username = username_in(line); !username.empty()) {
            old.usernames.emplace(username);
        }
    }
}

// Lines that are no hash of Mosquitto's stay as they are: it makes nothing of them.
std::string stand_in_password_file(const std::string& text, const StandIn& stand_in) {
    std::istringstream lines(text);
    std::string copy;
    for (std::string line; std::getline(lines, line);) {
        const std::string_view username = username_in(line);
        const std::string_view hash =
            std::string_view(line).substr(username.empty() ? line.size() : username.size() + 1);
        const bool is_hash = hash.starts_with("$6$") || hash.starts_with("$7$");
        copy += is_hash ? fmt::format("{}:{}\n", username, stand_in.secret()) : line + "\n";
    }
    return copy;
}

// --- acl_file -------------------------------------------------------------------------------

void note_acl_file(const std::string& text, OldAccess& old) {
    std::istringstream lines(text);
    std::optional<std::string> user;
    for (std::string line; std::getline(lines, line);) {
        const Words words = split(without_end(line));
        if (words.first == "user") {
            user = std::string(words.rest);
            old.usernames.insert(*user);
        } else if (words.first == "topic" || words.first == "pattern") {
            const Words topic = split(words.rest);
            constexpr std::array<std::string_view, 4> accesses{
                "read", "write", "readwrite", "deny"};
            const bool has_access =
                std::find(accesses.begin(), accesses.end(), topic.first) != accesses.end();
            auto& topics =
                words.first == "topic" && user ? old.topics[*user] : old.common_topics;
            if (words.first == "topic" && !user) {
                old.anonymous_group = "anonymous";
            }
            topics.emplace_back(has_access ? topic.rest : words.rest);
        }
    }
}

// In front: the first entry of a user that fits decides.
std::string stand_in_acl_file(const std::string& text, const Supervisor& supervisor) {
    std::string copy;
    for (const std::string& filter : supervisor.filters) {
        copy += fmt::format("topic readwrite {}\n", filter);
    }
    return fmt::format("{}\nuser {}\n{}", text, supervisor.username, copy);
}

// --- dynamic-security -----------------------------------------------------------------------

Result<json> parse_dynamic_security(const std::string& path) {
    const auto text = read_whole(path);
    if (!text) {
        return tl::unexpected(text.error());
    }
    json config = json::parse(*text, nullptr, false);
    if (!config.is_object()) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: it is not the JSON of dynamic-security", quote(path)));
    }
    return config;
}

// Empty where there is none, or where it is something else.
std::string text_in(const json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() && found->is_string()
               ? found->get<std::string>()
               : "";
}

const json& list_in(const json& object, const char* key) {
    static const json none = json::array();
    if (!object.is_object()) {
        return none;
    }
    const auto found = object.find(key);
    return found != object.end() && found->is_array() ? *found : none;
}

// The topics of each role, then those of the clients and groups that have them.
class DynamicSecurityTopics {
  public:
    explicit DynamicSecurityTopics(const json& config) {
        for (const json& role : list_in(config, "roles")) {
            for (const json& acl : list_in(role, "acls")) {
                of_role_[text_in(role, "rolename")].push_back(text_in(acl, "topic"));
            }
        }
    }

    void add_of_roles(const json& owner, std::vector<std::string>& topics) const {
        for (const json& role : list_in(owner, "roles")) {
            const auto found = of_role_.find(text_in(role, "rolename"));
            if (found != of_role_.end()) {
                topics.insert(topics.end(), found->second.begin(), found->second.end());
            }
        }
    }

    [[nodiscard]] const std::map<std::string, std::vector<std::string>>& all() const {
        return of_role_;
    }

  private:
    std::map<std::string, std::vector<std::string>> of_role_;
};

void note_dynamic_security(const json& config, OldAccess& old) {
    const DynamicSecurityTopics topics(config);
    old.anonymous_group = text_in(config, "anonymousGroup");
    for (const json& client : list_in(config, "clients")) {
        const std::string username = text_in(client, "username");
        if (username.empty()) {
            continue;
        }
        old.usernames.insert(username);
        if (const std::string client_id = text_in(client, "clientid"); !client_id.empty()) {
            old.client_ids[username] = client_id;
        }
        topics.add_of_roles(client, old.topics[username]);
    }
    for (const json& group : list_in(config, "groups")) {
        for (const json& client : list_in(group, "clients")) {
            topics.add_of_roles(group, old.topics[text_in(client, "username")]);
        }
    }
    for (const auto& [role, of_role] : topics.all()) {
        old.common_topics.insert(old.common_topics.end(), of_role.begin(), of_role.end());
    }
}

json supervisor_role(const Supervisor& supervisor) {
    json acls = json::array();
    for (const char* const type : {"publishClientSend",
                                   "publishClientReceive",
                                   "subscribePattern",
                                   "unsubscribePattern"}) {
        for (const std::string& filter : supervisor.filters) {
            acls.push_back(
                {{"acltype", type}, {"topic", filter}, {"priority", 0}, {"allow", true}});
        }
    }
    return {{"rolename", supervisor.username}, {"acls", acls}};
}

void set_password(json& client, const StandIn& stand_in) {
    client.erase("encoded_password");  // 2.1
    client["password"] = stand_in.hash;
    client["salt"] = stand_in.salt;
    client["iterations"] = stand_in_iterations;
}

std::string stand_in_dynamic_security(json config,
                                      const StandIn& stand_in,
                                      const Supervisor& supervisor) {
    for (const char* const list : {"clients", "roles"}) {
        if (!list_in(config, list).is_array() || !config.contains(list)) {
            config[list] = json::array();
        }
    }
    for (json& client : config["clients"]) {
        const bool has_password = client.is_object() && (client.contains("password") ||
                                                         client.contains("encoded_password"));
        if (has_password) {
            set_password(client, stand_in);
        }
    }
    json client = {{"username", supervisor.username},
                   {"roles", json::array({{{"rolename", supervisor.username}}})}};
    set_password(client, stand_in);
    config["clients"].push_back(std::move(client));
    config["roles"].push_back(supervisor_role(supervisor));
    return config.dump();
}

std::string password_file_of(const std::set<std::string>& usernames, const StandIn& stand_in) {
    std::string text;
    for (const std::string& username : usernames) {
        text += fmt::format("{}:{}\n", username, stand_in.secret());
    }
    return text;
}

Result<std::string> write_dynamic_security(const OldFiles& files,
                                           const StandIn& stand_in,
                                           const Supervisor& supervisor,
                                           const std::string& plugin,
                                           const TemporaryDirectory& directory) {
    constexpr const char* name = "dynamic-security.json";
    const auto config = parse_dynamic_security(files.dynamic_security);
    if (!config) {
        return tl::unexpected(config.error());
    }
    return directory.write(name, stand_in_dynamic_security(*config, stand_in, supervisor))
        .map([&] {
            return fmt::format(
                "plugin {}\nplugin_opt_config_file {}\n", plugin, directory.path(name));
        });
}

// Without a password_file (certificates name the clients, or nobody checks) all clients that
// the acl_file names get in.
Result<std::string> write_files(const OldFiles& files,
                                const OldAccess& old,
                                const StandIn& stand_in,
                                const Supervisor& supervisor,
                                const TemporaryDirectory& directory) {
    std::set<std::string> usernames = old.usernames;
    usernames.insert(supervisor.username);
    std::string passwords = password_file_of(usernames, stand_in);
    if (!files.password_file.empty()) {
        const auto text = read_whole(files.password_file);
        if (!text) {
            return tl::unexpected(text.error());
        }
        passwords = fmt::format("{}\n{}:{}\n",
                                stand_in_password_file(*text, stand_in),
                                supervisor.username,
                                stand_in.secret());
    }
    const auto written = directory.write("passwd", passwords);
    if (!written) {
        return tl::unexpected(written.error());
    }
    const std::string password_file =
        fmt::format("password_file {}\n", directory.path("passwd"));
    if (files.acl_file.empty()) {
        return password_file;
    }
    const auto acls = read_whole(files.acl_file);
    return !acls ? Result<std::string>(tl::unexpected(acls.error()))
                 : directory.write("acl", stand_in_acl_file(*acls, supervisor)).map([&] {
                       return fmt::format(
                           "{}acl_file {}\n", password_file, directory.path("acl"));
                   });
}

}  // namespace

Result<OldAccess> read_old_access(const OldFiles& files) {
    OldAccess old;
    if (!files.dynamic_security.empty()) {
        const auto config = parse_dynamic_security(files.dynamic_security);
        if (!config) {
            return tl::unexpected(config.error());
        }
        note_dynamic_security(*config, old);
        return old;
    }
    if (!files.password_file.empty()) {
        const auto text = read_whole(files.password_file);
        if (!text) {
            return tl::unexpected(text.error());
        }
        note_password_file(*text, old);
    }
    if (!files.acl_file.empty()) {
        const auto text = read_whole(files.acl_file);
        if (!text) {
            return tl::unexpected(text.error());
        }
        note_acl_file(*text, old);
    }
    return old;
}

Result<std::string> write_old_files(const OldFiles& files,
                                    const OldAccess& old,
                                    const StandIn& stand_in,
                                    const Supervisor& supervisor,
                                    const std::string& dynamic_security_plugin,
                                    const TemporaryDirectory& directory) {
    return files.dynamic_security.empty()
               ? write_files(files, old, stand_in, supervisor, directory)
               : write_dynamic_security(
                     files, stand_in, supervisor, dynamic_security_plugin, directory);
}

}  // namespace pgauth::tool
