// Every small pattern, for every kind of username, against every small topic and filter.

#include "support/catch.hpp"
#include "support/topic_sets.hpp"
#include "topic/topic_pattern.hpp"

using pgauth::PlaceholderValues;
using pgauth::TopicFilter;
using pgauth::TopicPattern;
using pgauth::Unsatisfiable;
using namespace pgauth::test;

namespace {

struct Session {
    std::optional<std::string> username;
    bool satisfiable;
};

std::vector<Session> sessions() {
    return {{"a", true},
            {"$s", true},
            {std::nullopt, false},
            {"", false},
            {"+", false},
            {"a/b", false}};
}

PlaceholderValues values_of(const Session& session) {
    return {.username = session.username};
}

NaiveUser naive_user(const Session& session, Unsatisfiable unsatisfiable) {
    return {session.satisfiable ? session.username : std::nullopt,
            unsatisfiable == Unsatisfiable::any_level};
}

std::vector<Words> pattern_words() {
    return well_formed(all_word_lists({"", "a", "$s", "+", "#", "%u"}, longest_filter));
}

}  // namespace

TEST_CASE("a small pattern matches what the naive matcher says, whatever the username",
          "[topic][exhaustive]") {
    std::vector<std::string> topics;
    for (const Words& words : topic_universe()) {
        topics.push_back(join(words));
    }
    for (const Words& words : pattern_words()) {
        const TopicPattern pattern = TopicPattern::parse(join(words)).value();
        for (const Session& session : sessions()) {
            for (const auto mode : {Unsatisfiable::never_matches, Unsatisfiable::any_level}) {
                const TopicSet expected = topics_of(words, naive_user(session, mode));
                for (std::size_t i = 0; i < topics.size(); ++i) {
                    if (pattern.matches(topics[i], values_of(session), mode) != expected[i]) {
                        FAIL("pattern `" << pattern.text() << "` topic `" << topics[i]
                                         << "` username `"
                                         << session.username.value_or("(none)") << "`");
                    }
                }
            }
        }
    }
}

TEST_CASE("a small pattern covers and overlaps exactly, whatever the username",
          "[topic][exhaustive]") {
    struct Small {
        TopicFilter filter;
        TopicSet topics;
    };

    std::vector<Small> filters;
    for (const Words& words :
         well_formed(all_word_lists({"", "a", "$s", "+", "#"}, longest_filter))) {
        filters.push_back({TopicFilter::parse(join(words)).value(), topics_of(words)});
    }
    const auto check = [&](const TopicPattern& pattern,
                           const TopicSet& topics,
                           const Session& session,
                           Unsatisfiable mode) {
        for (const Small& small : filters) {
            const bool covers = pattern.covers(small.filter, values_of(session), mode);
            const bool overlaps = pattern.overlaps(small.filter, values_of(session), mode);
            if (covers != (small.topics & ~topics).none() ||
                overlaps != (small.topics & topics).any()) {
                FAIL("pattern `" << pattern.text() << "` filter `" << small.filter.text()
                                 << "` username `" << session.username.value_or("(none)")
                                 << "` covers " << covers << " overlaps " << overlaps);
            }
        }
    };
    for (const Session& session : sessions()) {
        for (const auto mode : {Unsatisfiable::never_matches, Unsatisfiable::any_level}) {
            for (const Words& words : pattern_words()) {
                check(TopicPattern::parse(join(words)).value(),
                      topics_of(words, naive_user(session, mode)),
                      session,
                      mode);
            }
            check(TopicPattern::everything(), ~TopicSet{}, session, mode);
        }
    }
}
