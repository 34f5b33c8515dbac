#include "import/entry_topic.hpp"

#include <fmt/format.h>

#include "base/quote.hpp"
#include "config/text.hpp"
#include "topic/topic_name.hpp"
#include "topic/topic_pattern.hpp"

namespace pgauth::tool {

bool holds_placeholder(std::string_view level) {
    return level.find("%u") != std::string_view::npos ||
           level.find("%c") != std::string_view::npos ||
           level.find("%{") != std::string_view::npos;
}

std::vector<std::string> split_levels(std::string_view topic) {
    std::vector<std::string> levels;
    for (const std::string_view level : TopicLevels(topic)) {
        levels.emplace_back(level);
    }
    return levels;
}

std::string join_levels(const std::vector<std::string>& levels) {
    std::string topic;
    for (const std::string& level : levels) {
        topic += (&level == &levels.front() ? "" : "/") + level;
    }
    return topic;
}

EntryTopic entry_topic(std::string_view topic, Effect effect, Meaning meaning) {
    std::vector<std::string> levels = split_levels(topic);
    std::string note;
    for (std::string& level : levels) {
        const bool is_placeholder =
            meaning == Meaning::whole_level && (level == "%u" || level == "%c");
        if (is_placeholder || !holds_placeholder(level)) {
            continue;
        }
        note = fmt::format("{}: the level {} would be a placeholder here, or hold one",
                           quote(topic),
                           quote(level));
        const bool is_first = &level == &levels.front();
        if (effect == Effect::allow || (is_first && level.starts_with('$'))) {
            return {std::nullopt, note};
        }
        level = "+";
    }
    const std::string filter = join_levels(levels);
    if (const auto flaw = find_flaw(filter, Layout::one_line)) {
        return {std::nullopt,
                fmt::format("{}: it holds a control character, or is not UTF-8", quote(topic))};
    }
    if (const auto parsed = TopicPattern::parse(filter); !parsed) {
        return {std::nullopt, parsed.error().message};
    }
    if (!note.empty()) {
        note += fmt::format(": it denies {}", quote(filter));
    }
    return {filter, note};
}

}  // namespace pgauth::tool
