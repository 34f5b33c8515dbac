// A made-up plant, for measuring: what its groups may do, and what its clients ask for.
//
//   entry_text(7, 42)                        // the entry 42 of group 7
//   any_topic(random, 0, 10, 100)            // for somebody in groups 0 to 9 of 100 entries
//   each any_subscriptions(10, 100)

#pragma once

#include <cstddef>
#include <fmt/format.h>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "topic/topic_filter.hpp"

namespace pgauth::bench {

inline constexpr std::size_t asked_topics = 4096;

struct EntryText {
    std::string_view effect;
    std::string_view permission;
    std::string topic;
    std::string_view priority;
};

// Of every ten entries of a group: six for one press each, and one each for all presses of a
// line, for the client itself, against some of what the others allow, and for all plants.
inline EntryText entry_text(std::size_t group, std::size_t i) {
    const std::size_t line = i / 10;
    switch (i % 10) {
        case 6:
            return {"allow", "read", fmt::format("plant/{}/line-{}/+/alarm", group, line), "0"};
        case 7:
            return {"allow", "write", fmt::format("audit/{}/{}/%u", group, line), "0"};
        case 8:
            return {"deny",
                    "write",
                    fmt::format("plant/{}/line-{}/press-{}/config/#", group, line, i - 8),
                    "1"};
        case 9:
            return {"allow", "read", fmt::format("+/{}/status-{}", group, line), "0"};
        default:
            return {"allow",
                    "readWrite",
                    fmt::format("plant/{}/line-{}/press-{}/#", group, line, i),
                    "0"};
    }
}

// What somebody in `groups` of `entries` each publishes: mostly what is allowed.
inline std::string any_topic(std::minstd_rand& random,
                             std::size_t first_group,
                             std::size_t groups,
                             std::size_t entries) {
    const std::size_t group = first_group + random() % groups;
    const std::size_t i = random() % entries;
    const std::size_t line = i / 10;
    switch (random() % 8) {
        case 0:
            return fmt::format("plant/{}/line-{}/press-{}/config/speed", group, line, i);
        case 1:
            return fmt::format("audit/{}/{}/press-7", group, line);
        case 2:
            return fmt::format("plant/{}/line-{}/press-{}/temp", group, line, i % 10 + entries);
        default:
            return fmt::format("plant/{}/line-{}/press-{}/temp", group, line, i - i % 10);
    }
}

inline std::vector<std::string> any_topics(std::size_t groups, std::size_t entries) {
    std::minstd_rand random(1);
    std::vector<std::string> topics;
    for (std::size_t i = 0; i < asked_topics; ++i) {
        topics.push_back(any_topic(random, 0, groups, entries));
    }
    return topics;
}

inline std::vector<TopicFilter> any_subscriptions(std::size_t groups, std::size_t entries) {
    std::minstd_rand random(2);
    std::vector<TopicFilter> filters;
    for (std::size_t i = 0; i < asked_topics; ++i) {
        const std::size_t group = random() % groups;
        const std::size_t press = random() % entries / 10 * 10;
        const std::string text =
            i % 4 == 0 ? fmt::format("plant/{}/line-{}/+/alarm", group, press / 10)
            : i % 4 == 1
                ? fmt::format("plant/{}/line-{}/press-{}/+/state", group, press / 10, press)
            : i % 4 == 2 ? fmt::format("plant/{}/line-{}/press-{}/#", group, press / 10, press)
                         : fmt::format("plant/{}/line-{}/#", group, press / 10);
        filters.push_back(TopicFilter::parse(text).value());
    }
    return filters;
}

}  // namespace pgauth::bench
