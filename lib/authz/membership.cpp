#include "authz/membership.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace pgauth {

namespace {

void make_set(std::vector<GroupId>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

Membership groups_of(const Replica& replica,
                     const Client& client,
                     const ConnectionFacts& facts) {
    Membership groups;
    std::vector<GroupId> maybe;
    groups.certain = client.groups;
    replica.for_each_rule([&](const GroupRule& rule) {
        const Match match = rule.match(facts);
        if (match == Match::no) {
            return;
        }
        std::vector<GroupId>& joined = match == Match::yes ? groups.certain : maybe;
        for (const std::string& name : rule.group_names) {
            if (const auto group = replica.find_group_by_name(name)) {
                joined.push_back(group->id);
            }
        }
    });
    make_set(groups.certain);
    make_set(maybe);
    std::set_difference(maybe.begin(),
                        maybe.end(),
                        groups.certain.begin(),
                        groups.certain.end(),
                        std::back_inserter(groups.possible));
    return groups;
}

std::vector<GroupSource> sources_of(const Replica& replica,
                                    const Client& client,
                                    const ConnectionFacts& facts) {
    std::vector<GroupSource> sources;
    for (const GroupId& id : client.groups) {
        if (const auto group = replica.find_group(id)) {
            sources.push_back({group->name, ""});
        }
    }
    replica.for_each_rule([&](const GroupRule& rule) {
        if (rule.match(facts) != Match::yes) {
            return;
        }
        for (const std::string& name : rule.group_names) {
            if (replica.find_group_by_name(name) != nullptr) {
                sources.push_back({name, rule.name});
            }
        }
    });
    std::sort(sources.begin(), sources.end(), [](const auto& one, const auto& other) {
        return std::tuple(!one.rule.empty(), one.group, one.rule) <
               std::tuple(!other.rule.empty(), other.group, other.rule);
    });
    return sources;
}

}  // namespace pgauth
