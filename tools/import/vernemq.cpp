// VerneMQ's table on PostgreSQL, vmq_auth_acl: a row a mountpoint, client id and username, with
// a password and two lists of patterns. A client id of `*` stands for any that has no row of
// its own.
//
// What it may subscribe to it is delivered: so a subscribe pattern is `read` here.

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quote.hpp"
#include "import/foreign.hpp"
#include "import/gathered_notes.hpp"
#include "import/names.hpp"
#include "import/source.hpp"

namespace pgauth::tool {

namespace {

using Json = nlohmann::json;

constexpr const char* any_client_id = "*";

struct AclRow {
    std::string client_id;
    std::string password;
    std::string publish;  // JSON
    std::string subscribe;
};

// None where all are allowed. What makes no sense is the least.
std::optional<int> max_qos_of(const Json& pattern) {
    const Json given = pattern.value("max_qos", Json(2));
    const int number = given.is_number() ? given.get<int>() : 0;
    return number == 2 ? std::nullopt : std::optional(number == 1 ? 1 : 0);
}

// Who gets the entries of a row.
struct Owner {
    std::string username;  // the client itself, or
    std::string group;     // whoever comes with one of its client ids
};

class VernemqReader {
  public:
    VernemqReader(PgConnection& connection, Plan& plan)
        : connection_(connection), plan_(plan), notes_("vmq_auth_acl") {}

    Result<void> read() {
        const auto columns = columns_of(connection_, "vmq_auth_acl");
        if (!columns) {
            return tl::unexpected(columns.error());
        }
        for (const char* column : {"client_id", "username", "password"}) {
            if (!columns->contains(column)) {
                return fail(ErrorKind::invalid_input,
                            "--vernemq: there is no table `vmq_auth_acl` with columns "
                            "`client_id`, `username` and `password`: is it the right database? "
                            "a schema can be named with options='-c search_path=…' in the "
                            "connection string");
            }
        }
        return read_rows(*columns).map([&] {
            for (const auto& [username, rows] : rows_) {
                plan_user(username, rows);
            }
            notes_.write_to(plan_);
        });
    }

  private:
    using Rows = std::vector<AclRow>;

    Result<void> read_rows(const std::set<std::string>& columns) {
        const std::string texts = as_texts(columns,
                                           {"mountpoint",
                                            "username",
                                            "client_id",
                                            "password",
                                            "publish_acl",
                                            "subscribe_acl"});
        return connection_.query(
            fmt::format("SELECT {} FROM vmq_auth_acl ORDER BY username, client_id", texts),
            {},
            [&](const auto& row) {
                const auto text = [&](std::size_t i) {
                    return std::string(row[i].value_or(""));
                };
                if (!text(0).empty()) {
                    notes_.add(Verdict::lost,
                               "left out: it is of a mountpoint, and there is one tree of "
                               "topics here",
                               text(1));
                } else if (const auto why = why_no_username(text(1))) {
                    notes_.add(Verdict::lost, "left out: its name " + *why, text(1));
                } else if (const auto no_client_id = why_no_client_id(text(2))) {
                    notes_.add(
                        Verdict::lost, "left out: its client id " + *no_client_id, text(1));
                } else {
                    rows_[text(1)].push_back({text(2), text(3), text(4), text(5)});
                }
            });
    }

    void plan_user(const std::string& username, const Rows& rows) {
        const bool has_one_password = std::ranges::all_of(
            rows, [&](const AclRow& row) { return row.password == rows[0].password; });
        const bool has_default = std::ranges::any_of(
            rows, [](const AclRow& row) { return row.client_id == any_client_id; });
        if (rows.size() == 1) {
            plan_only_row(username, rows[0]);
        } else if (has_one_password && !has_default) {
            plan_rows_of_one_password(username, rows);
        } else {
            notes_.add(Verdict::lost,
                       "only the first of its client ids is imported: a password and rights of "
                       "its own for each client id need a username each",
                       username);
            plan_only_row(username, rows[0]);
        }
    }

    void plan_secret(const std::string& username, const std::string& password) {
        PlannedClient& client = plan_.client(username);
        if (const auto good = check_secret(password); good) {
            client.secret = password;
        } else {
            notes_.add(Verdict::lost, without_password(good.error()), username);
        }
    }

    void plan_only_row(const std::string& username, const AclRow& row) {
        plan_secret(username, row.password);
        if (row.client_id != any_client_id) {
            if (row.client_id.find_first_of("*?%") != std::string::npos) {
                notes_.add(Verdict::differs,
                           "its client id is read as a pattern: `*`, `?` and `%u` mean more "
                           "than themselves in it",
                           username);
            }
            plan_.client(username).client_id = row.client_id;
        }
        plan_entries({.username = username, .group = {}}, username, row);
    }

    // Rights by client id: a group and a rule each.
    void plan_rows_of_one_password(const std::string& username, const Rows& rows) {
        plan_secret(username, rows[0].password);
        notes_.add(Verdict::differs,
                   "may log in with any client id, and has rights with its own alone",
                   username);
        for (const AclRow& row : rows) {
            const std::string name = fmt::format("{} as {}", username, row.client_id);
            plan_.add_group(name);
            plan_.rule(name) = {.syntax = "exact",
                                .username = username,
                                .client_id = row.client_id,
                                .groups = {name}};
            plan_entries({.username = {}, .group = name}, username, row);
        }
    }

    void plan_entries(const Owner& owner, const std::string& username, const AclRow& row) {
        plan_list(owner, username, Permission::write, row.publish);
        plan_list(owner, username, Permission::read, row.subscribe);
    }

    void plan_list(const Owner& owner,
                   const std::string& username,
                   Permission permission,
                   const std::string& list) {
        const Json patterns = list.empty() ? Json::array() : Json::parse(list, nullptr, false);
        if (patterns.is_null() || (patterns.is_array() && patterns.empty())) {
            return;
        }
        if (!patterns.is_array()) {
            notes_.add(Verdict::lost,
                       fmt::format("has no right to {}: `{}_acl` is no JSON array",
                                   to_string(permission),
                                   permission == Permission::write ? "publish" : "subscribe"),
                       username);
            return;
        }
        for (const Json& pattern : patterns) {
            plan_pattern(owner, username, permission, pattern);
        }
    }

    void plan_pattern(const Owner& owner,
                      const std::string& username,
                      Permission permission,
                      const Json& pattern) {
        const auto topic = topic_of(pattern, username);
        if (!topic) {
            notes_.add(Verdict::lost, "left out: " + topic.error().message, username);
            return;
        }
        PlannedEntry entry{.group_name = owner.group,
                           .username = owner.username,
                           .permission = permission,
                           .topic = *topic,
                           .from = fmt::format("vmq_auth_acl, user {}", quote(username))};
        entry.max_qos = max_qos_of(pattern);
        entry.allow_retain = permission != Permission::write ||
                             pattern.value("allowed_retain", Json(true)) == Json(true);
        if (pattern.contains("max_payload_size")) {
            notes_.add(Verdict::lost,
                       "`max_payload_size`: nothing limits the size of what a client may "
                       "publish here: `message_size_limit` in mosquitto.conf does for all",
                       username);
        }
        plan_.add(std::move(entry));
    }

    static Result<std::string> topic_of(const Json& pattern, const std::string& username) {
        if (!pattern.is_object() || !pattern.contains("pattern") ||
            !pattern["pattern"].is_string()) {
            return fail(ErrorKind::invalid_input, "one of its rules has no `pattern`");
        }
        const auto topic = pattern["pattern"].get<std::string>();
        if (pattern.contains("modifiers")) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{} has `modifiers`, and nothing changes messages here",
                                    quote(topic)));
        }
        // `%m`, the mountpoint, is empty in all rows that are read.
        return translate_topic(topic, {{"%u", "%u"}, {"%c", "%c"}}, username);
    }

    PgConnection& connection_;
    Plan& plan_;
    GatheredNotes notes_;
    std::map<std::string, Rows> rows_;
};

}  // namespace

Result<void> read_vernemq(const DatabaseOptions& database, Plan& plan) {
    auto connection = open_foreign("--vernemq", database);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    return VernemqReader(*connection, plan).read();
}

}  // namespace pgauth::tool
