// Topic names, and the levels between their slashes.
//
//   is_topic_name("plant/7/temp")                      // true: a message can be published to
//   it is_topic_name("plant/+/temp")                      // false: that is a filter for
//   (std::string_view level : TopicLevels("a//b")) // "a", "", "b": empty levels count
//
// The mistake to avoid: taking TopicLevels("") for no levels: it has one, which is empty. Only
// is_topic_name() says that an empty topic name does not exist, and some filters are equal
// because of it (`/#` and `/+/#`).
//
// The rules are those of MQTT 5.0 section 4.7. That text is well-formed UTF-8 without control
// characters is what the broker (for packets) and PostgreSQL (for rows) see to before anything
// arrives here; it is not looked at again, and bytes compare with bytes.
// Thread safety: pure; a TopicLevels is a view of its text.

#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace pgauth {

// Of a topic name and of a topic filter alike (MQTT 5.0, 4.7.3), in bytes.
inline constexpr std::size_t max_topic_bytes = 65535;

// True for 1 to max_topic_bytes bytes with neither `+` nor `#` nor NUL among them.
[[nodiscard]] bool is_topic_name(std::string_view text) noexcept;

// The levels of a topic name or of a topic filter, first to last, without a copy.
class TopicLevels {
  public:
    class Iterator {
      public:
        explicit Iterator(std::string_view text) noexcept : rest_(text) { find_slash(); }

        std::string_view operator*() const noexcept { return rest_.substr(0, slash_); }

        Iterator& operator++() noexcept {
            at_end_ = slash_ == std::string_view::npos;
            if (!at_end_) {
                rest_.remove_prefix(slash_ + 1);
                find_slash();
            }
            return *this;
        }

        bool operator==(std::default_sentinel_t) const noexcept { return at_end_; }

      private:
        void find_slash() noexcept { slash_ = rest_.find('/'); }

        // INVARIANT: rest_ starts with the current level, which ends before slash_.
        std::string_view rest_;
        std::size_t slash_ = 0;
        bool at_end_ = false;
    };

    explicit TopicLevels(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] Iterator begin() const noexcept { return Iterator(text_); }

    [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

  private:
    std::string_view text_;
};

}  // namespace pgauth
