#include <algorithm>
#include <array>
#include <ctime>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <yaml-cpp/yaml.h>

#include "spec/scenario.hpp"
#include "support/quick_secret.hpp"

namespace pgauth::test {

namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

// The noon at which everything happens that does not say when.
constexpr const char* usual_time = "2026-06-01 12:00";

const Names& columns_of(const std::string& table) {
    static const std::map<std::string, Names> columns{
        {"groups", {"id", "name"}},
        {"clients",
         {"username",
          "name",
          "enabled",
          "client_id",
          "required_methods",
          "networks",
          "valid_from",
          "valid_until",
          "attributes",
          "password"}},
        {"credentials",
         {"id",
          "username",
          "method",
          "secret",
          "password",
          "fingerprint",
          "valid_from",
          "valid_until"}},
        {"rules",
         {"name",
          "enabled",
          "syntax",
          "client_name",
          "username",
          "client_id",
          "fingerprint",
          "common_name",
          "subject_alt_name",
          "address",
          "method",
          "groups"}},
        {"acls",
         {"id",
          "group",
          "username",
          "effect",
          "permission",
          "allow",
          "deny",
          "topic",
          "priority",
          "max_qos",
          "allow_retain"}},
    };
    return columns.at(table);
}

const Names& table_names() {
    static const Names names{"groups", "clients", "credentials", "members", "rules", "acls"};
    return names;
}

class Reader {
  public:
    explicit Reader(std::string file) : file_(std::move(file)) {}

    [[noreturn]] void fail(const YAML::Node& at, const std::string& what) const {
        throw ScenarioError(
            fmt::format("{}:{}: {}", file_, std::max(at.Mark().line, 0) + 1, what));
    }

    // Every key of `map` must be among `known`.
    void expect_keys(const YAML::Node& map, const Names& known) const {
        expect(map, map.IsMap(), "keys and values");
        std::set<std::string> seen;
        for (const auto& pair : map) {
            const auto key = pair.first.as<std::string>();
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                fail(pair.first,
                     fmt::format("unknown key `{}`: use {}", key, fmt::join(known, ", ")));
            }
            if (!seen.insert(key).second) {
                fail(pair.first, fmt::format("key `{}` occurs twice", key));
            }
        }
    }

    [[nodiscard]] std::string text(const YAML::Node& node) const {
        expect(node, node.IsScalar(), "text");
        return node.Scalar();
    }

    [[nodiscard]] std::optional<std::string> text_or_null(const YAML::Node& node) const {
        return node.IsNull() ? std::nullopt : std::optional(text(node));
    }

    [[nodiscard]] bool truth(const YAML::Node& node) const {
        const std::string word = text(node);
        expect(node, word == "true" || word == "false", "true or false");
        return word == "true";
    }

    template <typename Value>
    [[nodiscard]] Value one_of(const YAML::Node& node,
                               const std::map<std::string, Value>& choices) const {
        const auto found = choices.find(text(node));
        if (found == choices.end()) {
            Names names;
            for (const auto& choice : choices) {
                names.push_back(choice.first);
            }
            fail(node, fmt::format("`{}`: use {}", text(node), fmt::join(names, ", ")));
        }
        return found->second;
    }

    [[nodiscard]] Instant time(const YAML::Node& node) const {
        const auto instant = time_in(text(node));
        if (!instant) {
            fail(node, fmt::format("`{}`: use a time like {}", text(node), usual_time));
        }
        return *instant;
    }

    [[nodiscard]] static std::optional<Instant> time_in(const std::string& text) {
        std::tm fields{};
        std::istringstream in(text);
        in >> std::get_time(&fields, text.size() > 10 ? "%Y-%m-%d %H:%M" : "%Y-%m-%d");
        if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) {
            return std::nullopt;
        }
        return std::chrono::system_clock::from_time_t(timegm(&fields));
    }

    void expect(const YAML::Node& node, bool holds, const std::string& what) const {
        if (!holds) {
            fail(node, fmt::format("expected {}", what));
        }
    }

  private:
    std::string file_;
};

// --- tables ------------------------------------------------------------------------------

// A plain `7` or `true` is one in JSON too; what is quoted is text.
json to_json(const YAML::Node& scalar) {
    if (scalar.IsNull()) {
        return nullptr;
    }
    const json value = json::parse(scalar.Scalar(), nullptr, false);
    const bool is_plain = scalar.Tag() == "?" && (value.is_number() || value.is_boolean());
    return is_plain ? value : json(scalar.Scalar());
}

// As the loader asks PostgreSQL for the column.
std::optional<std::string> field_in(const Reader& reader,
                                    const std::string& column,
                                    const YAML::Node& node) {
    if (node.IsNull()) {
        return std::nullopt;
    }
    if (node.IsSequence() || node.IsMap()) {
        json value = node.IsSequence() ? json::array() : json::object();
        for (const auto& item : node) {
            if (node.IsSequence()) {
                value.push_back(item.IsNull() ? json() : json(reader.text(item)));
            } else {
                value[item.first.as<std::string>()] = to_json(item.second);
            }
        }
        return value.dump();
    }
    const std::string& text = node.Scalar();
    if (column == "enabled" || column == "allow_retain") {
        return text == "true" ? "t" : text == "false" ? "f" : text;
    }
    const auto time = column.starts_with("valid_") ? Reader::time_in(text) : std::nullopt;
    return time ? std::to_string(std::chrono::system_clock::to_time_t(*time)) : text;
}

SpecRow row_in(const Reader& reader, const std::string& table, const YAML::Node& node) {
    SpecRow row;
    if (table == "groups" && node.IsScalar()) {
        row["name"] = node.Scalar();
        return row;
    }
    reader.expect_keys(node, columns_of(table));
    for (const auto& pair : node) {
        const auto column = pair.first.as<std::string>();
        row[column] = field_in(reader, column, pair.second);
    }
    return row;
}

// `members: {presses: [press-7, press-8]}`
std::vector<SpecRow> members_in(const Reader& reader, const YAML::Node& node) {
    std::vector<SpecRow> rows;
    reader.expect(node, node.IsMap(), "groups and their members");
    for (const auto& pair : node) {
        reader.expect(pair.second, pair.second.IsSequence(), "a list of usernames");
        for (const auto& username : pair.second) {
            rows.push_back(
                {{"group_name", reader.text(pair.first)}, {"username", reader.text(username)}});
        }
    }
    return rows;
}

// `allow: write` is short for effect and permission, `group` for group_name.
void spell_out_entry(const Reader& reader, const YAML::Node& node, SpecRow& row) {
    reader.expect(node, !row.contains("allow") || !row.contains("deny"), "allow or deny");
    for (const std::string effect : {"allow", "deny"}) {
        if (const auto permission = row.extract(effect)) {
            row["effect"] = effect;
            row["permission"] = permission.mapped();
        }
    }
    if (const auto group = row.extract("group")) {
        row["group_name"] = group.mapped();
    }
}

SpecRow credential_of(const SpecRow& row) {
    SpecRow credential = row;
    const std::string password = credential.extract("password").mapped().value_or("");
    credential["secret"] = quick_secret(password);
    credential.try_emplace("method", "password");
    return credential;
}

void read_table(const Reader& reader,
                const std::string& table,
                const YAML::Node& node,
                SpecTables& tables) {
    std::vector<SpecRow>& rows = tables[table];  // passwords of clients may be there
    if (table == "members") {
        rows = members_in(reader, node);
        return;
    }
    reader.expect(node, node.IsSequence(), "a list of rows");
    for (const auto& item : node) {
        SpecRow row = row_in(reader, table, item);
        if (table == "acls") {
            spell_out_entry(reader, item, row);
        } else if (table == "credentials" && row.contains("password")) {
            row = credential_of(row);
        } else if (const auto password =
                       table == "clients" ? row.extract("password") : SpecRow::node_type()) {
            tables["credentials"].push_back(credential_of(
                {{"username", row["username"]}, {"password", password.mapped()}}));
        }
        rows.push_back(std::move(row));
    }
}

SpecTables tables_in(const Reader& reader, const YAML::Node& node) {
    SpecTables tables;
    for (const std::string& table : table_names()) {
        if (const YAML::Node rows = node[table]) {
            read_table(reader, table, rows, tables);
        }
    }
    return tables;
}

// --- options -----------------------------------------------------------------------------

void read_options(const Reader& reader, const YAML::Node& node, Scenario& scenario) {
    reader.expect_keys(
        node, {"methods", "unknown", "anonymous_group", "takeover", "subscribe", "client_ids"});
    if (const YAML::Node methods = node["methods"]) {
        scenario.authn.methods = {};
        reader.expect(methods, methods.IsSequence(), "a list of methods");
        for (const auto& method : methods) {
            scenario.authn.methods.insert(
                reader.one_of<Method>(method,
                                      {{"password", Method::password},
                                       {"certificate", Method::certificate},
                                       {"psk", Method::psk}}));
        }
    }
    if (const YAML::Node unknown = node["unknown"]) {
        scenario.authn.unknown = reader.one_of<UnknownUsers>(
            unknown, {{"deny", UnknownUsers::deny}, {"defer", UnknownUsers::defer}});
    }
    if (const YAML::Node group = node["anonymous_group"]) {
        scenario.authn.anonymous_group = reader.text(group);
    }
    if (const YAML::Node takeover = node["takeover"]) {
        scenario.authn.takeover = reader.one_of<Takeover>(
            takeover, {{"same_client", Takeover::same_client}, {"any", Takeover::any}});
    }
    if (const YAML::Node subscribe = node["subscribe"]) {
        scenario.authz.subscribe = reader.one_of<SubscribeMode>(
            subscribe,
            {{"covered", SubscribeMode::covered}, {"overlapping", SubscribeMode::overlapping}});
    }
    if (const YAML::Node client_ids = node["client_ids"]) {
        scenario.authz.client_ids = reader.one_of<ClientIdTrust>(
            client_ids,
            {{"believed", ClientIdTrust::believed}, {"bound", ClientIdTrust::bound}});
    }
}

// --- the story ---------------------------------------------------------------------------

Verdict verdict_in(const Reader& reader, const YAML::Node& step, const Names& outcomes) {
    std::optional<Verdict> verdict;
    for (const std::string& outcome : outcomes) {
        if (const YAML::Node reason = step[outcome]) {
            reader.expect(step, !verdict, "one verdict");
            verdict = {outcome, reader.text(reason)};
        }
    }
    if (!verdict) {
        reader.fail(step, fmt::format("no verdict: use {}", fmt::join(outcomes, ", ")));
    }
    return *verdict;
}

LogInStep log_in_step(const Reader& reader, const YAML::Node& node) {
    static const Names outcomes{"accepted", "refused", "try again", "handed on"};
    Names keys{"log in", "password", "client_id", "from", "at", "durable"};
    keys.insert(keys.end(), outcomes.begin(), outcomes.end());
    reader.expect_keys(node, keys);
    LogInStep step;
    step.username = reader.text_or_null(node["log in"]);
    const YAML::Node client_id = node["client_id"];
    reader.expect(node, client_id || step.username, "a client_id for who has no username");
    step.client_id = client_id ? reader.text(client_id) : *step.username;
    if (const YAML::Node password = node["password"]) {
        step.password = reader.text_or_null(password);
    }
    if (const YAML::Node from = node["from"]) {
        step.from = reader.text_or_null(from);
    }
    step.at = node["at"] ? reader.time(node["at"]) : *Reader::time_in(usual_time);
    step.durable = node["durable"] && reader.truth(node["durable"]);
    step.verdict = verdict_in(reader, node, outcomes);
    return step;
}

Stranger stranger_in(const Reader& reader, const YAML::Node& node) {
    reader.expect_keys(node, {"client_id", "username", "address"});
    reader.expect(node, node["client_id"] && node["username"], "a client_id and a username");
    Stranger stranger;
    stranger.client_id = reader.text(node["client_id"]);
    stranger.username = reader.text_or_null(node["username"]);
    if (const YAML::Node address = node["address"]) {
        reader.expect(address, address.IsNull(), "null: who has an address need not say so");
        stranger.has_address = false;
    }
    return stranger;
}

AccessStep access_step(const Reader& reader, const YAML::Node& node, const std::string& verb) {
    static const Names outcomes{"allowed", "denied", "handed on"};
    Names keys{verb, "qos", "by", "as"};
    keys.insert(keys.end(), outcomes.begin(), outcomes.end());
    if (verb == "publish") {
        keys.emplace_back("retain");
    }
    reader.expect_keys(node, keys);
    AccessStep step;
    step.action = verb == "publish"     ? Action::publish
                  : verb == "subscribe" ? Action::subscribe
                                        : Action::receive;
    step.topic = reader.text(node[verb]);
    if (const YAML::Node qos = node["qos"]) {
        step.qos = reader.one_of<int>(qos, {{"0", 0}, {"1", 1}, {"2", 2}});
    }
    step.retain = node["retain"] && reader.truth(node["retain"]);
    if (const YAML::Node by = node["by"]) {
        if (by.IsMap()) {
            step.by = stranger_in(reader, by);
        } else {
            step.by = reader.text(by);
        }
    }
    if (const YAML::Node name = node["as"]) {
        step.renamed_to = reader.text(name);
    }
    step.verdict = verdict_in(reader, node, outcomes);
    return step;
}

Step step_in(const Reader& reader, const YAML::Node& node) {
    reader.expect(node, node.IsMap() && node.size() > 0, "a step");
    Step step;
    step.line = node.Mark().line + 1;
    for (const std::string verb : {"publish", "subscribe", "receive"}) {
        if (node[verb]) {
            step.what = access_step(reader, node, verb);
            return step;
        }
    }
    if (node["log in"].IsDefined()) {
        step.what = log_in_step(reader, node);
    } else if (node["disconnect"]) {
        reader.expect_keys(node, {"disconnect"});
        step.what = DisconnectStep{reader.text(node["disconnect"])};
    } else if (node["edit"]) {
        reader.expect_keys(node, {"edit"});
        reader.expect_keys(node["edit"], table_names());
        step.what = EditStep{tables_in(reader, node["edit"])};
    } else {
        reader.fail(node,
                    "not a step: use log in, publish, subscribe, receive, disconnect, edit");
    }
    return step;
}

Scenario scenario_in(const Reader& reader, const std::string& file, const YAML::Node& node) {
    Names keys{"scenario", "options", "loaded", "defects", "story"};
    keys.insert(keys.end(), table_names().begin(), table_names().end());
    reader.expect_keys(node, keys);
    Scenario scenario;
    scenario.file = file;
    scenario.line = node.Mark().line + 1;
    reader.expect(node, node["scenario"] && node["story"], "a scenario with a story");
    scenario.title = reader.text(node["scenario"]);
    if (const YAML::Node options = node["options"]) {
        read_options(reader, options, scenario);
    }
    if (const YAML::Node loaded = node["loaded"]) {
        scenario.loaded = reader.truth(loaded);
    }
    scenario.tables = tables_in(reader, node);
    if (const YAML::Node defects = node["defects"]) {
        reader.expect(defects, defects.IsSequence(), "a list of texts");
        for (const auto& defect : defects) {
            scenario.defects.push_back(reader.text(defect));
        }
    }
    reader.expect(node["story"],
                  node["story"].IsSequence() && node["story"].size() > 0,
                  "a list of steps");
    for (const auto& step : node["story"]) {
        scenario.story.push_back(step_in(reader, step));
    }
    return scenario;
}

}  // namespace

std::vector<Scenario> read_scenarios(const std::string& file, const std::string& text) {
    const Reader reader(file);
    std::vector<Scenario> scenarios;
    try {
        const YAML::Node document = YAML::Load(text);
        reader.expect(
            document, document.IsSequence() && document.size() > 0, "a list of scenarios");
        for (const auto& node : document) {
            scenarios.push_back(scenario_in(reader, file, node));
            const auto same_title = [&](const Scenario& other) {
                return other.title == scenarios.back().title;
            };
            if (std::count_if(scenarios.begin(), scenarios.end(), same_title) > 1) {
                reader.fail(node,
                            fmt::format("title `{}` occurs twice", scenarios.back().title));
            }
        }
    } catch (const YAML::Exception& error) {
        throw ScenarioError(fmt::format("{}:{}: {}", file, error.mark.line + 1, error.msg));
    }
    return scenarios;
}

}  // namespace pgauth::test
