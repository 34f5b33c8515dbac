// EMQX's tables on PostgreSQL, as its documentation has them: mqtt_user and mqtt_acl, of EMQX 5
// (permission, action, qos, retain) and of 4 (allow, access).
//
// There the first row that matches decides. Rows in a row with the same effect are one block,
// whose order among themselves does not matter; earlier blocks have higher priorities.

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quote.hpp"
#include "import/emqx_rule.hpp"
#include "import/emqx_secret.hpp"
#include "import/foreign.hpp"
#include "import/gathered_notes.hpp"
#include "import/names.hpp"
#include "import/source.hpp"

namespace pgauth::tool {

namespace {

constexpr const char* everyone = "everyone";

class EmqxReader {
  public:
    EmqxReader(PgConnection& connection, const std::optional<EmqxPbkdf2>& pbkdf2, Plan& plan)
        : connection_(connection),
          pbkdf2_(pbkdf2),
          plan_(plan),
          user_notes_("mqtt_user"),
          acl_notes_("mqtt_acl") {}

    Result<void> read() {
        const auto users = columns_of(connection_, "mqtt_user");
        if (!users) {
            return tl::unexpected(users.error());
        }
        const auto rights = columns_of(connection_, "mqtt_acl");
        if (!rights) {
            return tl::unexpected(rights.error());
        }
        if (users->empty() && rights->empty()) {
            return fail(ErrorKind::invalid_input,
                        "--emqx: there is neither a table `mqtt_user` nor a table `mqtt_acl`: "
                        "is it the right database? a schema can be named with "
                        "options='-c search_path=…' in the connection string");
        }
        return read_users(*users).and_then([&] { return read_rights(*rights); }).map([&] {
            user_notes_.write_to(plan_);
            acl_notes_.write_to(plan_);
        });
    }

  private:
    using Columns = std::set<std::string>;

    // The rows in the order in which EMQX gets them.
    static std::string in_order(const Columns& columns) {
        return columns.contains("id") ? " ORDER BY id" : "";
    }

    Result<void> read_users(const Columns& columns) {
        if (columns.empty()) {
            return {};
        }
        const std::string hash =
            columns.contains("password_hash") ? "password_hash" : "password";
        if (!columns.contains("username") || !columns.contains(hash)) {
            return fail(ErrorKind::invalid_input,
                        "mqtt_user: it has no columns `username` and `password_hash`: is it "
                        "EMQX's?");
        }
        return connection_.query(
            fmt::format("SELECT {} FROM mqtt_user{}",
                        as_texts(columns, {"username", hash, "salt", "is_superuser"}),
                        in_order(columns)),
            {},
            [&](const auto& row) {
                plan_user(std::string(row[0].value_or("")),
                          row[1].value_or(""),
                          row[2].value_or(""),
                          row[3].value_or("false"));
            });
    }

    void plan_user(const std::string& username,
                   std::string_view hash,
                   std::string_view salt,
                   std::string_view is_superuser) {
        if (const auto why = why_no_username(username)) {
            user_notes_.add(Verdict::lost, "left out: its name " + *why, username);
            return;
        }
        auto secret = emqx_secret(hash, salt, pbkdf2_);
        if (secret) {
            plan_.client(username).secret = std::move(*secret);
        } else {
            plan_.client(username);
            user_notes_.add(Verdict::lost, without_password(secret.error()), username);
        }
        if (read_switch(is_superuser).value_or(false)) {
            superusers_.insert(username);
        }
    }

    Result<void> read_rights(const Columns& columns) {
        std::vector<EmqxRule> rows;
        if (!columns.empty()) {
            if (!columns.contains("id")) {
                plan_.note(Verdict::differs,
                           "mqtt_acl",
                           "there is no column `id`: the first row that matches decides in "
                           "EMQX, and which one is first the table does not say");
            }
            auto read = connection_.query(fmt::format("SELECT {} FROM mqtt_acl{}",
                                                      EmqxRule::columns_of(columns),
                                                      in_order(columns)),
                                          {},
                                          [&](const auto& row) { take(row, rows); });
            if (!read) {
                return read;
            }
            plan_.note(Verdict::differs,
                       "mqtt_acl",
                       "what no row matches is denied here; in EMQX `no_match` decides, and it "
                       "allows unless it is configured otherwise");
        }
        plan_rows(rows);
        return {};
    }

    void take(const PgConnection::Row& row, std::vector<EmqxRule>& rules) {
        if (auto rule = EmqxRule::read(row)) {
            rules.push_back(std::move(*rule));
        } else {
            acl_notes_.add(Verdict::lost,
                           "left out: what it allows or denies is none of allow and deny, "
                           "publish, subscribe and all",
                           row[0].value_or("?"));
        }
    }

    void plan_rows(const std::vector<EmqxRule>& rows) {
        int priority = 0;
        std::map<std::size_t, int> priorities;
        for (std::size_t i = rows.size(); i-- > 0;) {
            if (i + 1 < rows.size() && rows[i].effect != rows[i + 1].effect) {
                ++priority;
            }
            priorities[i] = priority;
        }
        for (const std::string& username : superusers_) {
            add_superuser(plan_, username, priority + 1);
        }
        for (std::size_t i = 0; i < rows.size(); ++i) {
            plan_row(rows[i], priorities[i]);
        }
    }

    void plan_row(const EmqxRule& row, int priority) {
        PlannedEntry entry{.username = {},
                           .effect = row.effect,
                           .permission = row.permission,
                           .priority = priority,
                           .from = row.place};
        const bool is_carried = row.effect == Effect::allow
                                    ? limit_allow(row, entry) && set_topic_of_allow(row, entry)
                                    : widen_deny(row) && set_topic_of_deny(row, entry);
        if (is_carried && set_owner(row, entry)) {
            plan_.add(std::move(entry));
        }
    }

    // False where it allows less than can be said here.
    bool limit_allow(const EmqxRule& row, PlannedEntry& entry) {
        if (!row.address.empty()) {
            return lose(row,
                        "left out: it allows from an `ipaddress` alone: make a group rule with "
                        "that address");
        }
        const auto max_qos = row.max_qos();
        if (!max_qos) {
            return lose(row, "left out: it allows a `qos` without those below it");
        }
        if (*max_qos < 2) {
            entry.max_qos = max_qos;
        }
        if (row.retain.empty() || row.retain == "all") {
            return true;
        }
        if (read_switch(row.retain).value_or(true) && row.permission != Permission::read) {
            return lose(row, "left out: it allows to publish retained messages alone");
        }
        entry.allow_retain = row.permission == Permission::read;
        return true;
    }

    bool widen_deny(const EmqxRule& row) {
        if (!row.address.empty()) {
            acl_notes_.add(Verdict::differs,
                           "denies from everywhere here, not from its `ipaddress` alone",
                           row.place);
        }
        if (!row.qos.empty() || !(row.retain.empty() || row.retain == "all")) {
            acl_notes_.add(Verdict::differs,
                           "denies whatever the quality of service, retained or not",
                           row.place);
        }
        if (row.permission != Permission::write) {
            acl_notes_.add(Verdict::differs,
                           "denies deliveries too: in EMQX a wider subscription got them",
                           row.place);
        }
        return true;
    }

    bool set_topic_of_allow(const EmqxRule& row, PlannedEntry& entry) {
        std::string_view topic = row.topic;
        if (topic.starts_with("eq ")) {
            topic.remove_prefix(3);
            if (topic.find_first_of("+#") != std::string_view::npos) {
                acl_notes_.add(Verdict::differs,
                               "`eq`: filters that its topic covers are allowed as well",
                               row.place);
            }
        }
        auto translated = translate(topic, row);
        if (!translated) {
            return lose(row, "left out: topic " + translated.error().message);
        }
        entry.topic = std::move(*translated);
        return true;
    }

    bool set_topic_of_deny(const EmqxRule& row, PlannedEntry& entry) {
        std::string_view topic = row.topic;
        if (topic.starts_with("eq ")) {
            topic.remove_prefix(3);
            if (topic.find_first_of("+#") != std::string_view::npos) {
                return lose(row,
                            "left out: `eq` denies one filter with wildcards, and others that "
                            "match the same topics went round it");
            }
        }
        auto translated = translate(topic, row);
        if (!translated) {
            translated = translate_topic(without_placeholders(topic), {}, std::nullopt);
            if (!translated) {
                return lose(row, "left out: topic " + translated.error().message);
            }
            acl_notes_.add(Verdict::differs,
                           "denies any level where its placeholder is a part of one",
                           row.place);
        }
        entry.topic = std::move(*translated);
        return true;
    }

    static Result<std::string> translate(std::string_view topic, const EmqxRule& row) {
        return translate_topic(
            topic,
            {{"${username}", "%u"}, {"${clientid}", "%c"}, {"%u", "%u"}, {"%c", "%c"}},
            row.username.empty() ? std::nullopt
                                 : std::optional<std::string_view>(row.username));
    }

    // A client of its own, everyone, or whoever a rule finds.
    bool set_owner(const EmqxRule& row, PlannedEntry& entry) {
        if (row.is_for_all) {
            plan_.add_group(everyone, "All who have a username");
            plan_.rule(everyone) = {
                .syntax = "glob", .username = "*", .client_id = {}, .groups = {everyone}};
            entry.group_name = everyone;
            return true;
        }
        if (row.username.empty() && row.client_id.empty()) {
            return lose(row, "left out: it says neither a username nor a client id");
        }
        if (row.client_id.empty() && plan_.clients().contains(row.username)) {
            entry.username = row.username;
            return true;
        }
        std::string name = "EMQX";
        PlannedRule rule{.syntax = "exact", .username = {}, .client_id = {}, .groups = {}};
        if (!row.username.empty()) {
            name += " username " + row.username;
            rule.username = row.username;
        }
        if (!row.client_id.empty()) {
            name += " client id " + row.client_id;
            rule.client_id = row.client_id;
        }
        if (const auto why = why_no_name(name)) {
            return lose(row, "left out: its username or client id " + *why);
        }
        rule.groups.insert(name);
        plan_.add_group(name);
        plan_.rule(name) = std::move(rule);
        entry.group_name = std::move(name);
        return true;
    }

    bool lose(const EmqxRule& row, const std::string& text) {
        acl_notes_.add(Verdict::lost, text, row.place);
        return false;
    }

    PgConnection& connection_;
    const std::optional<EmqxPbkdf2>& pbkdf2_;
    Plan& plan_;
    GatheredNotes user_notes_;
    GatheredNotes acl_notes_;
    std::set<std::string> superusers_;
};

}  // namespace

Result<void> read_emqx(const DatabaseOptions& database, const std::string& pbkdf2, Plan& plan) {
    const auto made_by = EmqxPbkdf2::parse(pbkdf2);
    if (!made_by) {
        return tl::unexpected(made_by.error());
    }
    auto connection = open_foreign("--emqx", database);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    return EmqxReader(*connection, *made_by, plan).read();
}

}  // namespace pgauth::tool
