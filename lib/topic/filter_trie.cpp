#include "topic/filter_trie.hpp"

#include <algorithm>
#include <utility>

#include "base/words.hpp"
#include "topic/level_walk.hpp"

namespace pgauth {

namespace {

// What `#` stands for where it stands for a level (level_walk.cpp).
const Level any_one_level{LevelKind::single, {}};

// Only who writes patterns could make it collide, to nobody's harm but of his own policy.
std::uint32_t tag_of(std::uint32_t parent, std::string_view text) noexcept {
    return static_cast<std::uint32_t>(word_hash(parent, text) >> 32U);
}

}  // namespace

class FilterTrie::Builder {
  public:
    explicit Builder(FilterTrie& trie) : trie_(trie), last_(1) {
        trie_.nodes_.emplace_back();
        trie_.bearers_.emplace_back();
        trie_.slots_.resize(initial_slots);
    }

    // REQUIRES: `place` is greater than before.
    void add(Place place, const Item& item) {
        const std::vector<Level>& levels = item.pattern->levels();
        const FilterShape shape = shape_of(levels);
        const bool is_everything = levels.front().kind == LevelKind::everything;
        NodeId node = 0;
        note(node, place, item.marks);
        for (std::size_t depth = 0; depth < shape.length && !is_everything; ++depth) {
            const Level& level = levels[depth];
            node = find_or_add(node,
                               level.kind == LevelKind::multi ? any_one_level : level,
                               item.unsatisfiable);
            note(node, place, item.marks);
        }
        Node& end = trie_.nodes_[node];
        hang(shape.open ? end.open : end.closed, place, item.marks);
    }

    // To be called when all have been added. What ends at a node is mostly one pattern, and all
    // that is there: then the node says it all, and nothing else need be looked at.
    void settle() {
        std::vector<Bearer> bearers(1);
        for (Node& node : trie_.nodes_) {
            node.closed = settled(node, node.closed, bearers);
            node.open = settled(node, node.open, bearers);
            const NodeId first = node.first_literal;
            node.has_one_literal = first != 0 && trie_.nodes_[first].next == 0;
        }
        bearers.shrink_to_fit();
        trie_.bearers_ = std::move(bearers);
        trie_.nodes_.shrink_to_fit();
    }

  private:
    static constexpr std::size_t initial_slots = 16;

    [[nodiscard]] BearerId settled(const Node& node,
                                   BearerId first,
                                   std::vector<Bearer>& bearers) const {
        if (first == 0) {
            return 0;
        }
        const Bearer& one = trie_.bearers_[first];
        if (one.next == 0 && one.place == node.place && one.marks == node.marks) {
            return node_itself;
        }
        const auto settled_first = static_cast<BearerId>(bearers.size());
        for (BearerId id = first; id != 0; id = trie_.bearers_[id].next) {
            bearers.push_back(trie_.bearers_[id]);
            bearers.back().next =
                trie_.bearers_[id].next == 0 ? 0 : static_cast<BearerId>(bearers.size());
        }
        return settled_first;
    }

    struct LastChildren {
        NodeId literal = 0;
        NodeId other = 0;
    };

    void note(NodeId id, Place place, Marks marks) {
        Node& node = trie_.nodes_[id];
        node.place = std::min(node.place, place);
        node.marks = static_cast<Marks>(node.marks | marks);
    }

    void hang(BearerId& first, Place place, Marks marks) {
        std::vector<Bearer>& bearers = trie_.bearers_;
        unsigned known = 0;
        BearerId last = 0;
        for (BearerId id = first; id != 0; id = bearers[id].next) {
            known |= bearers[id].marks;
            last = id;
        }
        if ((marks & ~known) == 0) {
            return;
        }
        const auto id = static_cast<BearerId>(bearers.size());
        bearers.push_back({.place = place, .marks = marks});
        (last == 0 ? first : bearers[last].next) = id;
    }

    NodeId find_or_add(NodeId parent, const Level& level, Unsatisfiable unsatisfiable) {
        const bool is_placeholder =
            level.kind != LevelKind::literal && level.kind != LevelKind::single;
        trie_.has_placeholders_ = trie_.has_placeholders_ || is_placeholder;
        const Unsatisfiable judged =
            is_placeholder ? unsatisfiable : Unsatisfiable::never_matches;
        const NodeId known = trie_.find(parent, level.kind, judged, level.text);
        if (known != 0) {
            return known;
        }
        const auto id = static_cast<NodeId>(trie_.nodes_.size());
        if (2 * trie_.nodes_.size() > trie_.slots_.size()) {
            grow();
        }
        last_.emplace_back();
        Node added;
        added.level = &level;
        added.parent = parent;
        added.kind = level.kind;
        added.unsatisfiable = judged;
        added.text_size = static_cast<std::uint16_t>(level.text.size());
        std::copy_n(
            level.text.data(), std::min(level.text.size(), short_text), added.text.data());
        trie_.nodes_.push_back(added);
        enter({tag_of(parent, level.text), id});
        const bool is_literal = level.kind == LevelKind::literal;
        NodeId& last = is_literal ? last_[parent].literal : last_[parent].other;
        Node& above = trie_.nodes_[parent];
        NodeId& first = is_literal ? above.first_literal : above.first_other;
        (last == 0 ? first : trie_.nodes_[last].next) = id;
        last = id;
        if (is_literal) {
            trie_.longest_literal_ = std::max(trie_.longest_literal_, level.text.size());
        }
        return id;
    }

    void enter(const Slot& slot) {
        const std::size_t mask = trie_.slots_.size() - 1;
        std::size_t at = slot.tag & mask;
        while (trie_.slots_[at].node != 0) {
            at = (at + 1) & mask;
        }
        trie_.slots_[at] = slot;
    }

    void grow() {
        const std::vector<Slot> before =
            std::exchange(trie_.slots_, std::vector<Slot>(2 * trie_.slots_.size()));
        for (const Slot& slot : before) {
            if (slot.node != 0) {
                enter(slot);
            }
        }
    }

    FilterTrie& trie_;
    std::vector<LastChildren> last_;  // of each node
};

FilterTrie::FilterTrie(std::span<const Item> items) {
    Builder builder(*this);
    for (std::size_t place = 0; place < items.size(); ++place) {
        builder.add(static_cast<Place>(place), items[place]);
    }
    builder.settle();
}

FilterTrie::NodeId FilterTrie::find(NodeId parent,
                                    LevelKind kind,
                                    Unsatisfiable unsatisfiable,
                                    std::string_view text) const noexcept {
    const std::uint32_t tag = tag_of(parent, text);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = tag & mask; slots_[at].node != 0; at = (at + 1) & mask) {
        const Slot& slot = slots_[at];
        if (slot.tag != tag) {
            continue;
        }
        const Node& node = nodes_[slot.node];
        if (node.parent == parent && node.kind == kind && node.unsatisfiable == unsatisfiable &&
            node.has_text(text)) {
            return slot.node;
        }
    }
    return 0;
}

}  // namespace pgauth
