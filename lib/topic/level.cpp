#include "topic/level.hpp"

#include <fmt/format.h>
#include <optional>

#include "base/quote.hpp"
#include "topic/topic_name.hpp"

namespace pgauth {

namespace {

std::optional<std::string> wrong_with_whole(std::string_view text) {
    if (text.empty()) {
        return "is empty: use at least one character, as in `plant/#`";
    }
    if (text.size() > max_topic_bytes) {
        return fmt::format("is too long: use at most {} bytes", max_topic_bytes);
    }
    if (text.find('\0') != std::string_view::npos) {
        return "holds a NUL: use any other characters";
    }
    return std::nullopt;
}

std::optional<std::string> wrong_with_level(std::string_view level, bool is_last) {
    const std::size_t wildcard = level.find_first_of("+#");
    if (wildcard == std::string_view::npos) {
        return std::nullopt;
    }
    if (level.size() > 1) {
        return fmt::format(
            "`{}` is not alone in the level {}: use it between slashes, as in {}",
            level[wildcard],
            quote(level),
            level[wildcard] == '+' ? "`plant/+/temp`" : "`plant/#`");
    }
    if (level == "#" && !is_last) {
        return "`#` is not the last level: use `+` for one level, as in `plant/+/temp`";
    }
    return std::nullopt;
}

Level read_level(std::string_view level) {
    if (level == "+") {
        return {LevelKind::single, {}};
    }
    if (level == "#") {
        return {LevelKind::multi, {}};
    }
    return {LevelKind::literal, std::string(level)};
}

}  // namespace

Result<std::vector<Level>> parse_levels(std::string_view text) {
    std::optional<std::string> wrong = wrong_with_whole(text);
    std::vector<Level> levels;
    const TopicLevels words(text);
    for (auto word = words.begin(); !wrong && word != TopicLevels::end();) {
        const std::string_view level = *word;
        ++word;
        wrong = wrong_with_level(level, word == TopicLevels::end());
        levels.push_back(read_level(level));
    }
    if (wrong) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("topic filter {}: {}", quote(text), *wrong));
    }
    return levels;
}

}  // namespace pgauth
