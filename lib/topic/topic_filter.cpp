#include "topic/topic_filter.hpp"

#include <fmt/format.h>

#include "base/quote.hpp"
#include "topic/level_walk.hpp"
#include "topic/topic_name.hpp"

namespace pgauth {

Result<TopicFilter> TopicFilter::parse(std::string_view text) {
    return parse_levels(text).map([&](std::vector<Level>&& levels) {
        return TopicFilter(std::string(text), std::move(levels));
    });
}

bool TopicFilter::matches(std::string_view topic) const noexcept {
    return includes(FilterWalk(levels_), TopicWalk(topic));
}

bool TopicFilter::covers(const TopicFilter& narrow) const noexcept {
    return includes(FilterWalk(levels_), FilterWalk(narrow.levels_));
}

bool TopicFilter::overlaps(const TopicFilter& other) const noexcept {
    return intersects(FilterWalk(levels_), FilterWalk(other.levels_));
}

Result<std::string_view> strip_share(std::string_view subscription) {
    constexpr std::string_view share = "$share";
    // `$share` alone is a shared subscription without its parts to the broker too.
    if (*TopicLevels(subscription).begin() != share) {
        return subscription;
    }
    const auto wrong = [&](std::string_view cause) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("shared subscription {}: {}: use `$share/<name>/<filter>`, as in "
                        "`$share/workers/plant/#`",
                        quote(subscription),
                        cause));
    };
    std::string_view rest = subscription.substr(share.size());
    rest.remove_prefix(rest.empty() ? 0 : 1);
    const std::string_view name = *TopicLevels(rest).begin();
    if (name.empty()) {
        return wrong("has no name");
    }
    if (name.find_first_of("+#") != std::string_view::npos) {
        return wrong(fmt::format("the name {} holds a wildcard", quote(name)));
    }
    if (rest.size() <= name.size() + 1) {
        return wrong("has no filter");
    }
    return rest.substr(name.size() + 1);
}

}  // namespace pgauth
