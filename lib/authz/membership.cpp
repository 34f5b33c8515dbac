#include "authz/membership.hpp"

#include <algorithm>
#include <iterator>

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
    for (const GroupRule& rule : replica.rules()) {
        const Match match = rule.match(facts);
        if (match != Match::no) {
            std::vector<GroupId>& joined = match == Match::yes ? groups.certain : maybe;
            joined.insert(joined.end(), rule.groups.begin(), rule.groups.end());
        }
    }
    make_set(groups.certain);
    make_set(maybe);
    std::set_difference(maybe.begin(),
                        maybe.end(),
                        groups.certain.begin(),
                        groups.certain.end(),
                        std::back_inserter(groups.possible));
    return groups;
}

}  // namespace pgauth
