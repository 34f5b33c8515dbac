// How a FilterTrie is asked.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/words.hpp"
#include "topic/filter_trie.hpp"
#include "topic/level_walk.hpp"
#include "topic/topic_name.hpp"

namespace pgauth {

namespace {

// --- what is asked: each says where in it the walk is --------------------------------------

class AskedTopic {
  public:
    explicit AskedTopic(std::string_view topic) noexcept : topic_(topic) { find_end(); }

    [[nodiscard]] bool has_level() const noexcept { return begin_ <= topic_.size(); }

    // REQUIRES: has_level().
    [[nodiscard]] LevelSet level() const noexcept {
        return {LevelSet::Kind::literal, {topic_.data() + begin_, end_ - begin_}};
    }

    // Whether a pattern that ends here answers.
    [[nodiscard]] bool ends() const noexcept { return !has_level(); }

    [[nodiscard]] static bool is_possible() noexcept { return true; }

    [[nodiscard]] bool is_at_start() const noexcept { return depth_ == 0; }

    [[nodiscard]] static bool admits(const LevelSet& edge, const LevelSet& level) noexcept {
        return edge.includes(level);
    }

    template <typename Edge>
    void descend(Edge /*edge*/) noexcept {
        if (depth_ < remembered) {
            begins_[depth_] = static_cast<std::uint16_t>(begin_);
        }
        ++depth_;
        begin_ = end_ + 1;
        find_end();
    }

    template <typename Edge>
    void ascend(Edge /*edge*/) noexcept {
        --depth_;
        end_ = begin_ - 1;
        if (depth_ < remembered) {
            begin_ = begins_[depth_];
        } else {
            begin_ = topic_.substr(0, end_).rfind('/') + 1;
        }
    }

  private:
    // To search for the slash before takes its time: it is remembered of as many levels as
    // most topics have.
    static constexpr std::size_t remembered = 16;

    void find_end() noexcept {
        end_ = begin_ <= topic_.size() ? first_of<'/'>(topic_, begin_) : begin_;
    }

    // INVARIANT: a level is between the two; past the last, both are behind the topic's end.
    std::string_view topic_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t depth_ = 0;
    std::array<std::uint16_t, remembered> begins_ = {};
};

class AskedFilter {
  public:
    explicit AskedFilter(const TopicFilter& filter) noexcept
        : levels_(filter.levels()), shape_(shape_of(levels_)) {}

    [[nodiscard]] bool is_at_start() const noexcept { return depth_ == 0; }

  protected:
    [[nodiscard]] bool is_within() const noexcept { return depth_ < shape_.length; }

    // REQUIRES: is_within().
    [[nodiscard]] LevelSet level_here() const noexcept { return level_at(depth_); }

    [[nodiscard]] LevelSet level_at(std::size_t depth) const noexcept {
        return level_set(levels_[depth], depth, {}, Unsatisfiable::never_matches);
    }

    [[nodiscard]] const FilterShape& shape() const noexcept { return shape_; }

    void step_down() noexcept { ++depth_; }

    void step_up() noexcept { --depth_; }

  private:
    const std::vector<Level>& levels_;
    FilterShape shape_;
    std::size_t depth_ = 0;
};

// A pattern answers that includes the filter.
class AskedToCover : public AskedFilter {
  public:
    using AskedFilter::AskedFilter;

    [[nodiscard]] bool has_level() const noexcept { return is_within(); }

    [[nodiscard]] LevelSet level() const noexcept { return level_here(); }

    [[nodiscard]] bool ends() const noexcept { return !is_within() && !shape().open; }

    [[nodiscard]] static bool is_possible() noexcept { return true; }

    [[nodiscard]] static bool admits(const LevelSet& edge, const LevelSet& level) noexcept {
        return edge.includes(level);
    }

    template <typename Edge>
    void descend(Edge /*edge*/) noexcept {
        step_down();
    }

    template <typename Edge>
    void ascend(Edge /*edge*/) noexcept {
        step_up();
    }
};

// A pattern answers that has a topic in common with the filter. Past the filter's end, where
// any levels may follow, the walk goes on.
class AskedToOverlap : public AskedFilter {
  public:
    explicit AskedToOverlap(const TopicFilter& filter) noexcept : AskedFilter(filter) {
        for (std::size_t depth = 0; depth < shape().length; ++depth) {
            bytes_ += level_at(depth).text.size() + 1;
        }
    }

    [[nodiscard]] bool has_level() const noexcept { return is_within() || shape().open; }

    [[nodiscard]] LevelSet level() const noexcept {
        return is_within() ? level_here() : LevelSet{LevelSet::Kind::any, {}};
    }

    [[nodiscard]] bool ends() const noexcept { return !is_within(); }

    [[nodiscard]] bool is_possible() const noexcept { return bytes_ <= max_topic_bytes + 1; }

    [[nodiscard]] static bool admits(const LevelSet& edge, const LevelSet& level) noexcept {
        return edge.intersects(level);
    }

    template <typename Edge>
    void descend(Edge edge) noexcept {
        bytes_ += added_by(edge());
        step_down();
    }

    template <typename Edge>
    void ascend(Edge edge) noexcept {
        step_up();
        bytes_ -= added_by(edge());
    }

  private:
    // A literal is longer than the shortest name that a wildcard stands for, the empty one.
    [[nodiscard]] std::size_t added_by(const LevelSet& edge) const noexcept {
        if (!is_within()) {
            return edge.text.size() + 1;
        }
        return level().kind == LevelSet::Kind::literal ? 0 : edge.text.size();
    }

    // Of the shortest topic in common as far as the walk has come, with a slash after each
    // level.
    std::size_t bytes_ = 0;
};

}  // namespace

template <typename Asked>
class FilterTrie::Walk {
  public:
    // `asked`: what an Asked is made of. In its place: a copy of what was just written in
    // smaller pieces stops the processor.
    template <typename Source>
    Walk(const FilterTrie& trie, const Source& asked, const Question& question) noexcept
        : trie_(trie), asked_(asked), question_(question), answer_{question.before, 0} {}

    // Down into the first child that is worth it; where there is none, up and on to the next.
    [[nodiscard]] Answer run() noexcept {
        NodeId child = arrive();
        for (;;) {
            child = first_worth_it(child);
            if (child != 0) {
                asked_.descend([&] { return edge_to(node(child)); });
                at_ = child;
                child = arrive();
            } else if (at_ != 0) {
                child = leave();
            } else {
                return answer_;
            }
        }
    }

  private:
    [[nodiscard]] const Node& node(NodeId id) const noexcept { return trie_.nodes_[id]; }

    [[nodiscard]] LevelSet edge_to(const Node& child) const noexcept {
        if (child.kind == LevelKind::single && !asked_.is_at_start()) {
            return {LevelSet::Kind::any, {}};  // as level_set() has it, and most often asked
        }
        return level_set(
            *child.level, asked_.is_at_start() ? 0 : 1, question_.values, child.unsatisfiable);
    }

    // Takes what is here; gives the first child, which may not be worth it.
    NodeId arrive() noexcept {
        ++answer_.visited;
        if (!asked_.is_possible()) {
            return 0;
        }
        const Node& here = node(at_);
        take(here, here.open);
        if (asked_.ends()) {
            take(here, here.closed);
        }
        if (!asked_.has_level()) {
            return 0;
        }
        NodeId child = here.first_literal;
        const LevelSet level = asked_.level();
        if (child != 0 && level.kind == LevelSet::Kind::literal) {
            child = literal_named(level.text, here);
        }
        return child != 0 ? child : here.first_other;
    }

    // The literal child of `here` with this text. REQUIRES: it has any.
    [[nodiscard]] NodeId literal_named(std::string_view text, const Node& here) const noexcept {
        if (here.has_one_literal) {
            return node(here.first_literal).has_text(text) ? here.first_literal : 0;
        }
        return text.size() > trie_.longest_literal_
                   ? 0
                   : trie_.find(at_, LevelKind::literal, Unsatisfiable::never_matches, text);
    }

    // Goes up; gives the next child there.
    NodeId leave() noexcept {
        const Node& child = node(at_);
        asked_.ascend([&] { return edge_to(child); });
        at_ = child.parent;
        return after(child);
    }

    // The first bearer of this list at `here` that is better than what was found.
    void take(const Node& here, BearerId id) noexcept {
        if (id == node_itself) {
            const bool is_better =
                here.place < answer_.place && (here.marks & question_.marks) != 0;
            answer_.place = is_better ? here.place : answer_.place;
            return;
        }
        for (; id != 0; id = trie_.bearers_[id].next) {
            const Bearer& bearer = trie_.bearers_[id];
            if (bearer.place >= answer_.place) {
                return;
            }
            if ((bearer.marks & question_.marks) != 0) {
                answer_.place = bearer.place;
                return;
            }
        }
    }

    [[nodiscard]] NodeId after(const Node& child) const noexcept {
        if (child.kind != LevelKind::literal) {
            return child.next;
        }
        const bool is_only_literal = asked_.level().kind == LevelSet::Kind::literal;
        return is_only_literal || child.next == 0 ? node(at_).first_other : child.next;
    }

    NodeId first_worth_it(NodeId id) noexcept {
        while (id != 0) {
            const Node& child = node(id);
            if (child.place >= answer_.place) {
                // Nor has one of its siblings anything better.
                id = child.kind == LevelKind::literal ? node(at_).first_other : 0;
                continue;
            }
            if ((child.marks & question_.marks) != 0 && is_admitted(child)) {
                return id;
            }
            ++answer_.visited;
            id = after(child);
        }
        return 0;
    }

    [[nodiscard]] bool is_admitted(const Node& child) const noexcept {
        const LevelSet level = asked_.level();
        // Of literals only the one that was looked up is met.
        return (child.kind == LevelKind::literal && level.kind == LevelSet::Kind::literal) ||
               Asked::admits(edge_to(child), level);
    }

    const FilterTrie& trie_;
    Asked asked_;
    const Question& question_;
    Answer answer_;
    NodeId at_ = 0;
};

FilterTrie::Answer FilterTrie::first_matching(std::string_view topic,
                                              const Question& question) const noexcept {
    return Walk<AskedTopic>(*this, topic, question).run();
}

FilterTrie::Answer FilterTrie::first_covering(const TopicFilter& narrow,
                                              const Question& question) const noexcept {
    return Walk<AskedToCover>(*this, narrow, question).run();
}

FilterTrie::Answer FilterTrie::first_overlapping(const TopicFilter& other,
                                                 const Question& question) const noexcept {
    return Walk<AskedToOverlap>(*this, other, question).run();
}

}  // namespace pgauth
