// The row that decides: the compiled policy names the one that a look at every row gives.

#include <array>
#include <fmt/format.h>
#include <memory>
#include <ostream>
#include <random>
#include <rapidcheck.h>

#include "policy/compiled_policy.hpp"
#include "support/catch.hpp"
#include "support/linear_policy.hpp"
#include "support/naive_topic_match.hpp"

namespace pgauth::test {

namespace {

std::shared_ptr<const Group> group_of(std::vector<AclEntry> entries) {
    auto group = std::make_shared<Group>();
    group->entries = std::move(entries);
    return group;
}

// A policy of these entries, compiled, and beside it all of them.
class BothPolicies {
  public:
    explicit BothPolicies(std::vector<AclEntry> entries)
        : group_(group_of(std::move(entries))),
          compiled_({group_}, {}),
          linear_(group_->entries) {}

    [[nodiscard]] bool agree(const Request& request, const PlaceholderValues& values) const {
        return compiled_.deciding_entry(request, values) ==
                   linear_.deciding_entry(request, values) &&
               compiled_.ask(request, values).visited <= 2 * compiled_.trie().nodes();
    }

  private:
    std::shared_ptr<const Group> group_;
    CompiledPolicy compiled_;
    LinearPolicy linear_;
};

std::string text_of(const Request& request) {
    return fmt::format("{} {} qos {}{}{}",
                       to_string(request.action),
                       request.filter == nullptr ? request.topic : request.filter->text(),
                       request.qos,
                       request.retain ? " retained" : "",
                       request.mode == SubscribeMode::overlapping ? " overlapping" : "");
}

std::string text_of(const AclEntry& entry) {
    return fmt::format("{} {} permission {} `{}` priority {} max_qos {} retain {}",
                       entry.id,
                       entry.effect == Effect::deny ? "deny" : "allow",
                       static_cast<int>(entry.permission),
                       entry.topic.text(),
                       entry.priority,
                       entry.max_qos.value_or(-1),
                       entry.allow_retain);
}

// --- a small world -----------------------------------------------------------------------

TopicPattern pattern_of(const Words& words) {
    return TopicPattern::parse(join(words)).value();
}

struct World {
    std::vector<TopicPattern> patterns;
    std::vector<std::string> topics;
    std::vector<TopicFilter> filters;

    explicit World(std::size_t longest) {
        for (const Words& words :
             well_formed(all_word_lists({"", "a", "$s", "+", "#", "%u"}, longest))) {
            patterns.push_back(pattern_of(words));
        }
        patterns.push_back(TopicPattern::everything());
        for (const Words& words :
             well_formed(all_word_lists({"", "a", "b", "$s", "$t"}, longest + 1))) {
            topics.push_back(join(words));
        }
        for (const Words& words :
             well_formed(all_word_lists({"", "a", "$s", "+", "#"}, longest + 1))) {
            filters.push_back(TopicFilter::parse(join(words)).value());
        }
    }

    void check(const BothPolicies& policies, const std::string& what) const {
        for (const std::optional<std::string_view> username :
             {std::optional<std::string_view>(),
              std::optional<std::string_view>("a"),
              std::optional<std::string_view>("$s"),
              std::optional<std::string_view>("+")}) {
            const PlaceholderValues values{.username = username};
            const auto ask = [&](const Request& request) {
                if (!policies.agree(request, values)) {
                    FAIL(what << ": " << text_of(request) << " by "
                              << username.value_or("nobody"));
                }
            };
            for (const std::string& topic : topics) {
                ask(Request::receive(topic));
            }
            for (const TopicFilter& filter : filters) {
                ask(Request::subscribe(filter, 0, SubscribeMode::covered));
                ask(Request::subscribe(filter, 0, SubscribeMode::overlapping));
            }
        }
    }
};

AclEntry entry(std::int64_t id, Effect effect, TopicPattern topic) {
    return {.id = id,
            .effect = effect,
            .topic = std::move(topic),
            .max_qos = std::nullopt,
            .owner = {}};
}

}  // namespace

TEST_CASE("one entry decides what its own pattern says, of all small ones",
          "[policy][exhaustive]") {
    const World world(3);
    for (const TopicPattern& pattern : world.patterns) {
        for (const Effect effect : {Effect::allow, Effect::deny}) {
            world.check(BothPolicies({entry(1, effect, pattern)}), pattern.text());
        }
    }
}

TEST_CASE("of two entries the same one decides, of all pairs of small ones",
          "[policy][exhaustive]") {
    const World world(2);
    for (const TopicPattern& one : world.patterns) {
        for (const TopicPattern& other : world.patterns) {
            for (const Effect effect : {Effect::allow, Effect::deny}) {
                world.check(
                    BothPolicies({entry(1, Effect::allow, one), entry(2, effect, other)}),
                    one.text() + " and " + other.text());
            }
        }
    }
}

TEST_CASE("of all small entries at once the same one decides, in whatever order",
          "[policy][exhaustive]") {
    const World world(3);
    std::minstd_rand random(20);
    for (int round = 0; round < 8; ++round) {
        std::vector<AclEntry> entries;
        std::int64_t id = 0;
        for (const TopicPattern& pattern : world.patterns) {
            for (const Effect effect : {Effect::allow, Effect::deny}) {
                entries.push_back(entry(++id, effect, pattern));
                entries.back().priority = static_cast<int>(random() % 1000);
            }
        }
        world.check(BothPolicies(std::move(entries)), "all");
    }
}

// --- a large one, at random --------------------------------------------------------------

namespace {

std::string any_text(const Words& alphabet, std::size_t longest, bool may_end_open) {
    const auto size = *rc::gen::inRange<std::size_t>(1, longest + 1);
    Words words = *rc::gen::container<Words>(size, rc::gen::elementOf(alphabet));
    if (may_end_open && *rc::gen::inRange(0, 3) == 0) {
        words.back() = "#";
    }
    return join(words).empty() ? "a" : join(words);
}

AclEntry any_entry(std::int64_t id) {
    const std::string text = any_text(
        {"a", "a", "b", "", "$s", "größe", "+", "+", "%u", "%c", "%{k}", "%{l}"}, 7, true);
    AclEntry made =
        entry(id,
              *rc::gen::weightedElement<Effect>({{3, Effect::allow}, {1, Effect::deny}}),
              *rc::gen::inRange(0, 100) == 0 ? TopicPattern::everything()
                                             : TopicPattern::parse(text).value());
    made.permission = *rc::gen::elementOf(
        std::vector{Permission::read, Permission::write, Permission::read_write});
    made.priority = *rc::gen::elementOf(std::vector{-2147483647, -1, 0, 0, 0, 1, 7});
    made.max_qos = *rc::gen::elementOf(
        std::vector<std::optional<int>>{std::nullopt, std::nullopt, 0, 1, 2});
    made.allow_retain = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
    return made;
}

const Words any_value{"a", "b", "", "$s", "größe", "a/b", "+", "#", "a\n", "c"};

std::optional<std::string> any_name() {
    return *rc::gen::inRange(0, 4) == 0 ? std::nullopt
                                        : std::optional(*rc::gen::elementOf(any_value));
}

}  // namespace

TEST_CASE("the row that decides is the one that a look at every row gives",
          "[policy][property]") {
    int decided = 0;
    int undecided = 0;
    CHECK(rc::check([&] {
        std::vector<AclEntry> entries;
        const auto size = *rc::gen::inRange<std::size_t>(0, 60);
        for (std::size_t i = 0; i < size; ++i) {
            entries.push_back(any_entry(static_cast<std::int64_t>((i * 37) % 61)));
            RC_LOG() << text_of(entries.back()) << '\n';
        }
        const auto group = group_of(std::move(entries));
        const CompiledPolicy compiled({group}, {});
        const LinearPolicy linear(group->entries);
        const auto username = any_name();
        const auto client_id = any_name();
        Attributes attributes;
        attributes["k"] = *rc::gen::elementOf(any_value);
        const PlaceholderValues values{
            .username = username, .client_id = client_id, .attributes = &attributes};
        for (int i = 0; i < 30; ++i) {
            const int qos = *rc::gen::inRange(0, 3);
            const bool subscribes = *rc::gen::inRange(0, 2) == 0;
            const std::string topic =
                any_text(subscribes ? Words{"a", "a", "b", "", "$s", "größe", "+", "c"}
                                    : Words{"a", "a", "b", "", "$s", "größe", "c", "a\n"},
                         8,
                         subscribes);
            const TopicFilter filter = TopicFilter::parse(topic).value();
            const Request request =
                subscribes
                    ? Request::subscribe(
                          filter,
                          qos,
                          *rc::gen::elementOf(
                              std::vector{SubscribeMode::covered, SubscribeMode::overlapping}))
                    : *rc::gen::elementOf(std::vector{Request::receive(topic),
                                                      Request::publish(topic, qos, false),
                                                      Request::publish(topic, qos, true)});
            const AclEntry* expected = linear.deciding_entry(request, values);
            ++(expected == nullptr ? undecided : decided);
            RC_LOG() << text_of(request) << " by " << username.value_or("(none)") << ", "
                     << client_id.value_or("(none)") << ", k=" << attributes["k"] << '\n';
            RC_ASSERT(compiled.deciding_entry(request, values) == expected);
            RC_ASSERT(compiled.ask(request, values).visited <= 2 * compiled.trie().nodes());
        }
    }));
    CHECK(decided > 100);
    CHECK(undecided > 100);
}

}  // namespace pgauth::test
