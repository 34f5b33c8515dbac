// Every small filter against every small topic, and against every other small filter.

#include "support/catch.hpp"
#include "support/topic_sets.hpp"
#include "topic/topic_filter.hpp"

using pgauth::TopicFilter;
using namespace pgauth::test;

namespace {

std::vector<Words> all_filters(std::size_t longest) {
    return well_formed(all_word_lists({"", "a", "b", "$s", "+", "#"}, longest));
}

}  // namespace

TEST_CASE("the small word lists that parse are those that are well formed",
          "[topic][exhaustive]") {
    std::size_t accepted = 0;
    const auto all = all_word_lists({"", "a", "b", "$s", "+", "#", "a+", "#b", "++"}, 3);
    for (const Words& words : all) {
        accepted += TopicFilter::parse(join(words)) ? 1U : 0U;
    }
    CHECK(accepted == all_filters(3).size());
}

TEST_CASE("matches agrees with the naive matcher on every small input", "[topic][exhaustive]") {
    struct Topic {
        Words words;
        std::string text;
    };

    std::vector<Topic> topics;
    for (const Words& words : well_formed(all_word_lists({"", "a", "b", "$s"}, 4))) {
        topics.push_back({words, join(words)});
    }
    std::size_t matches = 0;
    for (const Words& words : all_filters(4)) {
        const TopicFilter filter = TopicFilter::parse(join(words)).value();
        for (const Topic& topic : topics) {
            const bool expected = naive_match(words, topic.words);
            matches += expected ? 1U : 0U;
            if (filter.matches(topic.text) != expected) {
                FAIL("filter `" << filter.text() << "` topic `" << topic.text << "`");
            }
        }
    }
    CHECK(matches > 5'000);
}

TEST_CASE("covers is inclusion and overlaps is intersection of the sets of topics",
          "[topic][exhaustive]") {
    struct Small {
        TopicFilter filter;
        TopicSet topics;
    };

    std::vector<Small> all;
    for (const Words& words : all_filters(longest_filter)) {
        all.push_back({TopicFilter::parse(join(words)).value(), topics_of(words)});
    }
    std::size_t equal_pairs = 0;
    for (const Small& wide : all) {
        for (const Small& narrow : all) {
            const bool covers = wide.filter.covers(narrow.filter);
            const bool overlaps = wide.filter.overlaps(narrow.filter);
            if (covers != (narrow.topics & ~wide.topics).none() ||
                overlaps != (narrow.topics & wide.topics).any()) {
                FAIL("`" << wide.filter.text() << "` and `" << narrow.filter.text()
                         << "`: covers " << covers << " overlaps " << overlaps);
            }
            equal_pairs += wide.topics == narrow.topics ? 1U : 0U;
        }
    }
    // `#` and `+/#`, `/#` and `/+/#`: the only ones of different spelling.
    CHECK(equal_pairs == all.size() + 4);
}
