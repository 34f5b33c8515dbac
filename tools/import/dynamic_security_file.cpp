#include "import/dynamic_security_file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <strings.h>

#include "base/quote.hpp"
#include "import/entry_topic.hpp"
#include "import/names.hpp"
#include "password/password_hash.hpp"

namespace pgauth::tool::dynsec {

using nlohmann::json;

namespace {

// There it is compared as it is; here it is a pattern.
void read_client_id(const json& object,
                    const std::string& place,
                    const std::string& username,
                    PlannedClient& client,
                    Plan& plan) {
    if (!item(object, "clientid").is_string()) {
        return;
    }
    const std::string client_id = text(object, "clientid");
    if (why_no_username(client_id)) {
        client.enabled = false;
        plan.note(Verdict::lost,
                  place,
                  fmt::format("client {} is disabled: no client id can be {} here",
                              quote(username),
                              quote(client_id)));
        return;
    }
    std::string pattern = client_id;
    std::replace(pattern.begin(), pattern.end(), '*', '?');
    if (holds_placeholder(pattern)) {
        std::replace(pattern.begin(), pattern.end(), '%', '?');
    }
    client.client_id = pattern;
    if (pattern.find('?') != std::string::npos) {
        plan.note(Verdict::differs,
                  place,
                  fmt::format("client {}: its client id must match {}, where `?` is any "
                              "character; there it has to be {}",
                              quote(username),
                              quote(pattern),
                              quote(client_id)));
    }
}

}  // namespace

const json& item(const json& object, const char* name) {
    static const json none;
    if (object.is_object()) {
        for (const auto& [key, value] : object.items()) {
            if (strcasecmp(key.c_str(), name) == 0) {
                return value;
            }
        }
    }
    return none;
}

const json& array(const json& object, const char* name) {
    static const json empty = json::array();
    const json& found = item(object, name);
    return found.is_array() ? found : empty;
}

std::string text(const json& object, const char* name) {
    const json& found = item(object, name);
    return found.is_string() ? found.get<std::string>() : "";
}

bool flag(const json& object, const char* name) {
    const json& found = item(object, name);
    return found.is_boolean() && found.get<bool>();
}

int number(const json& object, const char* name, int otherwise) {
    const json& found = item(object, name);
    return found.is_number()
               ? static_cast<int>(std::clamp<double>(found.get<double>(),
                                                     std::numeric_limits<int>::min(),
                                                     std::numeric_limits<int>::max()))
               : otherwise;
}

bool Held::operator<(const Held& other) const {
    return priority == other.priority ? name < other.name : priority > other.priority;
}

std::vector<Held> held(const json& object, const char* list, const char* name) {
    std::vector<Held> all;
    std::set<std::string> known;
    for (const json& one : array(object, list)) {
        // The first of the same name counts.
        const std::string called = text(one, name);
        if (known.insert(called).second) {
            all.push_back({called, number(one, "priority", Held::no_priority)});
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

void add_client(const json& object,
                const std::string& place,
                const std::string& username,
                Plan& plan) {
    PlannedClient& client = plan.client(username);
    client.enabled = !flag(object, "disabled");
    const std::string name = text(object, "textname");
    if (!name.empty() && !why_no_name(name)) {
        client.name = name;
    }
    if (!text(object, "textdescription").empty()) {
        plan.note(Verdict::lost,
                  place,
                  fmt::format("client {}: its textdescription: there is no place for it",
                              quote(username)));
    }
    read_client_id(object, place, username, client, plan);
    std::string secret = text(object, "encoded_password");
    if (secret.empty() && !text(object, "password").empty()) {
        secret = fmt::format("$7${}${}${}",
                             number(object, "iterations", 0),
                             text(object, "salt"),
                             text(object, "password"));
    }
    if (secret.empty()) {
        plan.note(Verdict::carried,
                  place,
                  fmt::format("client {} has no password there, and gets no credential",
                              quote(username)));
    } else if (const auto hash = PasswordHash::parse(secret); hash) {
        client.secret = secret;
    } else {
        plan.note(Verdict::lost,
                  place,
                  fmt::format("client {}: its password cannot be used: {}",
                              quote(username),
                              hash.error().message));
    }
}

}  // namespace pgauth::tool::dynsec
