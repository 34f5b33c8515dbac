// TopicPattern: the topic filter of an ACL entry, in which levels may be placeholders.
//
//   Result<TopicPattern> mine = TopicPattern::parse("plant/%{line}/%u/#");
//   mine->matches("plant/2/press-7/temp", session.values, Unsatisfiable::never_matches);
//   mine->covers(subscription, session.values, Unsatisfiable::never_matches);   // allow
//   entries deny->matches(topic, session.values, Unsatisfiable::any_level);             // deny
//   entries
//
// The mistake to avoid: an allow entry judged with any_level, or a deny entry with
// never_matches. Either opens what cannot be evaluated.
//
// Values compare literally, and `+` and `#` in a subscription stay wildcards: `%u` covers no
// `+`, not even for a client called `+`. placeholders.hpp has the grammar and says which values
// count; the rest is MQTT 5.0 section 4.7, and as exact as TopicFilter.
// Thread safety: immutable after parse(); share freely.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "topic/level.hpp"
#include "topic/placeholders.hpp"
#include "topic/topic_filter.hpp"

namespace pgauth {

class TopicPattern {
  public:
    // Fails with invalid_input as parse_levels() does, where a level holds a placeholder
    // without being one, and for `$share/…`.
    [[nodiscard]] static Result<TopicPattern> parse(std::string_view text);

    // Matches every topic, also those that start with `$`, whatever the values: what becomes of
    // a deny entry that makes no sense. Its text() is empty, which no parsed pattern's is.
    [[nodiscard]] static TopicPattern everything();

    // True if a message published to `topic` falls under this pattern. Linear in the topic and
    // in the values, never allocates. REQUIRES: is_topic_name(topic).
    [[nodiscard]] bool matches(std::string_view topic,
                               const PlaceholderValues& values,
                               Unsatisfiable unsatisfiable) const noexcept;

    // True exactly if this pattern matches every topic name that `narrow` matches.
    [[nodiscard]] bool covers(const TopicFilter& narrow,
                              const PlaceholderValues& values,
                              Unsatisfiable unsatisfiable) const noexcept;

    // True exactly if some topic name is matched by both.
    [[nodiscard]] bool overlaps(const TopicFilter& other,
                                const PlaceholderValues& values,
                                Unsatisfiable unsatisfiable) const noexcept;

    // As it was parsed.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    [[nodiscard]] const std::vector<Level>& levels() const noexcept { return levels_; }

  private:
    TopicPattern(std::string text, std::vector<Level> levels)
        : text_(std::move(text)), levels_(std::move(levels)) {}

    // INVARIANT: levels_ has one item a level of text_, or is {everything} where text_ is
    // empty.
    std::string text_;
    std::vector<Level> levels_;
};

}  // namespace pgauth
