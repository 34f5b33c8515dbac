// TopicFilter: a topic filter that is known to be well formed: what a client subscribes to.
//
//   Result<std::string_view> text = strip_share("$share/workers/site/+/temp/#");
//   Result<TopicFilter> filter = TopicFilter::parse(*text);        // site/+/temp/#
//   filter->matches("site/7/temp/indoor");                         // true
//   filter->covers(*TopicFilter::parse("site/7/temp/+"));          // true
//   filter->overlaps(*TopicFilter::parse("site/7/#"));             // true
//
// The mistake to avoid: matching a filter as if it were a topic. `site/+` matches the text
// `site/#`, and whoever subscribes to that gets the whole subtree; covers() is the question.
//
// covers() and overlaps() are exact: they speak of the sets of valid topic names, not of
// spellings. So `+/#` and `#` cover each other, since `#` stands for its parent level too, and
// a leading wildcard covers no filter that starts with `$`. The rules are MQTT 5.0 section 4.7;
// placeholders mean nothing here (see TopicPattern).
// Thread safety: immutable after parse(); share freely.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "topic/level.hpp"

namespace pgauth {

class TopicFilter {
  public:
    // Fails with invalid_input as parse_levels() does.
    [[nodiscard]] static Result<TopicFilter> parse(std::string_view text);

    // True if a message published to `topic` falls under this filter. Linear, never allocates.
    // REQUIRES: is_topic_name(topic).
    [[nodiscard]] bool matches(std::string_view topic) const noexcept;

    // True exactly if this filter matches every topic name that `narrow` matches.
    [[nodiscard]] bool covers(const TopicFilter& narrow) const noexcept;

    // True exactly if some topic name is matched by both.
    [[nodiscard]] bool overlaps(const TopicFilter& other) const noexcept;

    // As it was parsed.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    // Literal, single and multi.
    [[nodiscard]] const std::vector<Level>& levels() const noexcept { return levels_; }

  private:
    TopicFilter(std::string text, std::vector<Level> levels)
        : text_(std::move(text)), levels_(std::move(levels)) {}

    // INVARIANT: levels_ is what parse_levels(text_) gives.
    std::string text_;
    std::vector<Level> levels_;
};

// The filter of a subscription: F of `$share/<name>/F`, and what has no `$share` as it is.
// Fails with invalid_input where the name is empty or holds a wildcard, or no filter follows it
// (MQTT 5.0 section 4.8.2). Whether F is well formed is for parse() to say.
[[nodiscard]] Result<std::string_view> strip_share(std::string_view subscription);

}  // namespace pgauth
