#include "authz/recent_decisions.hpp"

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "authz/authorizer.hpp"
#include "support/catch.hpp"
#include "support/random_policy.hpp"
#include "support/tables.hpp"
#include "topic/topic_name.hpp"

using namespace pgauth;
using pgauth::test::Tables;
using pgauth::testing::Dice;

namespace {

constexpr std::uint64_t generation = 1;

AclEntry any_entry() {
    return {.topic = TopicPattern::parse("#").value(), .max_qos = std::nullopt, .owner = {}};
}

Decision by(const AclEntry& entry) {
    return {.allowed = true, .cause = Cause::entry, .entry = &entry};
}

}  // namespace

TEST_CASE("an answer is found by the same question only", "[authz]") {
    const AclEntry entry = any_entry();
    const Asker asker = new_asker();
    RecentDecisions recent;
    recent.remember({asker, generation, Request::publish("plant/temp", 1, false)}, by(entry));

    struct Row {
        std::string name;
        Asker asker;
        std::uint64_t generation;
        Request request;
        bool found;
    };

    const std::vector<Row> rows{
        {"the same", asker, generation, Request::publish("plant/temp", 1, false), true},
        {"another asker",
         new_asker(),
         generation,
         Request::publish("plant/temp", 1, false),
         false},
        {"nobody", 0, generation, Request::publish("plant/temp", 1, false), false},
        {"another generation", asker, 2, Request::publish("plant/temp", 1, false), false},
        {"another topic", asker, generation, Request::publish("plant/tempo", 1, false), false},
        {"a topic as long", asker, generation, Request::publish("plant/time", 1, false), false},
        {"another QoS", asker, generation, Request::publish("plant/temp", 2, false), false},
        {"retained", asker, generation, Request::publish("plant/temp", 1, true), false},
        {"received", asker, generation, Request::receive("plant/temp"), false},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const Decision* known = recent.find({row.asker, row.generation, row.request});
        REQUIRE((known != nullptr) == row.found);
        CHECK((known == nullptr || known->entry == &entry));
    }
}

TEST_CASE("answers about long topics are not kept", "[authz]") {
    const AclEntry entry = any_entry();
    const Asker asker = new_asker();
    RecentDecisions recent;
    for (const std::size_t size : {std::size_t{1},
                                   RecentDecisions::longest_topic,
                                   RecentDecisions::longest_topic + 1,
                                   max_topic_bytes}) {
        INFO(size);
        const std::string topic(size, 't');
        const RecentDecisions::Question question(asker, generation, Request::receive(topic));
        recent.remember(question, by(entry));
        CHECK((recent.find(question) != nullptr) == (size <= RecentDecisions::longest_topic));
    }
}

TEST_CASE("of more questions than there are places, each gets its own answer or none",
          "[authz]") {
    const Asker asker = new_asker();
    constexpr std::size_t many = 3 * RecentDecisions::places;
    const std::vector<AclEntry> entries(many, any_entry());
    RecentDecisions recent;
    const auto question = [&](const std::string& topic) {
        return RecentDecisions::Question(asker, generation, Request::receive(topic));
    };
    for (std::size_t i = 0; i < many; ++i) {
        recent.remember(question(std::to_string(i)), by(entries[i]));
    }
    std::size_t found = 0;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < many; ++i) {
        const Decision* known = recent.find(question(std::to_string(i)));
        if (known != nullptr) {
            ++found;
            wrong += static_cast<std::size_t>(known->entry != &entries[i]);
        }
    }
    CHECK(wrong == 0);
    CHECK(found > RecentDecisions::places / 2);
    CHECK(found <= RecentDecisions::places);
}

// --- against the decision itself -----------------------------------------------------------

namespace {

// Three presses in two sets of groups, one with an entry of its own; the groups' entries are
// any of these.
std::shared_ptr<const Replica> any_plant(Dice& dice) {
    Tables tables;
    tables.group("presses").group("line");
    for (const char* name : {"press-1", "press-2", "press-3"}) {
        tables.client({.username = name}).member("presses", name);
    }
    tables.member("line", "press-3");
    for (const char* group : {"presses", "line"}) {
        for (std::size_t i = 0; i < 3; ++i) {
            const std::string topic = dice.of({"a", "b", "a/+", "#", "%u", "%c/#", "a/%u"});
            const std::string effect = dice.of({"allow", "allow", "deny"});
            tables.acl({.group_name = group,
                        .effect = effect,
                        .permission = dice.of({"read", "write", "readWrite"}),
                        .topic = topic});
        }
    }
    tables.acl({.username = "press-2", .effect = dice.of({"allow", "deny"}), .topic = "a"});
    return tables.load();
}

}  // namespace

TEST_CASE("what is recalled is what would be decided anew", "[authz][property]") {
    Dice dice(7);
    const AuthnOptions authn;
    AuthzOptions authz;
    Authorizer authorizer;
    std::shared_ptr<const Replica> replica = any_plant(dice);
    std::vector<Session> sessions(4);
    const auto settle = [&](Session& session) {
        session.rights = authorizer.settle({replica.get(), authn, authz},
                                           replica->find_client(*session.username),
                                           session.client_id,
                                           {});
    };
    // Two of them are the same client, with two client ids.
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        sessions[i].client_id = "id-" + std::to_string(i);
        sessions[i].username = "press-" + std::to_string((i % 3) + 1);
        settle(sessions[i]);
    }
    std::size_t allowed = 0;
    constexpr std::size_t steps = 50'000;
    for (std::size_t step = 0; step < steps; ++step) {
        Session& session = sessions[dice.below(sessions.size())];
        if (dice.once_in(100)) {
            replica = any_plant(dice);
        }
        if (dice.once_in(100)) {
            settle(session);
        }
        if (dice.once_in(500)) {
            authz.client_ids = dice.once_in(2) ? ClientIdTrust::bound : ClientIdTrust::believed;
        }
        const std::string topic = dice.of(
            {"a", "b", "a/b", "press-1", "press-3", "id-0/x", "id-3", "a/press-2", "a+", ""});
        const bool publishes = dice.once_in(2);
        const auto qos = static_cast<int>(dice.below(3));
        const AccessCheck check{.client_id = session.client_id,
                                .username = session.username,
                                .action = publishes ? Action::publish : Action::receive,
                                .topic = topic,
                                .qos = qos,
                                .retain = dice.once_in(2)};
        const Decision decision =
            authorizer.authorize({replica.get(), authn, authz}, &session, check);
        Decision anew{.allowed = false, .cause = Cause::bad_topic};
        if (is_topic_name(topic)) {
            anew = session.rights.decide(
                *replica,
                publishes ? Request::publish(topic, qos, check.retain)
                          : Request::receive(topic),
                client_id_that_counts(authz, session.rights.client.get(), session.client_id));
        }
        if (decision.allowed != anew.allowed || decision.cause != anew.cause ||
            decision.entry != anew.entry) {
            INFO("step " << step << ", " << session.client_id << ": " << topic);
            CHECK(explain(decision) == explain(anew));
            break;
        }
        allowed += decision.allowed ? 1 : 0;
    }
    CHECK(allowed > steps / 10);
    CHECK(allowed < steps * 9 / 10);
}

TEST_CASE("sessions with the same groups ask as one, unless something is their own",
          "[authz]") {
    const auto ask_as_one = [](const Tables& tables, const std::string& username) {
        const auto replica = Tables(tables).load();
        Authorizer authorizer;
        const auto rights_of = [&](const std::string& name) {
            Rights rights = authorizer.settle(
                {replica.get(), {}, {}}, replica->find_client(name), name, {});
            std::ignore = rights.decide(*replica, Request::receive("a"), std::nullopt);
            return rights;
        };
        const Rights one = rights_of("press-1");
        return one.asker() == rights_of(username).asker();
    };
    const auto presses = [](std::string_view topic) {
        Tables tables;
        tables.group("presses").group("line");
        for (const char* name : {"press-1", "press-2", "press-3", "press-4"}) {
            tables.client({.username = name}).member("presses", name);
        }
        tables.member("line", "press-4");
        tables.acl({.group_name = "presses", .topic = topic});
        tables.acl({.username = "press-3", .topic = "b"});
        return tables;
    };
    CHECK(ask_as_one(presses("a/#"), "press-2"));
    CHECK_FALSE(ask_as_one(presses("a/#"), "press-3"));
    CHECK_FALSE(ask_as_one(presses("a/#"), "press-4"));
    CHECK_FALSE(ask_as_one(presses("a/%u"), "press-2"));
    CHECK_FALSE(ask_as_one(presses("a/%c"), "press-2"));
}

TEST_CASE("a session that is cut off, or not connected, is not answered from memory",
          "[authz]") {
    Tables tables;
    tables.group("presses").group("night").client({.username = "press-1"});
    tables.member("presses", "press-1");
    tables.rule({.address = "10.0.0.0/8", .groups = R"(["night"])"});
    tables.acl({.group_name = "presses", .topic = "a"});
    tables.acl({.group_name = "night", .topic = "b"});
    const auto replica = tables.load();
    Authorizer authorizer;
    Session session;
    session.client_id = "id";
    session.username = "press-1";
    session.rights =
        authorizer.settle({replica.get(), {}, {}}, replica->find_client("press-1"), "id", {});
    const auto check = [&](Action action, std::string_view topic) {
        return authorizer.authorize({replica.get(), {}, {}},
                                    &session,
                                    {.client_id = "id",
                                     .username = "press-1",
                                     .action = action,
                                     .topic = topic,
                                     .has_address = session.connected});
    };
    CHECK(check(Action::publish, "a").allowed);
    CHECK_FALSE(check(Action::receive, "b").allowed);
    session.cut = LoginCause::disabled;
    CHECK(check(Action::publish, "a").cause == Cause::cut_off);
    session.cut.reset();
    session.connected = false;
    CHECK(check(Action::receive, "b").allowed);  // it may come back from there
    session.connected = true;
    CHECK_FALSE(check(Action::receive, "b").allowed);
    CHECK(check(Action::publish, "a").allowed);
    CHECK(check(Action::subscribe, "a").allowed);
}
