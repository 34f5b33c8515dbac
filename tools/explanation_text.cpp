#include "explanation_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

using Json = nlohmann::ordered_json;

std::string_view words_of(Identity::By by) {
    switch (by) {
        case Identity::By::nothing:
            return "nobody: no username, and no certificate that is somebody's";
        case Identity::By::unknown_username:
            return "nobody: no client has this username";
        case Identity::By::username:
            return "by its username";
        case Identity::By::certificate:
            return "by its certificate";
        case Identity::By::revoked_certificate:
            return "nobody: its certificate is revoked";
        case Identity::By::contradiction:
            return "nobody: its certificate is one client's and its username another's";
    }
    return "unknown";
}

std::string_view name_of(Identity::By by) {
    switch (by) {
        case Identity::By::nothing:
            return "nothing";
        case Identity::By::unknown_username:
            return "unknown_username";
        case Identity::By::username:
            return "username";
        case Identity::By::certificate:
            return "certificate";
        case Identity::By::revoked_certificate:
            return "revoked_certificate";
        case Identity::By::contradiction:
            return "contradiction";
    }
    return "unknown";
}

std::string_view name_of(LoginOutcome outcome) {
    switch (outcome) {
        case LoginOutcome::accepted:
            return "accepted";
        case LoginOutcome::refused:
            return "refused";
        case LoginOutcome::try_again:
            return "try_again";
        case LoginOutcome::handed_on:
            return "handed_on";
        case LoginOutcome::later:
            return "later";
    }
    return "unknown";
}

// `password and certificate`
std::string all_of(MethodSet methods) {
    std::string text;
    for (const Method method : all_methods) {
        if (methods.contains(method)) {
            text += text.empty() ? "" : " and ";
            text += to_string(method);
        }
    }
    return text;
}

std::string ways_in(const Explanation& told) {
    std::string text;
    for (const MethodSet methods : told.ways_in) {
        if (methods.empty()) {
            return "";
        }
        text += (text.empty() ? "" : ", or ") + all_of(methods);
    }
    return text;
}

std::string who_line(const Question& question, const Explanation& told) {
    const Client* const client = told.login.client.get();
    std::string line = client == nullptr ? std::string(words_of(told.identified_by))
                                         : fmt::format("client {} ({}), {}",
                                                       quote(client->username),
                                                       client->name,
                                                       words_of(told.identified_by));
    line += fmt::format(", client id {}{}",
                        quote(told.client_id),
                        question.client_id ? "" : " (assumed: --client-id)");
    return line;
}

std::string login_line(const Question& question, const Explanation& told) {
    const std::string_view reason = pgauth::explain(told.login.cause);
    if (told.login.outcome == LoginOutcome::handed_on) {
        return fmt::format("{}: the next plugin decides", reason);
    }
    if (told.login.outcome != LoginOutcome::accepted) {
        const std::string ways = ways_in(told);
        return ways.empty() ? fmt::format("refused: {}", reason)
                            : fmt::format("refused: {}; it would need {}", reason, ways);
    }
    if (told.login.cause == LoginCause::anonymous) {
        return fmt::format("accepted: {}", reason);
    }
    const std::string ways = ways_in(told);
    if (question.methods || ways.empty()) {
        return told.assumed.empty()
                   ? std::string("accepted: its certificate is enough")
                   : fmt::format("accepted, if it proves {}", all_of(told.assumed));
    }
    return fmt::format("accepted, if it proves {}{}",
                       ways,
                       told.ways_in.size() > 1
                           ? fmt::format("; what follows is for {}", all_of(told.assumed))
                           : "");
}

std::string group_lines(const Explanation& told) {
    if (told.groups.empty()) {
        return "groups   none\n";
    }
    std::string lines;
    for (const GroupSource& source : told.groups) {
        lines += fmt::format("{} {}: {}\n",
                             lines.empty() ? "groups  " : "        ",
                             quote(source.group),
                             !source.rule.empty()           ? "by rule " + quote(source.rule)
                             : told.login.client == nullptr ? "authentication.anonymous_group"
                                                            : "it is a member");
    }
    return lines;
}

Json names(MethodSet methods) {
    Json list = Json::array();
    for (const Method method : all_methods) {
        if (methods.contains(method)) {
            list.push_back(to_string(method));
        }
    }
    return list;
}

Json json_of(const AclEntry& entry) {
    return {{"id", entry.id},
            {"owner", entry.owner},
            {"effect", to_string(entry.effect)},
            {"permission", to_string(entry.permission)},
            {"topic", entry.topic.text()},
            {"priority", entry.priority}};
}

Json json_of_login(const Explanation& told) {
    Json ways = Json::array();
    for (const MethodSet methods : told.ways_in) {
        ways.push_back(names(methods));
    }
    return {{"outcome", name_of(told.login.outcome)},
            {"reason", pgauth::explain(told.login.cause)},
            {"assumed", names(told.assumed)},
            {"ways_in", std::move(ways)}};
}

Json json_of_groups(const Explanation& told) {
    Json groups = Json::array();
    for (const GroupSource& source : told.groups) {
        Json group{{"name", source.group}};
        if (source.rule.empty()) {
            group["by"] = told.login.client == nullptr ? "anonymous_group" : "membership";
        } else {
            group["by"] = "rule";
            group["rule"] = source.rule;
        }
        groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace

std::string to_text(const Question& question,
                    const Explanation& told,
                    const std::string& source) {
    std::string text = fmt::format("tables   {}\nwho      {}\nlogin    {}\n",
                                   source,
                                   who_line(question, told),
                                   login_line(question, told));
    text += group_lines(told);
    if (question.action) {
        const bool is_in = told.login.outcome == LoginOutcome::accepted;
        text += fmt::format("{} {}: {}{}\n",
                            to_string(*question.action),
                            quote(question.topic),
                            is_in ? "" : "denied, since it does not get in; if it did: ",
                            told.reason);
    }
    return text;
}

std::string to_json(const Question& question,
                    const Explanation& told,
                    const std::string& source) {
    const Client* const client = told.login.client.get();
    Json json{{"tables", source},
              {"client", client == nullptr ? Json() : Json(client->username)},
              {"identified_by", name_of(told.identified_by)},
              {"client_id", told.client_id},
              {"certificate",
               question.certificate ? Json(question.certificate->fingerprint) : Json()},
              {"login", json_of_login(told)},
              {"groups", json_of_groups(told)}};
    if (question.action) {
        json["request"] = {{"action", to_string(*question.action)},
                           {"topic", question.topic},
                           {"qos", question.qos},
                           {"retain", question.retain}};
        json["may"] = told.may.value_or(false);
        json["reason"] = told.reason;
        json["entry"] = told.entry ? json_of(*told.entry) : Json();
    }
    json["allowed"] = told.allowed();
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pgauth::tool
