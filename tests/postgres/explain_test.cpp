#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "authz/authorizer.hpp"
#include "policy/identifier.hpp"
#include "support/catch.hpp"
#include "support/random_policy.hpp"
#include "support/watched_feed.hpp"

using namespace pgauth;
using namespace pgauth::testing;

namespace {

std::string row_of(const Question& question, std::size_t number) {
    return fmt::format(
        "({}, {}, '{}', {}, {}, {}, {}, {}::inet, {}, {}, {}, {}, '{}', '{}', {})",
        number,
        literal(question.username),
        to_string(question.action),
        quote_literal(question.topic),
        quote_literal(question.client_id),
        question.qos,
        question.retain,
        literal(question.address),
        array_of(question.methods),
        literal(question.fingerprint),
        literal(question.common_name),
        array_of(question.subject_alt_names),
        question.authz.subscribe == SubscribeMode::covered ? "covered" : "overlapping",
        question.authz.client_ids == ClientIdTrust::bound ? "bound" : "believed",
        literal(question.anonymous_group));
}

// --- the two answers ------------------------------------------------------------------------

struct Answer {
    std::string reason;  // begins with `allowed` or `denied`
    std::string entry;   // its number; none: empty
    std::string groups;  // sorted, with commas between them

    bool operator==(const Answer&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
    return out << answer.reason << " (entry " << answer.entry << "), groups " << answer.groups;
}

std::vector<Answer> answers_of_sql(TestDatabase& database,
                                   const std::vector<Question>& questions) {
    Words rows;
    for (const Question& question : questions) {
        rows.push_back(row_of(question, rows.size()));
    }
    std::vector<Answer> answers;
    for (
        const SqlRow& row : database.sql(fmt::format(
            R"(SELECT e.allowed = (e.reason LIKE 'allowed%'), e.reason, coalesce(e.entry::text, ''),
                       (SELECT coalesce(string_agg(g, ',' ORDER BY g), '') FROM jsonb_object_keys(e.groups) AS g)
                FROM (VALUES {}) AS q (number, username, action, topic, client_id, qos, retain, address, methods,
                                       fingerprint, common_name, subject_alt_names, subscribe, client_ids, anonymous_group)
                CROSS JOIN LATERAL mqtt_auth.explain(
                    q.username, q.action, q.topic, q.client_id, q.qos, q.retain, q.address, q.methods, q.fingerprint,
                    q.common_name, q.subject_alt_names, q.subscribe, q.client_ids, q.anonymous_group) AS e
                ORDER BY q.number)",
            join(rows, ",\n")))) {
        CHECK(row.at(0) == "t");
        answers.push_back({*row.at(1), *row.at(2), *row.at(3)});
    }
    return answers;
}

ConnectionFacts::Transport transport_of(const Question& question) {
    ConnectionFacts::Transport transport;
    if (question.address) {
        transport.address = *IpAddress::parse(*question.address);
    }
    for (const std::string& method : question.methods) {
        transport.methods.insert(*parse_method(method));
    }
    transport.fingerprint = question.fingerprint.value_or("");
    transport.common_name = question.common_name.value_or("");
    transport.subject_alt_names = question.subject_alt_names;
    return transport;
}

std::string names_of(const Replica& replica, const std::vector<GroupId>& ids) {
    std::set<std::string> found;
    for (const GroupId& id : ids) {
        found.insert(replica.find_group(id)->name);
    }
    return fmt::format("{}", fmt::join(found, ","));
}

Answer describe(const Decision& decision, std::string groups_found) {
    return {explain(decision),
            decision.entry == nullptr ? "" : std::to_string(decision.entry->id),
            std::move(groups_found)};
}

Answer answer_of_plugin(const Replica& replica, const Question& question) {
    AuthnOptions authn;
    authn.anonymous_group = question.anonymous_group;
    const Circumstances circumstances{&replica, authn, question.authz};
    const AccessCheck check{.client_id = question.client_id,
                            .username = question.username,
                            .action = question.action,
                            .topic = question.topic,
                            .qos = question.qos,
                            .retain = question.retain};
    const auto client = question.username ? replica.find_client(*question.username) : nullptr;
    if (question.username && client == nullptr) {
        std::optional<Rights> rights;
        return describe(Authorizer::judge_by_record(circumstances, check, rights), "");
    }
    Authorizer authorizer;
    Session session;
    session.client_id = question.client_id;
    session.username = question.username;
    session.rights =
        authorizer.settle(circumstances, client, question.client_id, transport_of(question));
    const bool may_be_there = is_safe_identifier(question.client_id);
    return describe(
        authorizer.authorize(circumstances, may_be_there ? &session : nullptr, check),
        names_of(replica, session.rights.groups->groups().certain));
}

class Tally {
  public:
    void add(const Answer& answer) {
        ++counts_[answer.reason.substr(0, answer.entry.empty() ? std::string::npos : 10)];
        counts_["in a group"] += answer.groups.empty() ? 0 : 1;
    }

    [[nodiscard]] int operator[](const std::string& reason) const {
        const auto found = counts_.find(reason);
        return found == counts_.end() ? 0 : found->second;
    }

  private:
    std::map<std::string, int> counts_;
};

// Asks both sides.
void compare(TestDatabase& database, const std::vector<Question>& questions, Tally& tally) {
    const WatchedFeed feed(database);
    const auto replica = feed.current();
    const std::vector<Answer> answers = answers_of_sql(database, questions);
    REQUIRE(answers.size() == questions.size());
    for (std::size_t i = 0; i < questions.size(); ++i) {
        const Answer expected = answer_of_plugin(*replica, questions[i]);
        INFO(row_of(questions[i], i));
        REQUIRE(answers[i] == expected);
        tally.add(expected);
    }
}

}  // namespace

TEST_CASE("explain() in SQL gives the plugin's answer, entry and groups",
          "[postgres][explain]") {
    TestDatabase database;
    Dice dice(20240229);
    Tally tally;
    for (int round = 0; round < 20; ++round) {
        const std::string policy = any_policy(dice);
        INFO(policy);
        database.sql(policy);
        std::vector<Question> questions(200);
        std::generate(questions.begin(), questions.end(), [&] { return any_question(dice); });
        compare(database, questions, tally);
    }
    // A test in which nothing is ever allowed shows nothing.
    CHECK(tally["allowed by"] > 400);
    CHECK(tally["denied by "] > 400);
    CHECK(tally["denied: no entry allows it"] > 400);
    CHECK(tally["denied: not a valid topic"] > 50);
    CHECK(tally["denied: no client has this username"] > 50);
    CHECK(tally["denied: client ids with `+`, `#` or control characters have no rights"] > 50);
    CHECK(tally["in a group"] > 2000);
}

TEST_CASE("rows that constraints would have refused are worth the same to explain()",
          "[postgres][explain]") {
    TestDatabase database;
    database.force(R"(
        INSERT INTO mqtt_auth.groups (name) VALUES ('g0');
        INSERT INTO mqtt_auth.clients (username) VALUES ('a'), ('b');
        INSERT INTO mqtt_auth.group_members VALUES ('g0', 'a'), ('no such group', 'a');
        INSERT INTO mqtt_auth.acls (group_name, effect, permission, topic, priority) VALUES
            ('g0', 'allow', 'readWrite', '#', 0), ('g0', 'allow', 'readWrite', 'a/#', 7), ('g0', 'allow', 'write', 'a/#/b', 8), ('g0', 'deny', 'write', 'b+', -1),
            ('g0', 'allow', 'readwrite', 'a', 2), ('g0', 'perhaps', 'read', 'b', 3), ('no such group', 'deny', 'read', 'a', 9),
            ('g0', 'allow', 'write', '$share/g/a', 4), ('g0', 'allow', 'write', 'x%u', 5), ('g0', 'allow', 'write', '%{}', 5);
        INSERT INTO mqtt_auth.acls (group_name, username, effect, permission, topic) VALUES
            ('g0', 'b', 'allow', 'read', 'a'), ('g0', 'b', 'deny', 'write', 'fresh'), (NULL, NULL, 'deny', 'read', 'a');
        INSERT INTO mqtt_auth.acls (username, permission, topic, max_qos) VALUES ('b', 'read', 'a', 7);
        INSERT INTO mqtt_auth.group_rules (name) VALUES ('without a condition');
        INSERT INTO mqtt_auth.group_rules (name, syntax, username) VALUES ('in no syntax', 'like', 'b');
        INSERT INTO mqtt_auth.group_rule_groups VALUES ('without a condition', 'g0'), ('in no syntax', 'g0'),
            ('in no syntax', 'no such group'))");
    Dice dice(20240301);
    std::vector<Question> questions(500);
    std::generate(questions.begin(), questions.end(), [&] {
        Question question = any_question(dice);
        question.username = dice.of({"a", "b"});
        return question;
    });
    Tally tally;
    compare(database, questions, tally);
    CHECK(tally["allowed by"] > 20);
    CHECK(tally["denied by "] > 20);
}

TEST_CASE("a regular expression that may be stored is read alike by RE2 and PostgreSQL",
          "[postgres][explain]") {
    // Made of pieces that are accepted, or of letters at random, of which few are.
    Dice dice(20240302);
    Words expressions;
    for (int i = 0; i < 3000; ++i) {
        const Words letters{"a", "b", "-", "ö", ".",  "*", "+", "?", "{", "}", "[", "]", "(",
                            ")", "|", "^", "$", "\\", ",", "0", "1", "2", ":", "=", "[:"};
        expressions.push_back(i % 3 == 0 ? any_regex(dice, 3)
                                         : join(dice.some(letters, i % 3 == 1 ? 4 : 9), ""));
    }
    Words texts;
    for (int i = 0; i < 40; ++i) {
        texts.push_back(
            join(dice.some({"a", "b", "-", "ö", "1", ".", "\n", "]", "^", "\\"}, 4), ""));
    }
    TestDatabase database;
    database.sql(R"(
        CREATE FUNCTION pg_temp.may_be_stored(expression text) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
            RETURN mqtt_auth.check_regex('x', expression);
        EXCEPTION WHEN check_violation THEN
            RETURN false;
        END $$)");
    std::size_t matches = 0;
    const auto stored = database.sql(fmt::format(
        R"(WITH stored AS MATERIALIZED (
               SELECT e.expression, e.place FROM unnest({}) WITH ORDINALITY AS e (expression, place)
               WHERE pg_temp.may_be_stored(e.expression))
           SELECT s.expression, ARRAY(SELECT t.place - 1 FROM unnest({}) WITH ORDINALITY AS t (value, place)
                                      WHERE mqtt_auth.text_matches('regex', s.expression, t.value) ORDER BY t.place)
           FROM stored AS s ORDER BY s.place)",
        array_of(expressions),
        array_of(texts)));
    for (const SqlRow& row : stored) {
        INFO(*row.at(0));
        const auto pattern = TextPattern::parse(PatternSyntax::regex, *row.at(0));
        REQUIRE(pattern);
        Words found;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (pattern->matches(texts[i])) {
                found.push_back(std::to_string(i));
            }
        }
        REQUIRE("{" + join(found, ",") + "}" == *row.at(1));
        matches += found.size();
    }
    CHECK(stored.size() > 1200);
    CHECK(matches > 1000);
}
