// Laws of filters and placeholders, on random topics of every script and length.

#include <functional>
#include <rapidcheck.h>

#include "support/catch.hpp"
#include "support/topic_generators.hpp"
#include "topic/placeholders.hpp"
#include "topic/topic_filter.hpp"
#include "topic/topic_name.hpp"
#include "topic/topic_pattern.hpp"

using pgauth::Attributes;
using pgauth::PlaceholderValues;
using pgauth::TopicFilter;
using pgauth::TopicPattern;
using pgauth::Unsatisfiable;
using namespace pgauth::test;

namespace {

constexpr auto never_matches = Unsatisfiable::never_matches;
constexpr auto any_level = Unsatisfiable::any_level;

TopicFilter filter(const Words& words) {
    return TopicFilter::parse(join(words)).value();
}

// A filter's words without what a pattern would read as a placeholder, or refuse.
Words without_percent(Words words) {
    for (std::string& word : words) {
        std::erase(word, '%');
    }
    return words;
}

// A pattern with one or more placeholders where `words` has levels.
struct Templated {
    TopicPattern pattern;
    Words plain;  // the same with `value` in their places
};

Templated templated(const Words& words, const std::string& value) {
    const std::string placeholder = *rc::gen::elementOf(Words{"%u", "%c", "%{key}"});
    Words with_placeholders = words;
    Words plain = words;
    const std::size_t levels = words.size() - (words.back() == "#" ? 1 : 0);
    RC_PRE(levels > 0);
    const auto chosen = *rc::gen::inRange<std::size_t>(0, levels);
    for (std::size_t i = 0; i < levels; ++i) {
        if (i == chosen || *rc::gen::inRange(0, 4) == 0) {
            with_placeholders[i] = placeholder;
            plain[i] = value;
        }
    }
    return {TopicPattern::parse(join(with_placeholders)).value(), plain};
}

// Stands for its level wherever it comes: `$` opens nothing in the first one.
bool is_clean(const std::string& value) {
    return pgauth::is_placeholder_value(value) && !value.starts_with('$');
}

std::string clean_value() {
    return *rc::gen::suchThat(any_topic_level(), is_clean);
}

// A value that no level can be, or none at all.
std::optional<std::string> dirty_value() {
    if (*rc::gen::inRange(0, 4) == 0) {
        return std::nullopt;
    }
    const std::string value = *rc::gen::arbitrary<std::string>();
    const std::string dirt = *rc::gen::elementOf(Words{"+", "#", "/", "\n", "\u0085"});
    return *rc::gen::elementOf(Words{"", dirt, value + dirt, dirt + value});
}

// The same value under every name.
class OneValue {
  public:
    explicit OneValue(std::optional<std::string> value) : value_(std::move(value)) {
        if (value_) {
            attributes_["key"] = *value_;
        }
    }

    [[nodiscard]] PlaceholderValues values() const {
        return {.username = value_, .client_id = value_, .attributes = &attributes_};
    }

  private:
    std::optional<std::string> value_;
    Attributes attributes_;
};

void check_law(const char* law, const std::function<void()>& body) {
    CAPTURE(law);
    CHECK(rc::check(law, body));
}

}  // namespace

TEST_CASE("matches agrees with the naive matcher on random topics", "[topic][property]") {
    check_law("of every script and length", [] {
        const Words topic = *any_topic();
        const Words words = *any_filter_like(topic);
        RC_CLASSIFY(naive_match(words, topic), "matching");
        RC_ASSERT(pgauth::is_topic_name(join(topic)));
        RC_ASSERT(filter(words).matches(join(topic)) == naive_match(words, topic));
    });
}

TEST_CASE("what a filter covers it matches, and what two match they overlap in",
          "[topic][property]") {
    check_law("for filters like one topic", [] {
        const Words topic = *any_topic();
        const TopicFilter one = filter(*any_filter_like(topic));
        const TopicFilter other = filter(*any_filter_like(topic));
        const bool one_matches = one.matches(join(topic));
        const bool other_matches = other.matches(join(topic));
        RC_CLASSIFY(one.covers(other), "covering");
        RC_ASSERT(!(one.covers(other) && other_matches) || one_matches);
        RC_ASSERT(!(one_matches && other_matches) || one.overlaps(other));
        RC_ASSERT(one.overlaps(other) == other.overlaps(one));
        RC_ASSERT(one.covers(one));
        RC_ASSERT(one.covers(filter(topic)) == one_matches);
        RC_ASSERT(one.overlaps(filter(topic)) == one_matches);
    });
}

TEST_CASE("a clean value makes a pattern the filter that spells it", "[topic][property]") {
    check_law("in either mode", [] {
        const Words topic = *any_topic();
        const std::string named = *rc::gen::elementOf(topic);
        const std::string value = is_clean(named) ? named : clean_value();
        const Templated made = templated(without_percent(*any_filter_like(topic)), value);
        const TopicFilter plain = filter(made.plain);
        const TopicFilter asked =
            filter(*any_filter_like(made.plain.back() == "#" ? topic : made.plain));
        const OneValue one{value};
        RC_CLASSIFY(plain.matches(join(topic)), "matching");
        RC_CLASSIFY(plain.covers(asked), "covering");
        for (const auto mode : {never_matches, any_level}) {
            RC_ASSERT(made.pattern.matches(join(topic), one.values(), mode) ==
                      plain.matches(join(topic)));
            RC_ASSERT(made.pattern.covers(asked, one.values(), mode) == plain.covers(asked));
            RC_ASSERT(made.pattern.overlaps(asked, one.values(), mode) ==
                      plain.overlaps(asked));
        }
    });
}

TEST_CASE("a dirty or missing value opens nothing", "[topic][property]") {
    check_law("to an allow entry", [] {
        const Words topic = *any_topic();
        const OneValue one{dirty_value()};
        const TopicPattern pattern =
            templated(without_percent(*any_filter_like(topic)), "").pattern;
        const TopicFilter asked = filter(*any_filter_like(topic));
        RC_ASSERT_FALSE(pattern.matches(join(topic), one.values(), never_matches));
        RC_ASSERT_FALSE(pattern.covers(asked, one.values(), never_matches));
        RC_ASSERT_FALSE(pattern.overlaps(asked, one.values(), never_matches));
    });
}

TEST_CASE("a deny entry denies no less for a value that cannot be evaluated",
          "[topic][property]") {
    check_law("than for any value that can", [] {
        const Words topic = *any_topic();
        const OneValue clean{*rc::gen::element(clean_value(), *rc::gen::elementOf(topic))};
        const OneValue dirty{dirty_value()};
        const TopicPattern pattern =
            templated(without_percent(*any_filter_like(topic)), "").pattern;
        const TopicFilter asked = filter(*any_filter_like(topic));
        for (const OneValue& other : {clean, dirty}) {
            RC_ASSERT(!pattern.matches(join(topic), clean.values(), never_matches) ||
                      pattern.matches(join(topic), other.values(), any_level));
            RC_ASSERT(!pattern.covers(asked, clean.values(), never_matches) ||
                      pattern.covers(asked, other.values(), any_level));
            RC_ASSERT(!pattern.overlaps(asked, clean.values(), never_matches) ||
                      pattern.overlaps(asked, other.values(), any_level));
        }
    });
}
