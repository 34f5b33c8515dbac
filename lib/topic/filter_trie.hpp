// FilterTrie: many topic patterns, to find the first of those that answer a question.
//
//   const FilterTrie trie(items);           // each: a pattern, how it is judged, its marks
//   trie.first_matching("plant/7/temp", {values, marks}).place    // in items, or nowhere
//   trie.first_covering(subscription, {values, marks}).place
//   trie.first_overlapping(subscription, {values, marks}).place
//
// The patterns share their first levels: a node is a level, below the levels before it. So a
// topic is looked up level by level, each with one look into a hash table, however many
// patterns there are. Where a level may be a wildcard or a placeholder as well, both ways are
// gone, and none that holds nothing better than what was found.
//
// The bound: a question looks at each node at most once, and there are no more nodes than
// levels in all the patterns. For each it looks once at one level of what is asked (and at a
// placeholder's value). It goes back along the nodes and not along a stack: however deep a
// topic or a pattern is, a question needs no memory and does not recurse.
//
// The answers are those of TopicPattern, one by one (topic_pattern.hpp).
// Thread safety: immutable.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "base/words.hpp"
#include "topic/level.hpp"
#include "topic/placeholders.hpp"
#include "topic/topic_filter.hpp"
#include "topic/topic_pattern.hpp"

namespace pgauth {

class FilterTrie {
  public:
    using Place = std::uint32_t;
    using Marks = std::uint16_t;  // a set of bits: what an item is good for

    static constexpr Place nowhere = std::numeric_limits<Place>::max();

    struct Item {
        const TopicPattern* pattern = nullptr;
        Unsatisfiable unsatisfiable = Unsatisfiable::never_matches;
        Marks marks = 0;
    };

    struct Question {
        const PlaceholderValues& values;
        Marks marks = 0;         // items with any of these
        Place before = nowhere;  // that come before this place
    };

    struct Answer {
        Place place = nowhere;      // Question::before where there is none
        std::uint32_t visited = 0;  // how many nodes were looked at
    };

    // REQUIRES: the patterns outlive the trie; there are fewer than `nowhere` levels in them.
    explicit FilterTrie(std::span<const Item> items);

    // REQUIRES: is_topic_name(topic).
    [[nodiscard]] Answer first_matching(std::string_view topic,
                                        const Question& question) const noexcept;

    [[nodiscard]] Answer first_covering(const TopicFilter& narrow,
                                        const Question& question) const noexcept;

    [[nodiscard]] Answer first_overlapping(const TopicFilter& other,
                                           const Question& question) const noexcept;

    [[nodiscard]] std::size_t nodes() const noexcept { return nodes_.size(); }

    // Whether answers may depend on Question::values.
    [[nodiscard]] bool has_placeholders() const noexcept { return has_placeholders_; }

  private:
    class Builder;
    template <typename Asked>
    class Walk;

    // Indices into the vectors below. The first of each is nobody's child, so 0 means none.
    using NodeId = std::uint32_t;
    using BearerId = std::uint32_t;

    // What a level's text has to be compared with lies in its node, where it is short.
    static constexpr std::size_t short_text = 21;

    // In the place of a BearerId: the one whose place and marks are those of the node.
    static constexpr BearerId node_itself = std::numeric_limits<BearerId>::max();

    static constexpr std::size_t cache_line = 64;

    // A line of the processor's cache. INVARIANT: siblings are in the order of their places;
    // `place` and `marks` are those of all that is at the node and below it, the first and the
    // union.
    struct alignas(cache_line) Node {
        const Level* level = nullptr;
        NodeId parent = 0;
        NodeId next = 0;           // sibling: of the literals, or of the others
        NodeId first_literal = 0;  // child
        NodeId first_other = 0;
        Place place = nowhere;
        BearerId closed = 0;  // whose pattern ends here
        BearerId open = 0;    // whose pattern has any levels from here on
        Marks marks = 0;
        LevelKind kind = LevelKind::everything;
        Unsatisfiable unsatisfiable = Unsatisfiable::never_matches;
        std::uint16_t text_size = 0;
        bool has_one_literal = false;  // among its children
        std::array<char, short_text> text = {};

        [[nodiscard]] bool has_text(std::string_view other) const noexcept {
            return text_size <= short_text ? same_words({text.data(), text_size}, other)
                                           : level->text == other;
        }
    };

    static_assert(sizeof(Node) == cache_line);

    // An item, in the list of those that end at one node: first to last, each with a mark that
    // those before it have not.
    struct Bearer {
        Place place = nowhere;
        Marks marks = 0;
        BearerId next = 0;
    };

    // Open addressing: children by their parent and their level.
    struct Slot {
        std::uint32_t tag = 0;
        NodeId node = 0;
    };

    [[nodiscard]] NodeId find(NodeId parent,
                              LevelKind kind,
                              Unsatisfiable unsatisfiable,
                              std::string_view text) const noexcept;

    std::vector<Node> nodes_;
    std::vector<Bearer> bearers_;
    std::vector<Slot> slots_;  // a power of two, half of them empty
    std::size_t longest_literal_ = 0;
    bool has_placeholders_ = false;
};

}  // namespace pgauth
