// Receiving. Where everything may be received by default, the denies of what may be received
// come before all that may be subscribed to; where an exception stands before such a deny, and
// where nothing is received by default, each rule to receive is cut with each to subscribe.

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/quote.hpp"
#include "import/dynamic_security.hpp"
#include "import/entry_topic.hpp"
#include "topic/topic_filter.hpp"

namespace pgauth::tool::dynsec {

namespace {

bool is_placeholder(const std::string& level) {
    return level == "%u" || level == "%c";
}

// What one level of both lets through; none: nothing. `effect`: of the entry that it becomes,
// for what cannot be said exactly.
std::optional<std::string> cut_level(const std::string& one,
                                     const std::string& other,
                                     Effect effect) {
    if (one == other || other == "+") {
        return one;
    }
    if (one == "+") {
        return other;
    }
    if (effect == Effect::deny && is_placeholder(one)) {
        return other;
    }
    if (effect == Effect::deny && is_placeholder(other)) {
        return one;
    }
    return std::nullopt;
}

// Whether one is for the broker's own topics, which the other's wildcard does not mean.
bool is_apart(const std::string& one, const std::string& other) {
    const auto starts_with_wildcard = [](const std::string& topic) {
        return topic.starts_with('+') || topic.starts_with('#');
    };
    return (starts_with_wildcard(one) && other.starts_with('$')) ||
           (starts_with_wildcard(other) && one.starts_with('$'));
}

// The filter of the topics that both match; none: there are none.
std::optional<std::string> cut(const std::string& one,
                               const std::string& other,
                               Effect effect) {
    if (is_apart(one, other)) {
        return std::nullopt;
    }
    const std::vector<std::string> left = split_levels(one);
    const std::vector<std::string> right = split_levels(other);
    const std::size_t common = std::min(left.size(), right.size());
    std::vector<std::string> levels;
    for (std::size_t i = 0; i < common; ++i) {
        if (left[i] == "#" || right[i] == "#") {
            const auto& rest = left[i] == "#" ? right : left;
            levels.insert(
                levels.end(), rest.begin() + static_cast<std::ptrdiff_t>(i), rest.end());
            return join_levels(levels);
        }
        const auto level = cut_level(left[i], right[i], effect);
        if (!level) {
            return std::nullopt;
        }
        levels.push_back(*level);
    }
    // One ends here; `#` in the other stands for its parent level too.
    const auto& longer = left.size() > common ? left : right;
    const bool matches = longer.size() == common || longer[common] == "#";
    return matches ? std::optional(join_levels(levels)) : std::nullopt;
}

// Placeholders count as the literals that they look like.
bool covers(const std::string& wide, const std::string& narrow) {
    const auto one = TopicFilter::parse(wide);
    const auto other = TopicFilter::parse(narrow);
    return one && other && one->covers(*other);
}

bool has_deny(const std::vector<Rule>& rules) {
    return std::any_of(rules.begin(), rules.end(), [](const Rule& rule) {
        return rule.effect == Effect::deny;
    });
}

// What may be received and subscribed to, in one list, first to last.
std::vector<Rule> cut_all(const std::vector<Rule>& receive,
                          const std::vector<Rule>& subscribe,
                          bool receive_by_default) {
    std::vector<Rule> rules;
    for (const Rule& first : receive) {
        if (first.effect == Effect::deny) {
            rules.push_back(first);
            continue;
        }
        for (const Rule& second : subscribe) {
            if (auto topic = cut(first.topic, second.topic, second.effect)) {
                rules.push_back({*topic, second.effect, second.place});
            }
        }
    }
    if (receive_by_default) {
        rules.insert(rules.end(), subscribe.begin(), subscribe.end());
    }
    return rules;
}

// The number of each entry's rank, from the last one, 0, up. Deny overrides allow in a rank:
// a new one begins where a deny comes behind an allow.
std::vector<int> priorities(const std::vector<const Rule*>& rules) {
    std::vector<int> ranks;
    int rank = 0;
    bool has_allow = false;
    for (const Rule* rule : rules) {
        if (rule->effect == Effect::deny && has_allow) {
            ++rank;
            has_allow = false;
        }
        has_allow = has_allow || rule->effect == Effect::allow;
        ranks.push_back(rank);
    }
    for (int& number : ranks) {
        number = rank - number;
    }
    return ranks;
}

class Rights {
  public:
    Rights(const Policy& policy, Plan& plan) : policy_(policy), plan_(plan) {}

    void add() {
        sort_units();
        for (const Unit& unit : policy_.units) {
            plan_.add_group(unit.group_name, unit.description);
        }
        while (plan_.groups().contains(everyone_)) {
            everyone_ += '_';
        }
        add_units(Permission::write);
        add_units(Permission::read);
        std::map<std::vector<std::size_t>, std::string> why_own;
        for (const auto& [username, units] : policy_.clients) {
            const auto [known, is_new] = why_own.emplace(units, "");
            if (is_new) {
                known->second = why_not_shared(units);
            }
            add_client(username, units, known->second);
        }
        if (plan_.groups().contains(everyone_)) {
            PlannedRule& rule = plan_.rule(everyone_);
            rule.username = "*";
            rule.groups.insert(everyone_);
        }
    }

  private:
    // Where each unit stands in the one order that suits most clients.
    void sort_units() {
        const std::size_t count = policy_.units.size();
        std::vector<std::set<std::size_t>> after(count);
        std::vector<std::size_t> waits_for(count, 0);
        for (const auto& [username, units] : policy_.clients) {
            for (std::size_t i = 1; i < units.size(); ++i) {
                if (after[units[i - 1]].insert(units[i]).second) {
                    ++waits_for[units[i]];
                }
            }
        }
        const auto comes_first = [&](std::size_t one, std::size_t other) {
            const auto key = [&](std::size_t unit) {
                return std::tuple<bool, bool, const std::string&>(
                    waits_for[unit] > 0,
                    !policy_.units[unit].is_role,
                    policy_.units[unit].group_name);
            };
            return key(one) < key(other);
        };
        std::set<std::size_t> left;
        for (std::size_t unit = 0; unit < count; ++unit) {
            left.insert(left.end(), unit);
        }
        position_.resize(count);
        while (!left.empty()) {
            // In a circle one has to be first all the same.
            const auto next = std::min_element(left.begin(), left.end(), comes_first);
            const std::size_t unit = *next;
            left.erase(next);
            position_[unit] = order_.size();
            order_.push_back(unit);
            for (const std::size_t later : after[unit]) {
                if (waits_for[later] > 0) {
                    --waits_for[later];
                }
            }
        }
    }

    // What the entries of a unit are made of, where others are beside it.
    [[nodiscard]] std::vector<Rule> read_rules(const Rules& rules) const {
        return policy_.receive_by_default
                   ? rules.subscribe
                   : cut_all(rules.receive, with_default(rules.subscribe), false);
    }

    [[nodiscard]] std::vector<Rule> with_default(std::vector<Rule> subscribe) const {
        if (policy_.subscribe_by_default) {
            const std::string place = "defaultACLAccess";
            subscribe.push_back({"#", Effect::allow, place});
            subscribe.push_back({"$SYS/#", Effect::allow, place});
        }
        return subscribe;
    }

    // The entries of all units in one list, and behind them what is allowed by default.
    void add_units(Permission permission) {
        std::vector<std::vector<Rule>> kept;
        std::vector<std::pair<std::string, const Rule*>> owned;
        const auto keep = [&](const std::string& owner, std::vector<Rule> rules) {
            kept.push_back(std::move(rules));
            for (const Rule& rule : kept.back()) {
                owned.emplace_back(owner, &rule);
            }
        };
        kept.reserve((2 * order_.size()) + 1);
        const bool writes = permission == Permission::write;
        if (!writes && policy_.receive_by_default) {
            for (const std::size_t unit : order_) {
                std::vector<Rule> denies = policy_.units[unit].rules.receive;
                std::erase_if(denies,
                              [](const Rule& rule) { return rule.effect == Effect::allow; });
                keep(policy_.units[unit].group_name, std::move(denies));
            }
        }
        for (const std::size_t unit : order_) {
            const Rules& rules = policy_.units[unit].rules;
            keep(policy_.units[unit].group_name, writes ? rules.send : read_rules(rules));
        }
        keep(everyone_, writes ? default_send() : default_read());
        std::vector<const Rule*> rules;
        rules.reserve(owned.size());
        for (const auto& [owner, rule] : owned) {
            rules.push_back(rule);
        }
        const std::vector<int> ranks = priorities(rules);
        for (std::size_t i = 0; i < owned.size(); ++i) {
            const auto& [owner, rule] = owned[i];
            plan_.add_group(owner);
            add_entry({.group_name = owner, .permission = permission}, *rule, ranks[i]);
        }
    }

    [[nodiscard]] std::vector<Rule> default_send() const {
        return policy_.send_by_default
                   ? std::vector<Rule>{{"#", Effect::allow, "defaultACLAccess"}}
                   : std::vector<Rule>{};
    }

    [[nodiscard]] std::vector<Rule> default_read() const {
        return policy_.receive_by_default ? with_default({}) : std::vector<Rule>{};
    }

    void add_entry(PlannedEntry entry, const Rule& rule, int priority) {
        entry.effect = rule.effect;
        entry.topic = rule.topic;
        entry.priority = priority;
        entry.from = rule.place;
        plan_.add(std::move(entry));
    }

    // --- clients ---------------------------------------------------------------------------

    [[nodiscard]] Rules all_rules(const std::vector<std::size_t>& units) const {
        Rules all;
        const auto append = [](std::vector<Rule>& to, const std::vector<Rule>& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        for (const std::size_t unit : units) {
            const Rules& rules = policy_.units[unit].rules;
            append(all.send, rules.send);
            append(all.receive, rules.receive);
            append(all.subscribe, rules.subscribe);
        }
        return all;
    }

    // Why a client with these cannot have them by its groups alone; empty: it can.
    [[nodiscard]] std::string why_not_shared(const std::vector<std::size_t>& units) const {
        const Rules all = all_rules(units);
        const bool sorted =
            std::is_sorted(units.begin(), units.end(), [&](std::size_t one, std::size_t other) {
                return position_[one] < position_[other];
            });
        if (!sorted &&
            (has_deny(all.send) || has_deny(all.receive) || has_deny(all.subscribe))) {
            return "other clients have its roles and groups in another order";
        }
        if (policy_.receive_by_default ? has_exception(all.receive)
                                       : units.size() > 1 && !is_union(units, all)) {
            return "what it may receive depends on several roles together";
        }
        return "";
    }

    // Whether something may be received that a later rule denies.
    static bool has_exception(const std::vector<Rule>& receive) {
        for (auto rule = receive.begin(); rule != receive.end(); ++rule) {
            const bool found =
                rule->effect == Effect::allow &&
                std::any_of(rule, receive.end(), [&](const Rule& later) {
                    return later.effect == Effect::deny &&
                           cut(rule->topic, later.topic, Effect::deny).has_value();
                });
            if (found) {
                return true;
            }
        }
        return false;
    }

    // Whether all that the units allow together one of them allows alone.
    [[nodiscard]] bool is_union(const std::vector<std::size_t>& units, const Rules& all) const {
        if (has_deny(all.receive) || has_deny(all.subscribe)) {
            return false;
        }
        std::vector<Rule> alone;
        for (const std::size_t unit : units) {
            const std::vector<Rule> rules = read_rules(policy_.units[unit].rules);
            alone.insert(alone.end(), rules.begin(), rules.end());
        }
        const std::vector<Rule> together =
            cut_all(all.receive, with_default(all.subscribe), false);
        return std::all_of(together.begin(), together.end(), [&](const Rule& rule) {
            return std::any_of(alone.begin(), alone.end(), [&](const Rule& other) {
                return covers(other.topic, rule.topic);
            });
        });
    }

    void add_client(const std::string& username,
                    const std::vector<std::size_t>& units,
                    const std::string& why_own) {
        if (why_own.empty()) {
            for (const std::size_t unit : units) {
                plan_.client(username).groups.insert(policy_.units[unit].group_name);
            }
            return;
        }
        const Rules all = all_rules(units);
        add_own(username, Permission::write, all.send);
        add_own(username,
                Permission::read,
                cut_all(all.receive, with_default(all.subscribe), policy_.receive_by_default));
        plan_.note(Verdict::carried,
                   fmt::format("client {}", quote(username)),
                   fmt::format("it gets entries of its own and is in no group: {}", why_own));
    }

    // Above what is allowed by default, which has the lowest priority, 0, and is allowed to
    // all.
    void add_own(const std::string& username,
                 Permission permission,
                 const std::vector<Rule>& rules) {
        std::vector<const Rule*> all;
        all.reserve(rules.size());
        for (const Rule& rule : rules) {
            all.push_back(&rule);
        }
        const std::vector<int> ranks = priorities(all);
        for (std::size_t i = 0; i < rules.size(); ++i) {
            add_entry({.username = username, .permission = permission}, rules[i], ranks[i]);
        }
    }

    const Policy& policy_;
    Plan& plan_;
    std::string everyone_ = "everyone";  // has what is allowed by default
    std::vector<std::size_t> order_;     // units, first to last
    std::vector<std::size_t> position_;  // of each unit in order_
};

}  // namespace

void add_rights(const Policy& policy, Plan& plan) {
    Rights(policy, plan).add();
}

}  // namespace pgauth::tool::dynsec
