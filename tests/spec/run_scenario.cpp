#include "spec/run_scenario.hpp"

#include <deque>
#include <fmt/format.h>
#include <memory>

#include "authn/authenticator.hpp"
#include "authz/authorizer.hpp"
#include "authz/session_table.hpp"
#include "replica/replica_builder.hpp"
#include "support/catch.hpp"
#include "support/check_password.hpp"

namespace pgauth::test {

namespace {

std::string name_of(LoginOutcome outcome) {
    switch (outcome) {
        case LoginOutcome::accepted:
            return "accepted";
        case LoginOutcome::refused:
            return "refused";
        case LoginOutcome::try_again:
            return "try again";
        case LoginOutcome::handed_on:
            return "handed on";
        case LoginOutcome::later:
            return "later";
    }
    return "?";
}

// As the enumeration spells them, with spaces.
std::string name_of(LoginCause cause) {
    static const std::map<LoginCause, std::string> names{
        {LoginCause::proved, "proved"},
        {LoginCause::already_in, "already in"},
        {LoginCause::anonymous, "anonymous"},
        {LoginCause::unknown_client, "unknown client"},
        {LoginCause::no_username, "no username"},
        {LoginCause::bad_identifier, "bad identifier"},
        {LoginCause::defective_row, "defective row"},
        {LoginCause::disabled, "disabled"},
        {LoginCause::outside_window, "outside window"},
        {LoginCause::wrong_client_id, "wrong client id"},
        {LoginCause::wrong_network, "wrong network"},
        {LoginCause::client_id_in_use, "client id in use"},
        {LoginCause::no_credential, "no credential"},
        {LoginCause::no_password, "no password"},
        {LoginCause::wrong_password, "wrong password"},
        {LoginCause::no_certificate, "no certificate"},
        {LoginCause::revoked_certificate, "revoked certificate"},
        {LoginCause::contradiction, "contradiction"},
        {LoginCause::requirement_unmet, "requirement unmet"},
        {LoginCause::credential_gone, "credential gone"},
        {LoginCause::thrown_off, "thrown off"},
        {LoginCause::hash_not_computed, "hash not computed"},
        {LoginCause::replica_not_ready, "replica not ready"},
        {LoginCause::replica_too_old, "replica too old"},
    };
    return names.at(cause);
}

std::string name_of(Cause cause) {
    static const std::map<Cause, std::string> names{
        {Cause::entry, "an entry"},
        {Cause::no_entry, "no entry"},
        {Cause::not_known_yet, "not known yet"},
        {Cause::replica_not_ready, "replica not ready"},
        {Cause::not_logged_in, "not logged in"},
        {Cause::unknown_client, "unknown client"},
        {Cause::bad_client_id, "bad client id"},
        {Cause::bad_topic, "bad topic"},
        {Cause::always_allowed, "always allowed"},
        {Cause::handed_on, "unknown client"},
    };
    return names.at(cause);
}

Verdict verdict_of(const Decision& decision) {
    return {decision.cause == Cause::handed_on ? "handed on"
            : decision.allowed                 ? "allowed"
                                               : "denied",
            decision.entry != nullptr ? fmt::format("entry {}", decision.entry->id)
                                      : name_of(decision.cause)};
}

void check_verdict(const Verdict& actual, const Verdict& expected) {
    CHECK(actual.outcome + ": " + actual.reason == expected.outcome + ": " + expected.reason);
}

// --- tables ------------------------------------------------------------------------------

// What the row has for the column; where it has nothing, not even null, what is usual.
Field field(const SpecRow& row, std::string_view column, Field usual = std::nullopt) {
    const auto found = row.find(column);
    return found == row.end() ? usual : Field(found->second);
}

const std::vector<SpecRow>& rows_of(const SpecTables& tables, const std::string& table) {
    static const std::vector<SpecRow> none;
    const auto found = tables.find(table);
    return found == tables.end() ? none : found->second;
}

void add_clients(const SpecTables& tables, ReplicaBuilder& builder) {
    for (const SpecRow& row : rows_of(tables, "clients")) {
        builder.add(ClientRow{.username = field(row, "username"),
                              .name = field(row, "name"),
                              .enabled = field(row, "enabled", "t"),
                              .client_id = field(row, "client_id"),
                              .required_methods = field(row, "required_methods"),
                              .networks = field(row, "networks"),
                              .valid_from = field(row, "valid_from"),
                              .valid_until = field(row, "valid_until"),
                              .attributes = field(row, "attributes")});
    }
    int number = 0;
    for (const SpecRow& row : rows_of(tables, "credentials")) {
        const std::string id = std::to_string(++number);
        builder.add(CredentialRow{.id = field(row, "id", id),
                                  .username = field(row, "username"),
                                  .method = field(row, "method"),
                                  .secret = field(row, "secret"),
                                  .fingerprint = field(row, "fingerprint"),
                                  .valid_from = field(row, "valid_from"),
                                  .valid_until = field(row, "valid_until"),
                                  .rehashed_from = field(row, "rehashed_from")});
    }
    for (const SpecRow& row : rows_of(tables, "members")) {
        builder.add(MemberRow{.group_name = field(row, "group_name"),
                              .username = field(row, "username")});
    }
}

void add_rules(const SpecTables& tables, ReplicaBuilder& builder) {
    int number = 0;
    for (const SpecRow& row : rows_of(tables, "rules")) {
        const std::string name = fmt::format("rule {}", ++number);
        builder.add(RuleRow{.name = field(row, "name", name),
                            .enabled = field(row, "enabled", "t"),
                            .syntax = field(row, "syntax", "glob"),
                            .client_name = field(row, "client_name"),
                            .username = field(row, "username"),
                            .client_id = field(row, "client_id"),
                            .fingerprint = field(row, "fingerprint"),
                            .common_name = field(row, "common_name"),
                            .subject_alt_name = field(row, "subject_alt_name"),
                            .address = field(row, "address"),
                            .method = field(row, "method"),
                            .groups = field(row, "groups")});
    }
}

void add_entries(const SpecTables& tables, ReplicaBuilder& builder) {
    int number = 0;
    for (const SpecRow& row : rows_of(tables, "acls")) {
        const std::string id = std::to_string(++number);
        builder.add(EntryRow{.id = field(row, "id", id),
                             .group_name = field(row, "group_name"),
                             .username = field(row, "username"),
                             .effect = field(row, "effect"),
                             .permission = field(row, "permission"),
                             .topic = field(row, "topic"),
                             .priority = field(row, "priority", "0"),
                             .max_qos = field(row, "max_qos"),
                             .allow_retain = field(row, "allow_retain")});
    }
}

std::shared_ptr<const Replica> load(const SpecTables& tables) {
    ReplicaBuilder builder;
    for (const SpecRow& row : rows_of(tables, "groups")) {
        // Its id is its name, unless it says otherwise: to rename a group, keep its id.
        builder.add(
            GroupRow{.id = field(row, "id", field(row, "name")), .name = field(row, "name")});
    }
    add_clients(tables, builder);
    add_rules(tables, builder);
    add_entries(tables, builder);
    return std::move(builder).build();
}

void check_defects(const Replica& replica, const std::vector<std::string>& expected) {
    std::string all;
    for (const std::string& defect : replica.defects()) {
        all += defect + '\n';
    }
    INFO("defects:\n" << all);
    CHECK(replica.defects().size() == expected.size());
    for (const std::string& part : expected) {
        INFO("expected: " << part);
        CHECK(all.find(part) != std::string::npos);
    }
}

// --- the story ---------------------------------------------------------------------------

// A connection as the broker knows it. Its address in memory is its token.
struct Connection {
    std::string client_id;
    std::optional<std::string> username;
    bool connected = true;
};

class Play {
  public:
    explicit Play(const Scenario& scenario)
        : scenario_(scenario), tables_(scenario.tables), replica_(load(tables_)) {
        check_defects(*replica_, scenario.defects);
        if (!scenario.loaded) {
            replica_.reset();
        }
    }

    void operator()(const LogInStep& step) {
        Connection& connection = connections_.emplace_back();
        connection.client_id = step.client_id;
        connection.username = step.username;
        LoginAttempt attempt{.client_id = step.client_id,
                             .username = step.username,
                             .password = step.password,
                             .address = std::nullopt,
                             .client_id_in_use = is_in_use_by_another(step)};
        if (step.from) {
            attempt.address = IpAddress::parse(*step.from).value();
        }
        REQUIRE(replica_ != nullptr);
        const Screening screening =
            Authenticator(scenario_.authn).screen(*replica_, attempt, step.at);
        const LoginDecision decision =
            screening.conclude(check_password(screening, step.password.value_or("")));
        check_verdict({name_of(decision.outcome), name_of(decision.cause)}, step.verdict);
        if (decision.outcome == LoginOutcome::accepted) {
            open_session(step, decision, attempt, connection);
        } else if (decision.outcome != LoginOutcome::handed_on) {
            connections_.pop_back();
        }
    }

    void operator()(const AccessStep& step) {
        AccessCheck check{.client_id = {},
                          .username = std::nullopt,
                          .action = step.action,
                          .topic = step.topic,
                          .qos = step.qos,
                          .retain = step.retain};
        const Session* session = nullptr;
        if (const auto* stranger = std::get_if<Stranger>(&step.by)) {
            check.client_id = stranger->client_id;
            check.username = stranger->username;
            check.has_address = stranger->has_address;
            session = sessions_.find(&realm_, check.client_id, stranger, check.username);
        } else {
            const Connection& connection = connection_of(step.by);
            check.client_id = connection.client_id;
            check.username = step.renamed_to ? step.renamed_to : connection.username;
            check.has_address = connection.connected;
            session = sessions_.find(&realm_, check.client_id, &connection, check.username);
            check.renamed =
                session == nullptr && sessions_.logged_in(check.client_id, &connection);
        }
        const Decision decision = authorizer_.authorize(circumstances(), session, check);
        INFO(explain(decision));
        check_verdict(verdict_of(decision), step.verdict);
    }

    void operator()(const DisconnectStep& step) {
        Connection& connection = connection_of(step.client_id);
        sessions_.close(&connection, connection.client_id);
        connection.connected = false;
    }

    void operator()(const EditStep& step) {
        for (const auto& [table, rows] : step.tables) {
            tables_[table] = rows;
        }
        replica_ = load(tables_);
        check_defects(*replica_, {});
    }

  private:
    [[nodiscard]] Circumstances circumstances() const {
        return {replica_.get(), scenario_.authn, scenario_.authz};
    }

    [[nodiscard]] bool is_in_use_by_another(const LogInStep& step) const {
        const Session* session = sessions_.find_connected(step.client_id);
        return session != nullptr && scenario_.authn.takeover == Takeover::same_client &&
               session->username != step.username;
    }

    void open_session(const LogInStep& step,
                      const LoginDecision& decision,
                      const LoginAttempt& attempt,
                      const Connection& connection) {
        ConnectionFacts::Transport transport;
        transport.methods = decision.satisfied;
        transport.address = attempt.address;
        Session session;
        session.realm = &realm_;
        session.client_id = step.client_id;
        session.username = step.username;
        session.token = &connection;
        session.durable = step.durable;
        session.rights =
            authorizer_.settle(circumstances(), decision.client, step.client_id, transport);
        sessions_.open(std::move(session));
    }

    template <typename By>
    Connection& connection_of(const By& by) {
        std::optional<std::string> client_id;
        if constexpr (std::is_same_v<By, std::string>) {
            client_id = by;
        } else if (const auto* named = std::get_if<std::string>(&by)) {
            client_id = *named;
        }
        for (auto connection = connections_.rbegin(); connection != connections_.rend();
             ++connection) {
            if (!client_id || connection->client_id == client_id) {
                return *connection;
            }
        }
        FAIL("nobody connected as `" << client_id.value_or("") << "` so far");
        return connections_.back();
    }

    const Scenario& scenario_;
    SpecTables tables_;
    std::shared_ptr<const Replica> replica_;
    Authorizer authorizer_;
    SessionTable sessions_;
    std::deque<Connection> connections_;
    char realm_ = 0;
};

}  // namespace

void run(const Scenario& scenario) {
    Play play(scenario);
    for (const Step& step : scenario.story) {
        INFO(scenario.file << ':' << step.line);
        std::visit([&](const auto& what) { play(what); }, step.what);
    }
}

}  // namespace pgauth::test
