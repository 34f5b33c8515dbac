#include "import/store_plan.hpp"

#include <array>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "base/quote.hpp"
#include "database.hpp"
#include "import/row_batches.hpp"
#include "import/store_statements.hpp"

namespace pgauth::tool {

namespace {

using Row = RowBatches::Row;

Result<void> require_tables(PgConnection& connection) {
    const auto role = role_beside_schema(connection);
    if (!role) {
        return tl::unexpected(role.error());
    }
    // Of a list of privileges has_table_privilege() asks for any, not for all.
    const auto allowed =
        ask(connection,
            "SELECT has_schema_privilege('mqtt_auth', 'USAGE') AND (SELECT "
            "bool_and(has_table_privilege(c.oid, p.name)) FROM pg_class AS c, "
            "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (name) WHERE "
            "relnamespace = to_regnamespace('mqtt_auth') AND relname IN ('clients', "
            "'credentials', 'groups', 'group_members', 'group_rules', 'group_rule_groups', "
            "'acls'))");
    if (!allowed) {
        return tl::unexpected(allowed.error());
    }
    if (*allowed != "t") {
        return fail(ErrorKind::unusable,
                    fmt::format("role {} may not write clients and groups: grant "
                                "mqtt_auth_admin to it, or connect as another one",
                                quote(*role)));
    }
    // Two imports at once would each add an entry that neither sees of the other.
    const auto locked =
        ask(connection, "SELECT pg_advisory_xact_lock(hashtext('mqtt_auth import'))");
    return locked ? Result<void>() : tl::unexpected(locked.error());
}

// What one kind of rows is called, and how it is written.
struct Kind {
    std::string name;
    std::string add;
    const char* replace = nullptr;  // null: what differs is always left alone
    std::function<std::string(const Row&)> what;
    bool names_second = false;  // the second column names an owner too
};

std::string in_first(const char* noun, const Row& row) {
    return fmt::format("{} {}", noun, quote(row[0].value_or("")));
}

std::function<std::string(const Row&)> first_is(const char* noun) {
    return [noun](const Row& row) { return in_first(noun, row); };
}

class PlanWriter {
  public:
    PlanWriter(PgConnection& connection,
               const Plan& plan,
               Existing existing,
               const Progress& progress)
        : connection_(connection), plan_(plan), existing_(existing), progress_(progress) {}

    Result<StoredPlan> write() {
        using Step = Result<void> (PlanWriter::*)();
        constexpr std::array<Step, 9> steps{&PlanWriter::write_clients,
                                            &PlanWriter::write_passwords,
                                            &PlanWriter::write_certificates,
                                            &PlanWriter::write_groups,
                                            &PlanWriter::write_members,
                                            &PlanWriter::write_rules,
                                            &PlanWriter::write_entries,
                                            &PlanWriter::compare_clients,
                                            &PlanWriter::compare_groups};
        for (const Step step : steps) {
            if (auto done = (this->*step)(); !done) {
                return tl::unexpected(done.error());
            }
        }
        return std::move(stored_);
    }

  private:
    Result<void> write_clients() {
        std::vector<Row> rows;
        for (const auto& [username, client] : plan_.clients()) {
            rows.push_back(
                {username, client.enabled ? "true" : "false", client.name, client.client_id});
        }
        return write_kind({.name = "clients",
                           .add = statements::add_clients,
                           .replace = statements::replace_clients,
                           .what = first_is("client")},
                          rows,
                          &known_clients_);
    }

    Result<void> write_passwords() {
        std::vector<Row> rows;
        for (const auto& [username, client] : plan_.clients()) {
            if (client.secret) {
                rows.push_back({username, client.secret});
            }
        }
        return write_kind({.name = "passwords",
                           .add = statements::add_passwords,
                           .replace = statements::replace_passwords,
                           .what = first_is("client")},
                          rows);
    }

    Result<void> write_certificates() {
        std::vector<Row> rows;
        for (const auto& [username, client] : plan_.clients()) {
            if (client.fingerprint) {
                rows.push_back({username, client.fingerprint});
            }
        }
        return write_kind({.name = "certificates",
                           .add = statements::add_certificates,
                           .what = first_is("client")},
                          rows);
    }

    Result<void> write_groups() {
        std::vector<Row> rows;
        for (const auto& [name, description] : plan_.groups()) {
            rows.push_back(
                {name, description.empty() ? std::nullopt : std::optional(description)});
        }
        return write_kind(
            {.name = "groups", .add = statements::add_groups, .what = first_is("group")},
            rows,
            &known_groups_);
    }

    Result<void> write_members() {
        std::vector<Row> rows;
        for (const auto& [username, client] : plan_.clients()) {
            for (const std::string& group : client.groups) {
                rows.push_back({group, username});
            }
        }
        return write_kind({.name = "memberships",
                           .add = statements::add_members,
                           .what =
                               [](const Row& row) {
                                   return fmt::format("client {} in {}",
                                                      quote(*row[1]),
                                                      in_first("group", row));
                               },
                           .names_second = true},
                          rows);
    }

    Result<void> write_rules() {
        std::vector<Row> rules;
        for (const auto& [name, rule] : plan_.rules()) {
            rules.push_back({name, rule.syntax, rule.username, rule.client_id});
        }
        auto written = write_kind({.name = "group rules",
                                   .add = statements::add_rules,
                                   .replace = statements::replace_rules,
                                   .what = first_is("group rule")},
                                  rules);
        if (!written) {
            return written;
        }
        std::vector<Row> groups;
        for (const auto& [name, rule] : plan_.rules()) {
            for (const std::string& group : rule.groups) {
                if (!left_alone_.contains(in_first("group rule", {name}))) {
                    groups.push_back({name, group});
                }
            }
        }
        return write_kind({.name = "groups of rules",
                           .add = statements::add_rule_groups,
                           .what = first_is("group rule"),
                           .names_second = true},
                          groups);
    }

    Result<void> write_entries() {
        std::vector<Row> of_groups;
        std::vector<Row> of_clients;
        for (const PlannedEntry& entry : plan_.entries()) {
            const bool is_group = !entry.group_name.empty();
            (is_group ? of_groups : of_clients)
                .push_back({is_group ? entry.group_name : entry.username,
                            std::string(to_string(entry.effect)),
                            std::string(to_string(entry.permission)),
                            entry.topic,
                            std::to_string(entry.priority),
                            entry.max_qos ? std::optional(std::to_string(*entry.max_qos))
                                          : std::nullopt,
                            entry.allow_retain ? std::nullopt : std::optional("false")});
        }
        auto written = write_entries("group_name", "group", of_groups);
        return written ? write_entries("username", "client", of_clients) : written;
    }

    Result<void> write_entries(const char* column,
                               const char* owner,
                               const std::vector<Row>& rows) {
        return write_kind({.name = fmt::format("entries of {}s", owner),
                           .add = fmt::format(statements::add_entries, column),
                           .what =
                               [owner](const Row& row) {
                                   return fmt::format("{}: {} {} {}",
                                                      in_first(owner, row),
                                                      *row[1],
                                                      *row[2],
                                                      quote(*row[3]));
                               }},
                          rows);
    }

    // `known`: takes the names of those that were there before.
    Result<void> write_kind(const Kind& kind,
                            const std::vector<Row>& all,
                            std::set<std::string>* known = nullptr) {
        StoredKind& count = stored_.kinds.emplace_back();
        count.name = kind.name;
        RowBatches rows(connection_);
        for (const Row& row : all) {
            // Where its client or group was refused, that has been said.
            if (!refused_.contains(*row[0]) &&
                !(kind.names_second && refused_.contains(*row[1]))) {
                rows.add(row);
            }
        }
        RowBatches differing(connection_);
        count.added = rows.rows().size();
        auto ran = rows.run(
            kind.add,
            [&](const Row& row, std::string_view text) {
                --count.added;
                if (known != nullptr) {
                    known->insert(*row[0]);
                }
                if (text.empty()) {
                    ++count.unchanged;
                } else if (existing_ == Existing::replaced && kind.replace != nullptr) {
                    ++count.replaced;
                    differing.add(row);
                } else {
                    ++count.differing;
                    left_alone_.insert(kind.what(row));
                    stored_.differing.push_back(
                        {kind.what(row), fmt::format("in the database {}", text)});
                }
            },
            refuse(kind, count, &StoredKind::added),
            [&](std::size_t done) { progress_(kind.name, done, rows.rows().size()); });
        if (!ran || differing.rows().empty()) {
            return ran;
        }
        return differing.run(
            kind.replace,
            [](const Row&, std::string_view) {},
            refuse(kind, count, &StoredKind::replaced),
            [](std::size_t) {});
    }

    // `counted_as`: what the row was taken for before.
    RowBatches::RowHandler refuse(const Kind& kind,
                                  StoredKind& count,
                                  std::size_t StoredKind::*counted_as) {
        return [this, &kind, &count, counted_as](const Row& row, std::string_view message) {
            if (kind.name == "clients" || kind.name == "groups" || kind.name == "group rules") {
                refused_.insert(*row[0]);
            }
            --(count.*counted_as);
            ++count.refused;
            stored_.refused.push_back({kind.what(row), std::string(message)});
        };
    }

    // --- what the database has beside the rows of the Plan --------------------------------

    // A password_file says nothing of rights, and an acl_file nothing of passwords.
    Result<void> compare_clients() {
        constexpr int not_in_plan = -1;
        const bool has_rights = !plan_.entries().empty();
        std::map<std::string, int> entries;
        for (const PlannedEntry& entry : plan_.entries()) {
            ++entries[entry.username];
        }
        RowBatches rows(connection_);
        for (const std::string& username : known_clients_) {
            const PlannedClient& client = plan_.clients().at(username);
            const int credentials = (client.secret ? 1 : 0) + (client.fingerprint ? 1 : 0);
            rows.add({username,
                      std::to_string(has_rights ? entries[username] : not_in_plan),
                      has_rights ? std::to_string(client.groups.size())
                                 : std::to_string(not_in_plan),
                      std::to_string(credentials > 0 ? credentials : not_in_plan)});
        }
        return compare(rows, statements::compare_clients, "client", "they count");
    }

    Result<void> compare_groups() {
        std::map<std::string, int> entries;
        std::map<std::string, int> members;
        std::map<std::string, int> rules;
        for (const PlannedEntry& entry : plan_.entries()) {
            ++entries[entry.group_name];
        }
        for (const auto& [username, client] : plan_.clients()) {
            for (const std::string& group : client.groups) {
                ++members[group];
            }
        }
        for (const auto& [name, rule] : plan_.rules()) {
            for (const std::string& group : rule.groups) {
                ++rules[group];
            }
        }
        RowBatches rows(connection_);
        for (const std::string& name : known_groups_) {
            rows.add({name,
                      std::to_string(entries[name]),
                      std::to_string(members[name]),
                      std::to_string(rules[name])});
        }
        return compare(rows,
                       statements::compare_groups,
                       "group",
                       "whoever is in it has the entries of both");
    }

    Result<void> compare(RowBatches& rows,
                         const char* statement,
                         const char* noun,
                         std::string_view consequence) {
        return rows.run(
            statement,
            [&](const Row& row, std::string_view text) {
                if (!text.empty()) {
                    stored_.differing.push_back(
                        {in_first(noun, row),
                         fmt::format("the database has what the source has not: {}: {}",
                                     text,
                                     consequence)});
                }
            },
            [&](const Row& row, std::string_view message) {
                stored_.refused.push_back({in_first(noun, row), std::string(message)});
            },
            [](std::size_t) {});
    }

    PgConnection& connection_;
    const Plan& plan_;
    Existing existing_;
    const Progress& progress_;
    StoredPlan stored_;
    std::set<std::string> known_clients_;
    std::set<std::string> known_groups_;
    std::set<std::string> refused_;     // names of clients, groups and rules
    std::set<std::string> left_alone_;  // as StoredNote::what
};

}  // namespace

Result<StoredPlan> store_plan(PgConnection& connection,
                              const Plan& plan,
                              Existing existing,
                              const Progress& progress) {
    if (const auto there = require_tables(connection); !there) {
        return tl::unexpected(there.error());
    }
    return PlanWriter(connection, plan, existing, progress).write();
}

}  // namespace pgauth::tool
