#include "topic/topic_pattern.hpp"

#include <fmt/format.h>

#include "base/quote.hpp"
#include "topic/level_walk.hpp"

namespace pgauth {

Result<TopicPattern> TopicPattern::parse(std::string_view text) {
    // Subscriptions are judged without it: an entry that names one would never be relevant.
    if (text.starts_with("$share/")) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("topic filter {}: shared subscriptions are judged by their filter: "
                        "use what follows `$share/<name>/`",
                        quote(text)));
    }
    Result<std::vector<Level>> levels = parse_levels(text);
    if (!levels) {
        return tl::unexpected(std::move(levels.error()));
    }
    for (Level& level : *levels) {
        if (level.kind != LevelKind::literal) {
            continue;
        }
        Result<Level> read = parse_placeholder(level.text);
        if (!read) {
            return fail(read.error().kind,
                        fmt::format("topic filter {}: {}", quote(text), read.error().message));
        }
        level = std::move(*read);
    }
    return TopicPattern(std::string(text), std::move(*levels));
}

TopicPattern TopicPattern::everything() {
    return {{}, {Level{LevelKind::everything, {}}}};
}

bool TopicPattern::matches(std::string_view topic,
                           const PlaceholderValues& values,
                           Unsatisfiable unsatisfiable) const noexcept {
    return includes(FilterWalk(levels_, values, unsatisfiable), TopicWalk(topic));
}

bool TopicPattern::covers(const TopicFilter& narrow,
                          const PlaceholderValues& values,
                          Unsatisfiable unsatisfiable) const noexcept {
    return includes(FilterWalk(levels_, values, unsatisfiable), FilterWalk(narrow.levels()));
}

bool TopicPattern::overlaps(const TopicFilter& other,
                            const PlaceholderValues& values,
                            Unsatisfiable unsatisfiable) const noexcept {
    return intersects(FilterWalk(levels_, values, unsatisfiable), FilterWalk(other.levels()));
}

}  // namespace pgauth
