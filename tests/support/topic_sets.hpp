// Filters as the sets of topics that they match, by brute force, to ask whether covers() and
// overlaps() are exact.
//
// The universe is rich enough for filters of up to three levels over the words below: it has a
// name and a `$` name that no filter spells, so that a wildcard always matches what no literal
// does, the empty level, and one level more than any filter, so that `#` always matches what no
// filter without it does.

#pragma once

#include <bitset>

#include "support/naive_topic_match.hpp"

namespace pgauth::test {

inline constexpr std::size_t longest_filter = 3;

using TopicSet = std::bitset<1600>;

inline const std::vector<Words>& topic_universe() {
    static const std::vector<Words> topics = well_formed(
        all_word_lists({"", "a", "b", "$s", "fresh", "$fresh"}, longest_filter + 1));
    return topics;
}

inline TopicSet topics_of(const Words& filter,
                          const std::optional<NaiveUser>& user = std::nullopt) {
    TopicSet set;
    for (std::size_t i = 0; i < topic_universe().size(); ++i) {
        set.set(i, naive_match(filter, topic_universe()[i], user));
    }
    return set;
}

}  // namespace pgauth::test
