// The one walk over levels that answers matches, covers and overlaps. For this room only.
//
//   includes(FilterWalk(filter), TopicWalk(topic))      // the filter matches the topic
//   includes(FilterWalk(wide), FilterWalk(narrow))      // … every topic of the other filter
//   intersects(FilterWalk(one), FilterWalk(other))      // … some topic of the other filter
//
// A walk is a sequence of LevelSets: topics have one level from each. If it ends open(), any
// levels may follow. A topic is a walk of literals, so matching is covering it.
//
// The answers are exact statements about sets of valid topic names (MQTT 5.0 section 4.7), `$`
// topics, empty levels, and the longest permitted name included. That rests on two things:
// every LevelSet of a FilterWalk over a TopicFilter has members, and an open end begins only
// where a topic may really end.
// Thread safety: a walk is used by one thread; what it walks over is only read.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "topic/level.hpp"
#include "topic/placeholders.hpp"
#include "topic/topic_name.hpp"

namespace pgauth {

// The names that may stand in one level. Any two either nest or have nothing in common.
struct LevelSet {
    enum class Kind : std::uint8_t {
        nothing,
        literal,     // exactly `text`
        not_dollar,  // every name that does not start with `$`
        any,
    };

    Kind kind;
    std::string_view text;

    // REQUIRES: `narrow` is not `nothing`.
    [[nodiscard]] bool includes(const LevelSet& narrow) const noexcept;
    [[nodiscard]] bool intersects(const LevelSet& other) const noexcept;
};

// A filter as its first `length` levels, one LevelSet each, after which any may follow, or
// none.
struct FilterShape {
    std::size_t length;
    bool open;
};

[[nodiscard]] FilterShape shape_of(const std::vector<Level>& levels) noexcept;

// What stands for the level `at` of a filter. REQUIRES: `at` is less than its shape's length.
[[nodiscard]] LevelSet level_set(const Level& level,
                                 std::size_t at,
                                 const PlaceholderValues& values,
                                 Unsatisfiable unsatisfiable) noexcept;

class TopicWalk {
  public:
    explicit TopicWalk(std::string_view topic) noexcept : at_(topic) {}

    [[nodiscard]] std::optional<LevelSet> next() noexcept;

    [[nodiscard]] static bool open() noexcept { return false; }

  private:
    TopicLevels::Iterator at_;
};

class FilterWalk {
  public:
    // A filter without placeholders.
    explicit FilterWalk(const std::vector<Level>& levels) noexcept
        : levels_(levels), shape_(shape_of(levels)) {}

    FilterWalk(const std::vector<Level>& levels,
               const PlaceholderValues& values,
               Unsatisfiable unsatisfiable) noexcept
        : levels_(levels),
          shape_(shape_of(levels)),
          values_(values),
          unsatisfiable_(unsatisfiable) {}

    [[nodiscard]] std::optional<LevelSet> next() noexcept;

    // Whether any levels may follow the last.
    [[nodiscard]] bool open() const noexcept { return shape_.open; }

  private:
    const std::vector<Level>& levels_;
    FilterShape shape_;
    PlaceholderValues values_;
    Unsatisfiable unsatisfiable_ = Unsatisfiable::never_matches;
    std::size_t next_ = 0;
};

// True if `wide` includes every topic of `narrow`, a FilterWalk or a TopicWalk.
// REQUIRES: no level of `narrow` is `nothing`.
template <typename Narrow>
[[nodiscard]] bool includes(FilterWalk wide, Narrow narrow) noexcept {
    for (;;) {
        const std::optional<LevelSet> outer = wide.next();
        if (!outer && wide.open()) {
            return true;
        }
        const std::optional<LevelSet> inner = narrow.next();
        if (!outer || !inner) {
            return !outer && !inner && !narrow.open();
        }
        if (!outer->includes(*inner)) {
            return false;
        }
    }
}

// True if some topic is in both.
[[nodiscard]] bool intersects(FilterWalk one, FilterWalk other) noexcept;

}  // namespace pgauth
