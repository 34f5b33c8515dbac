// The laws of the decision (DESIGN 3.3), over random policies and requests that go all the way
// through the tables, the groups and the sessions.

#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <rapidcheck.h>

#include "authz/authorizer.hpp"
#include "support/catch.hpp"
#include "support/reference_evaluator.hpp"
#include "support/tables.hpp"

namespace pgauth::test {

struct Case {
    std::vector<PlainEntry> policy;
    PlainSession session;
    PlainRequest request;
};

inline std::ostream& operator<<(std::ostream& out, const Case& one) {
    for (const PlainEntry& entry : one.policy) {
        out << entry << '\n';
    }
    return out << one.session << '\n' << one.request;
}

namespace {

using Policy = std::vector<PlainEntry>;

// --- the library's answer ----------------------------------------------------------------

std::string to_json(const std::map<std::string, std::string>& attributes) {
    std::string members;
    for (const auto& [key, value] : attributes) {
        members += fmt::format(R"({}"{}": "{}")", members.empty() ? "" : ", ", key, value);
    }
    return fmt::format("{{{}}}", members);
}

// Every third entry is of one group, of another, and the client's own.
std::shared_ptr<const Replica> load(const Policy& policy, const PlainSession& session) {
    const std::string username = session.username.value_or("somebody");
    const std::string attributes = to_json(session.attributes);
    Tables tables;
    tables.group("one").group("other");
    tables.client({.username = username, .attributes = attributes});
    tables.member("one", username).member("other", username);
    for (std::size_t i = 0; i < policy.size(); ++i) {
        const PlainEntry& entry = policy[i];
        const std::string topic = join(entry.topic);
        const std::string priority = std::to_string(entry.priority);
        const std::string max_qos = std::to_string(entry.max_qos.value_or(0));
        EntryRow row{.effect = entry.denies ? "deny" : "allow",
                     .permission = entry.permission,
                     .topic = topic,
                     .priority = priority,
                     .allow_retain = entry.allow_retain ? "t" : "f"};
        row.max_qos = entry.max_qos ? Field(max_qos) : Field();
        if (i % 3 == 2 && session.username) {
            row.username = username;
        } else {
            row.group_name = i % 3 == 0 ? "one" : "other";
        }
        tables.acl(row);
    }
    return tables.load();
}

// A session of this policy. A nameless one has groups only.
class Evaluator {
  public:
    Evaluator(const Policy& policy, const PlainSession& session)
        : replica_(load(policy, session)) {
        RC_ASSERT(replica_->defects().empty());
        session_.client_id = session.client_id;
        session_.username = session.username;
        const auto client =
            session.username ? replica_->find_client(*session.username) : nullptr;
        session_.rights =
            authorizer_.settle({replica_.get(), {}, {}}, client, session.client_id, {});
        if (client == nullptr) {
            session_.rights.groups = sets_.find_or_add(Membership{{"#one", "#other"}, {}});
        }
    }

    Decision decide(const PlainRequest& request) {
        AuthzOptions authz;
        authz.subscribe =
            request.overlapping_is_enough ? SubscribeMode::overlapping : SubscribeMode::covered;
        const std::string topic = join(request.topic);
        const Action action = request.verb == "publish"   ? Action::publish
                              : request.verb == "receive" ? Action::receive
                                                          : Action::subscribe;
        const AccessCheck check{.client_id = session_.client_id,
                                .username = std::nullopt,
                                .action = action,
                                .topic = topic,
                                .qos = request.qos,
                                .retain = request.retain};
        return authorizer_.authorize({replica_.get(), {}, authz}, &session_, check);
    }

  private:
    std::shared_ptr<const Replica> replica_;
    Authorizer authorizer_;
    GroupSets sets_;
    Session session_;
};

bool is_allowed_by_library(const Policy& policy,
                           const PlainSession& session,
                           const PlainRequest& request) {
    return Evaluator(policy, session).decide(request).allowed;
}

// --- random policies and requests --------------------------------------------------------

// Few names, so that entries and requests meet; placeholders often, since they can be wrong in
// more ways.
Words any_words(const Words& alphabet, bool may_end_open) {
    const auto size = *rc::gen::inRange<std::size_t>(1, longest_filter + 1);
    Words words = *rc::gen::container<Words>(size, rc::gen::elementOf(alphabet));
    if (may_end_open && *rc::gen::inRange(0, 3) == 0) {
        words.back() = "#";
    }
    RC_PRE(!join(words).empty());
    return words;
}

rc::Gen<PlainEntry> any_entry() {
    return rc::gen::exec([] {
        PlainEntry entry;
        entry.denies = *rc::gen::weightedElement<bool>({{2, false}, {1, true}});
        entry.permission = *rc::gen::elementOf(Words{"read", "write", "readWrite"});
        entry.topic = any_words({"a", "b", "", "$s", "+", "+", "%u", "%c", "%{k}"}, true);
        entry.priority = *rc::gen::elementOf(std::vector{-1, 0, 0, 0, 1, 2147483647});
        if (!entry.denies) {
            entry.max_qos = *rc::gen::elementOf(
                std::vector<std::optional<int>>{std::nullopt, std::nullopt, 0, 1, 2});
            entry.allow_retain = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
        }
        return entry;
    });
}

rc::Gen<Policy> any_policy() {
    return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, 9), [](std::size_t size) {
        return rc::gen::container<Policy>(size, any_entry());
    });
}

// Names that entries spell, names of the broker's own topics, and such as are no level.
rc::Gen<PlainSession> any_session() {
    return rc::gen::exec([] {
        PlainSession session;
        const Words values{"a", "b", "$s", "fresh", "a/b"};
        if (*rc::gen::inRange(0, 5) != 0) {
            session.username = *rc::gen::elementOf(values);
        }
        session.client_id = *rc::gen::elementOf(Words{"", "a", "b", "$s", "a/b"});
        if (session.username && *rc::gen::inRange(0, 4) != 0) {
            session.attributes["k"] =
                *rc::gen::elementOf(Words{"", "a", "b", "$s", "a/b", "+", "#", "fresh"});
        }
        return session;
    });
}

rc::Gen<PlainRequest> any_request() {
    return rc::gen::exec([] {
        PlainRequest request;
        request.verb = *rc::gen::elementOf(Words{"publish", "subscribe", "receive"});
        const bool subscribes = request.verb == "subscribe";
        request.topic =
            any_words(subscribes ? Words{"a", "b", "", "$s", "+", "+", "fresh"}
                                 : Words{"a", "a", "b", "b", "", "$s", "fresh", "$fresh"},
                      subscribes);
        request.qos = *rc::gen::inRange(0, 3);
        request.retain = *rc::gen::arbitrary<bool>() && request.verb == "publish";
        request.overlapping_is_enough = subscribes && *rc::gen::arbitrary<bool>();
        return request;
    });
}

// One that is likely to be decided by `entry`: asks for what the entry speaks of.
rc::Gen<PlainRequest> any_request_about(PlainEntry entry, PlainSession session) {
    return rc::gen::exec([entry = std::move(entry), session = std::move(session)] {
        PlainRequest request = *any_request();
        const bool subscribes = request.verb == "subscribe";
        request.topic.clear();
        for (const std::string& word : entry.topic) {
            const bool is_wildcard = word == "+" || word == "#";
            const bool is_placeholder = word.substr(0, 1) == "%";
            const auto meant = is_placeholder ? value_of(word, session, request.topic.empty())
                                              : std::optional(word);
            const bool keep = meant && (subscribes || !is_wildcard);
            request.topic.push_back(keep ? *meant
                                         : *rc::gen::elementOf(Words{"a", "b", "fresh"}));
        }
        RC_PRE(!join(request.topic).empty());
        return request;
    });
}

// Half of the requests are about something that the policy speaks of.
rc::Gen<Case> any_case() {
    return rc::gen::exec([] {
        Case one{*any_policy(), *any_session(), {}};
        const bool aimed = !one.policy.empty() && *rc::gen::arbitrary<bool>();
        one.request = aimed ? *any_request_about(*rc::gen::elementOf(one.policy), one.session)
                            : *any_request();
        return one;
    });
}

bool decide(const Case& one) {
    return is_allowed_by_library(one.policy, one.session, one.request);
}

Case with(Case one, const PlainEntry& entry) {
    const auto at = *rc::gen::inRange<std::size_t>(0, one.policy.size() + 1);
    one.policy.insert(one.policy.begin() + static_cast<std::ptrdiff_t>(at), entry);
    return one;
}

// An entry that is relevant to the request, whatever its priority.
PlainEntry relevant_entry(const Case& one, bool denies) {
    PlainEntry entry;
    entry.denies = denies;
    entry.topic = one.request.topic;
    return entry;
}

}  // namespace

TEST_CASE("decisions agree with the reference evaluator", "[policy][property]") {
    int allowed = 0;
    int denied = 0;
    CHECK(rc::check([&] {
        const Case first = *any_case();
        Evaluator library(first.policy, first.session);
        for (int i = 0; i < 20; ++i) {
            const Case one{
                first.policy,
                first.session,
                first.policy.empty() || i < 3
                    ? *any_request()
                    : *any_request_about(*rc::gen::elementOf(first.policy), first.session)};
            const bool expected = is_allowed(one.policy, one.session, one.request);
            ++(expected ? allowed : denied);
            RC_LOG() << one << '\n';
            RC_ASSERT(library.decide(one.request).allowed == expected);
        }
    }));
    // A test in which nothing is ever allowed shows nothing.
    CHECK(allowed > 100);
    CHECK(denied > 100);
}

TEST_CASE("without a relevant entry everything is denied", "[policy][property]") {
    CHECK(rc::check([] {
        Case one = *any_case();
        std::erase_if(one.policy, [&](const PlainEntry& entry) {
            return is_relevant(entry, one.session, one.request);
        });
        RC_LOG() << one;
        const Decision decision = Evaluator(one.policy, one.session).decide(one.request);
        RC_ASSERT(!decision.allowed);
        RC_ASSERT(decision.cause == Cause::no_entry);
    }));
}

TEST_CASE("a deny of equal priority beats any number of allows", "[policy][property]") {
    CHECK(rc::check([] {
        Case one = *any_case();
        PlainEntry deny = relevant_entry(one, true);
        for (const PlainEntry& entry : one.policy) {
            deny.priority = std::max(deny.priority, entry.priority);
        }
        one = with(one, deny);
        RC_LOG() << one;
        RC_ASSERT(!decide(one));
    }));
}

TEST_CASE("the order of rows decides nothing", "[policy][property]") {
    CHECK(rc::check([] {
        const Case one = *any_case();
        Case shuffled = one;
        for (std::size_t i = shuffled.policy.size(); i > 1; --i) {
            std::swap(shuffled.policy[i - 1],
                      shuffled.policy[*rc::gen::inRange<std::size_t>(0, i)]);
        }
        RC_LOG() << one;
        RC_ASSERT(decide(one) == decide(shuffled));
    }));
}

TEST_CASE("saying something twice changes nothing", "[policy][property]") {
    CHECK(rc::check([] {
        const Case one = *any_case();
        RC_PRE(!one.policy.empty());
        RC_LOG() << one;
        RC_ASSERT(decide(one) == decide(with(one, *rc::gen::elementOf(one.policy))));
    }));
}

TEST_CASE("one more allow never takes a right away", "[policy][property]") {
    CHECK(rc::check([] {
        const Case one = *any_case();
        PlainEntry allow = *any_entry();
        allow.denies = false;
        RC_LOG() << one << "\nand " << allow;
        RC_ASSERT(decide(with(one, allow)) || !decide(one));
    }));
}

TEST_CASE("one more deny never gives a right", "[policy][property]") {
    CHECK(rc::check([] {
        const Case one = *any_case();
        PlainEntry deny = *any_entry();
        deny.denies = true;
        deny.max_qos = std::nullopt;
        deny.allow_retain = true;
        RC_LOG() << one << "\nand " << deny;
        RC_ASSERT(decide(one) || !decide(with(one, deny)));
    }));
}

TEST_CASE("a higher priority decides, whatever lies below it", "[policy][property]") {
    CHECK(rc::check([] {
        Case one = *any_case();
        for (PlainEntry& entry : one.policy) {
            entry.priority = std::min(entry.priority, 1);
        }
        PlainEntry top = relevant_entry(one, *rc::gen::arbitrary<bool>());
        top.priority = 2;
        one = with(one, top);
        RC_LOG() << one;
        RC_ASSERT(decide(one) == !top.denies);
    }));
}

TEST_CASE("what is covered is overlapped", "[policy][property]") {
    CHECK(rc::check([] {
        Case one = *any_case();
        one.request.overlapping_is_enough = false;
        const bool covered = decide(one);
        one.request.overlapping_is_enough = true;
        RC_LOG() << one;
        RC_ASSERT(decide(one) || !covered);
    }));
}

}  // namespace pgauth::test
