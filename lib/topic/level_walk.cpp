#include "topic/level_walk.hpp"

namespace pgauth {

bool LevelSet::includes(const LevelSet& narrow) const noexcept {
    switch (kind) {
        case Kind::nothing:
            return false;
        case Kind::literal:
            return narrow.kind == Kind::literal && narrow.text == text;
        case Kind::not_dollar:
            return narrow.kind == Kind::not_dollar ||
                   (narrow.kind == Kind::literal && !narrow.text.starts_with('$'));
        case Kind::any:
            return true;
    }
    return false;
}

bool LevelSet::intersects(const LevelSet& other) const noexcept {
    return kind != Kind::nothing && other.kind != Kind::nothing &&
           (includes(other) || other.includes(*this));
}

std::optional<LevelSet> TopicWalk::next() noexcept {
    if (at_ == TopicLevels::end()) {
        return std::nullopt;
    }
    const LevelSet level{LevelSet::Kind::literal, *at_};
    ++at_;
    return level;
}

// `#` also stands for the level before it, but no topic name is empty: `#` alone is one level
// or more, as `+/#` is, and `/#` is two or more, as `/+/#` is.
FilterShape shape_of(const std::vector<Level>& levels) noexcept {
    const std::size_t size = levels.size();
    if (levels.back().kind != LevelKind::multi) {
        return {size, levels.back().kind == LevelKind::everything};
    }
    const bool stands_for_a_level =
        size == 1 || (size == 2 && levels[0] == Level{LevelKind::literal, {}});
    return {stands_for_a_level ? size : size - 1, true};
}

namespace {

// A client that calls itself `$SYS` or `$CONTROL` does not get the broker's own topics by it: a
// placeholder is no better than a wildcard there.
LevelSet placeholder_set(const Level& level,
                         std::size_t at,
                         const PlaceholderValues& values,
                         Unsatisfiable unsatisfiable) noexcept {
    const auto value = placeholder_value(level, values);
    if (value && (at > 0 || !value->starts_with('$'))) {
        return {LevelSet::Kind::literal, *value};
    }
    return {unsatisfiable == Unsatisfiable::any_level ? LevelSet::Kind::any
                                                      : LevelSet::Kind::nothing,
            {}};
}

}  // namespace

LevelSet level_set(const Level& level,
                   std::size_t at,
                   const PlaceholderValues& values,
                   Unsatisfiable unsatisfiable) noexcept {
    switch (level.kind) {
        case LevelKind::literal:
            return {LevelSet::Kind::literal, level.text};
        case LevelKind::single:
        case LevelKind::multi:
            return {at == 0 ? LevelSet::Kind::not_dollar : LevelSet::Kind::any, {}};
        case LevelKind::username:
        case LevelKind::client_id:
        case LevelKind::attribute:
            return placeholder_set(level, at, values, unsatisfiable);
        case LevelKind::everything:
            return {LevelSet::Kind::any, {}};
    }
    return {LevelSet::Kind::nothing, {}};
}

std::optional<LevelSet> FilterWalk::next() noexcept {
    if (next_ == shape_.length) {
        return std::nullopt;
    }
    const std::size_t at = next_++;
    return level_set(levels_[at], at, values_, unsatisfiable_);
}

bool intersects(FilterWalk one, FilterWalk other) noexcept {
    constexpr LevelSet any{LevelSet::Kind::any, {}};
    std::size_t bytes =
        0;  // of the shortest common topic so far, with a slash after each level
    for (;;) {
        const std::optional<LevelSet> a = one.next();
        const std::optional<LevelSet> b = other.next();
        if (!a && !b) {
            return bytes <= max_topic_bytes + 1;
        }
        if ((!a && !one.open()) || (!b && !other.open()) ||
            !a.value_or(any).intersects(b.value_or(any))) {
            return false;
        }
        // Where both are literal they are equal; a wildcard's shortest name is the empty one.
        const bool a_is_literal = a && a->kind == LevelSet::Kind::literal;
        bytes += (a_is_literal ? a : b).value_or(any).text.size() + 1;
    }
}

}  // namespace pgauth
