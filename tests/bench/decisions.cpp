// What one access check costs: the decision, finding the session, and what is made ready for
// it: group rules, compiled policies.
//
//   ./tests/bench/decisions
//
// Topics are looked up in a random order, of many that are not in the processor's cache where
// there are many. `linear` looks at every row, as the tests' oracle does (support/
// linear_policy.hpp). `nodes` is how many nodes of the trie a question looks at, `bytes` what
// an entry costs in a compiled policy beside its row, from mallinfo2().

#include <array>
#include <benchmark/benchmark.h>
#include <cstddef>
#include <fmt/format.h>
#include <malloc.h>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "authz/authorizer.hpp"
#include "authz/membership.hpp"
#include "authz/session_table.hpp"
#include "bench/made_up_plant.hpp"
#include "policy/compiled_policy.hpp"
#include "replica/replica_builder.hpp"
#include "support/linear_policy.hpp"

namespace {

using namespace pgauth;
using namespace pgauth::bench;
using pgauth::test::LinearPolicy;

constexpr std::size_t groups_of_client = 10;

CompiledPolicy::Groups plant_groups(std::size_t entries) {
    CompiledPolicy::Groups groups;
    std::int64_t id = 0;
    for (std::size_t group = 0; group < groups_of_client; ++group) {
        auto made = std::make_shared<Group>();
        made->id = std::to_string(group);
        for (std::size_t i = 0; i < entries / groups_of_client; ++i) {
            const EntryText text = entry_text(group, i);
            made->entries.push_back(
                {.id = ++id,
                 .effect = text.effect == "deny" ? Effect::deny : Effect::allow,
                 .permission = text.permission == "read"    ? Permission::read
                               : text.permission == "write" ? Permission::write
                                                            : Permission::read_write,
                 .topic = TopicPattern::parse(text.topic).value(),
                 .priority = text.priority == "1" ? 1 : 0,
                 .max_qos = std::nullopt,
                 .owner = {}});
        }
        groups.push_back(std::move(made));
    }
    return groups;
}

// The same one for all benchmarks of a size: a large one takes a while.
const CompiledPolicy::Groups& groups_with(std::size_t entries) {
    static std::map<std::size_t, CompiledPolicy::Groups> made;
    const auto found = made.find(entries);
    return found != made.end() ? found->second
                               : made.emplace(entries, plant_groups(entries)).first->second;
}

std::size_t size_of(const benchmark::State& state) {
    return static_cast<std::size_t>(state.range(0));
}

const std::string username = "press-7";

PlaceholderValues values_of_press() {
    return {.username = username, .client_id = username};
}

// --- the decision --------------------------------------------------------------------------

std::vector<Request> any_requests(const std::vector<std::string>& topics) {
    std::vector<Request> requests;
    for (std::size_t i = 0; i < topics.size(); ++i) {
        requests.push_back(i % 2 == 0 ? Request::publish(topics[i], 1, false)
                                      : Request::receive(topics[i]));
    }
    return requests;
}

template <typename Policy>
void ask_all(benchmark::State& state,
             const Policy& policy,
             const std::vector<Request>& requests) {
    const PlaceholderValues values = values_of_press();
    std::size_t i = 0;
    for (auto step : state) {
        benchmark::DoNotOptimize(policy.deciding_entry(requests[i++ % asked_topics], values));
    }
}

double average_nodes(const CompiledPolicy& policy, const std::vector<Request>& requests) {
    double nodes = 0;
    for (const Request& request : requests) {
        nodes += policy.ask(request, values_of_press()).visited;
    }
    return nodes / static_cast<double>(requests.size());
}

void decide_topic(benchmark::State& state) {
    const std::size_t entries = size_of(state);
    const CompiledPolicy policy(groups_with(entries), {});
    const auto topics = any_topics(groups_of_client, entries / groups_of_client);
    const auto requests = any_requests(topics);
    state.counters["nodes"] = average_nodes(policy, requests);
    ask_all(state, policy, requests);
}

void decide_topic_linear(benchmark::State& state) {
    const std::size_t entries = size_of(state);
    const auto topics = any_topics(groups_of_client, entries / groups_of_client);
    std::vector<AclEntry> all;
    for (const auto& group : groups_with(entries)) {
        all.insert(all.end(), group->entries.begin(), group->entries.end());
    }
    ask_all(state, LinearPolicy(all), any_requests(topics));
}

template <SubscribeMode mode>
void decide_subscription(benchmark::State& state) {
    const std::size_t entries = size_of(state);
    const CompiledPolicy policy(groups_with(entries), {});
    const auto filters = any_subscriptions(groups_of_client, entries / groups_of_client);
    std::vector<Request> requests;
    for (const TopicFilter& filter : filters) {
        requests.push_back(Request::subscribe(filter, 1, mode));
    }
    state.counters["nodes"] = average_nodes(policy, requests);
    ask_all(state, policy, requests);
}

// --- a whole check -------------------------------------------------------------------------

constexpr std::size_t entries_of_group = 100;
constexpr std::size_t most_sessions = 100'000;
// Of however many: a thousand are busy, from all over the table, in ten sets of groups where
// there are more than ten groups.
constexpr std::size_t asking = 1000;
constexpr std::size_t spread = 100;
// Many times what is remembered, and what easily is.
constexpr std::size_t seldom_asked = 8 * RecentDecisions::places;
constexpr std::size_t often_asked = RecentDecisions::places / 4;

const void* token_of(std::size_t i) {
    return reinterpret_cast<const void*>(i + 1);
}

std::string name_of(std::size_t client) {
    return fmt::format("press-{}", client);
}

// Clients, each in ten groups of a hundred entries, and sessions of them.
class Plant {
  public:
    Plant(std::size_t clients, std::size_t groups) : groups_(groups) {
        load(clients);
        const std::size_t sessions = std::min(clients, most_sessions);
        for (std::size_t i = 0; i < sessions; ++i) {
            open(i, i * (clients / sessions));
        }
        const std::size_t step = clients / asking;
        std::minstd_rand random(3);
        for (std::size_t i = 0; i < seldom_asked; ++i) {
            const std::size_t client = random() % asking * (step - step / spread);
            const std::size_t group = first_group_of(client);
            asked_.push_back({sessions_.find_connected(name_of(client)),
                              any_topic(random, group, groups_of_client, entries_of_group)});
            decide(asked_.back(), asked_.back().session);  // compiles the policy
        }
    }

    const Session* find(std::size_t i) {
        const Session& session = *asked_[i % seldom_asked].session;
        return sessions_.find(&realm_, session.client_id, session.token, session.username);
    }

    Decision decide(std::size_t i, const Session* session) {
        return decide(asked_[i % seldom_asked], session);
    }

    const Session* session(std::size_t i) { return asked_[i % seldom_asked].session; }

  private:
    struct Asked {
        const Session* session;
        std::string topic;
    };

    Decision decide(const Asked& asked, const Session* session) {
        return authorizer_.authorize(circumstances(),
                                     session,
                                     {.client_id = asked.session->client_id,
                                      .username = asked.session->username,
                                      .action = Action::publish,
                                      .topic = asked.topic});
    }

    [[nodiscard]] std::size_t first_group_of(std::size_t client) const {
        return client * groups_of_client % groups_;
    }

    void load(std::size_t clients) {
        ReplicaBuilder builder;
        std::size_t id = 0;
        for (std::size_t group = 0; group < groups_; ++group) {
            const std::string name = std::to_string(group);
            builder.add(GroupRow{.id = name, .name = name});
            for (std::size_t i = 0; i < entries_of_group; ++i) {
                const EntryText text = entry_text(group, i);
                const std::string number = std::to_string(++id);
                builder.add(EntryRow{.id = number,
                                     .group_name = name,
                                     .effect = text.effect,
                                     .permission = text.permission,
                                     .topic = text.topic,
                                     .priority = text.priority,
                                     .allow_retain = "t"});
            }
        }
        for (std::size_t client = 0; client < clients; ++client) {
            const std::string name = name_of(client);
            builder.add(ClientRow{.username = name, .enabled = "t"});
            for (std::size_t i = 0; i < groups_of_client; ++i) {
                const std::string group = std::to_string(first_group_of(client) + i);
                builder.add(MemberRow{.group_name = group, .username = name});
            }
        }
        replica_ = std::move(builder).build();
    }

    void open(std::size_t i, std::size_t client) {
        const std::string name = name_of(client);
        Session session;
        session.realm = &realm_;
        session.client_id = name;
        session.username = name;
        session.token = token_of(i);
        session.rights =
            authorizer_.settle(circumstances(), replica_->find_client(name), name, {});
        sessions_.open(std::move(session));
    }

    [[nodiscard]] Circumstances circumstances() const {
        return {replica_.get(), authn_, authz_};
    }

    std::size_t groups_;
    int realm_ = 0;
    AuthnOptions authn_;
    AuthzOptions authz_;
    std::shared_ptr<const Replica> replica_;
    Authorizer authorizer_;
    SessionTable sessions_;
    std::vector<Asked> asked_;
};

// Of so many clients; ten groups for each thousand of them, a thousand groups at most.
Plant& plant_with(std::size_t clients) {
    static std::map<std::size_t, std::unique_ptr<Plant>> plants;
    std::unique_ptr<Plant>& plant = plants[clients];
    if (plant == nullptr) {
        plant = std::make_unique<Plant>(clients, std::min<std::size_t>(clients / 100, 1000));
    }
    return *plant;
}

void authorize(benchmark::State& state) {
    Plant& plant = plant_with(size_of(state));
    std::size_t i = 0;
    for (auto step : state) {
        benchmark::DoNotOptimize(plant.decide(i, plant.session(i)));
        ++i;
    }
}

void authorize_again(benchmark::State& state) {
    Plant& plant = plant_with(size_of(state));
    std::size_t i = 0;
    for (auto step : state) {
        benchmark::DoNotOptimize(plant.decide(i, plant.session(i)));
        i = (i + 1) % often_asked;
    }
}

void find_and_authorize(benchmark::State& state) {
    Plant& plant = plant_with(size_of(state));
    std::size_t i = 0;
    for (auto step : state) {
        benchmark::DoNotOptimize(plant.decide(i, plant.find(i)));
        ++i;
    }
}

// --- finding the session -------------------------------------------------------------------

// `count` sessions, of which the last is durable and closed, after as many departures as are
// remembered.
SessionTable& sessions_with(std::size_t count) {
    static std::map<std::size_t, SessionTable> tables;
    SessionTable& table = tables[count];
    const auto open = [&](std::size_t i, bool durable) {
        Session session;
        session.client_id = name_of(i);
        session.username = name_of(i);
        session.token = token_of(i);
        session.durable = durable;
        table.open(std::move(session));
    };
    if (table.size() == 0) {
        for (std::size_t i = 0; i < SessionTable::max_departed; ++i) {
            open(count + i, false);
            table.close(token_of(count + i), std::nullopt);
        }
        for (std::size_t i = 0; i < count; ++i) {
            open(i, i + 1 == count);
        }
        table.close(token_of(count - 1), std::nullopt);
    }
    return table;
}

void find_session(benchmark::State& state) {
    const std::size_t count = size_of(state);
    const SessionTable& table = sessions_with(count);

    struct Asked {
        std::string name;
        const void* token;
    };

    std::vector<Asked> asked;
    std::minstd_rand random(4);
    for (std::size_t i = 0; i < asked_topics; ++i) {
        const std::size_t one = random() % count;
        asked.push_back({name_of(one), token_of(one)});
    }
    std::size_t i = 0;
    for (auto step : state) {
        const Asked& one = asked[i++ % asked_topics];
        benchmark::DoNotOptimize(table.find(nullptr, one.name, one.token, one.name));
    }
}

// As for the source of a retained message: through a connection that the broker made up.
void find_session_of_absent(benchmark::State& state) {
    const SessionTable& table = sessions_with(size_of(state));
    const std::string name = name_of(size_of(state) - 1);
    const int made_up = 0;
    for (auto step : state) {
        benchmark::DoNotOptimize(table.find(nullptr, name, &made_up, name));
    }
}

// --- made ready ----------------------------------------------------------------------------

void compile_policy(benchmark::State& state) {
    const CompiledPolicy::Groups& groups = groups_with(size_of(state));
    const auto used = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
    const std::size_t before = used();
    const auto policy = std::make_unique<CompiledPolicy>(groups, CompiledPolicy::Groups{});
    state.counters["bytes"] =
        static_cast<double>(used() - before) / static_cast<double>(size_of(state));
    for (auto step : state) {
        benchmark::DoNotOptimize(CompiledPolicy(groups, {}));
    }
}

// What a login has to look at. Of ten rules: seven globs of the client id, and one each of a
// name, an address and a regular expression. The client matches one in a hundred.
void match_group_rules(benchmark::State& state) {
    ReplicaBuilder builder;
    builder.add(GroupRow{.id = "presses", .name = "presses"});
    for (std::size_t i = 0; i < size_of(state); ++i) {
        const std::string name = fmt::format("rule {}", i);
        const std::string glob = fmt::format("press-{}-*", i % 100);
        const std::string regex = fmt::format("press-[0-9]+-{}", i);
        const std::string address = fmt::format("10.{}.0.0/16", i % 256);
        RuleRow row{.name = name,
                    .enabled = "t",
                    .syntax = i % 10 == 9 ? "regex" : "glob",
                    .groups = R"(["presses"])"};
        if (i % 10 == 8) {
            row.address = address;
        } else {
            (i % 10 == 7 ? row.client_name : row.client_id) = i % 10 == 9 ? regex : glob;
        }
        builder.add(row);
    }
    builder.add(ClientRow{.username = "press-7-a", .name = "Press 7", .enabled = "t"});
    const auto replica = std::move(builder).build();
    const auto client = replica->find_client("press-7-a");
    ConnectionFacts::Transport transport;
    transport.address = IpAddress::parse("10.7.1.2").value();
    ConnectionFacts facts;
    facts.username = client->username;
    facts.client_name = client->name;
    facts.client_id = client->username;
    facts.transport = &transport;
    for (auto step : state) {
        benchmark::DoNotOptimize(groups_of(*replica, *client, facts));
    }
}

constexpr int thousand = 1000;
constexpr int hundred_thousand = 100'000;
constexpr int million = 1'000'000;

void sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->RangeMultiplier(10)->Range(100, million);
}

BENCHMARK(authorize)->Arg(thousand)->Arg(million);
BENCHMARK(authorize_again)->Arg(thousand)->Arg(million);
BENCHMARK(find_and_authorize)->Arg(thousand)->Arg(million);
BENCHMARK(decide_topic)->Apply(sizes);
BENCHMARK(decide_topic_linear)->RangeMultiplier(10)->Range(100, hundred_thousand);
BENCHMARK_TEMPLATE(decide_subscription, SubscribeMode::covered)->Apply(sizes);
BENCHMARK_TEMPLATE(decide_subscription, SubscribeMode::overlapping)->Apply(sizes);
BENCHMARK(find_session)->Apply(sizes);
BENCHMARK(find_session_of_absent)->Arg(million);
BENCHMARK(compile_policy)->Apply(sizes)->Unit(benchmark::kMillisecond);
BENCHMARK(match_group_rules)
    ->RangeMultiplier(10)
    ->Range(100, 10 * thousand)
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
