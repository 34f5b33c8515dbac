// The broker's own functions and ours must read topics alike.

#include <rapidcheck.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <mosquitto.h>

#include "support/catch.hpp"
#include "support/naive_topic_match.hpp"
#include "support/topic_generators.hpp"
#include "support/topic_sets.hpp"
#include "topic/topic_filter.hpp"
#include "topic/topic_name.hpp"

using pgauth::is_topic_name;
using pgauth::TopicFilter;
using namespace pgauth::test;

// Since 2.1, so not in the header that this is built with: whether every topic of `sub` is one
// of `acl`.
extern "C" [[gnu::weak]] int mosquitto_sub_matches_acl(const char* acl,
                                                       const char* sub,
                                                       bool* result);

TEST_CASE("libmosquitto takes the same small topics and filters for well formed",
          "[topic][exhaustive]") {
    for (const Words& words :
         all_word_lists({"", "a", "$s", "+", "#", "a+", "#b", "++", "##", "ä"}, 4)) {
        const std::string text = join(words);
        // An empty name passes its check, since an MQTT 5 topic alias may stand for the name.
        if (text.empty()) {
            continue;
        }
        const bool filter_ok =
            mosquitto_sub_topic_check2(text.data(), text.size()) == MOSQ_ERR_SUCCESS;
        const bool name_ok =
            mosquitto_pub_topic_check2(text.data(), text.size()) == MOSQ_ERR_SUCCESS;
        if (TopicFilter::parse(text).has_value() != filter_ok ||
            is_topic_name(text) != name_ok) {
            FAIL("topic or filter `" << text << "`");
        }
    }
}

TEST_CASE("libmosquitto matches the same small topics", "[topic][exhaustive]") {
    std::vector<std::string> topics;
    for (const Words& words : well_formed(all_word_lists({"", "a", "b", "$s"}, 4))) {
        topics.push_back(join(words));
    }
    for (const Words& words : well_formed(all_word_lists({"", "a", "b", "$s", "+", "#"}, 4))) {
        const TopicFilter filter = TopicFilter::parse(join(words)).value();
        for (const std::string& topic : topics) {
            bool theirs = false;
            const int result =
                mosquitto_topic_matches_sub(filter.text().c_str(), topic.c_str(), &theirs);
            if (result != MOSQ_ERR_SUCCESS || filter.matches(topic) != theirs) {
                FAIL("filter `" << filter.text() << "` topic `" << topic << "`");
            }
        }
    }
}

TEST_CASE("libmosquitto matches the same long topics of every script", "[topic][property]") {
    CHECK(rc::check("with one to seven levels", [] {
        const Words topic = *any_topic();
        const TopicFilter filter = TopicFilter::parse(join(*any_filter_like(topic))).value();
        bool theirs = false;
        RC_ASSERT(mosquitto_topic_matches_sub(
                      filter.text().c_str(), join(topic).c_str(), &theirs) == MOSQ_ERR_SUCCESS);
        RC_ASSERT(filter.matches(join(topic)) == theirs);
    }));
}

TEST_CASE("libmosquitto draws the line at the same length", "[topic]") {
    // One level: it refuses more than 200 slashes, which is the broker's limit and not MQTT's.
    for (const std::size_t size : {65534U, 65535U, 65536U, 70000U}) {
        const std::string text(size, 'x');
        CHECK(is_topic_name(text) ==
              (mosquitto_pub_topic_check2(text.data(), size) == MOSQ_ERR_SUCCESS));
        CHECK(TopicFilter::parse(text).has_value() ==
              (mosquitto_sub_topic_check2(text.data(), size) == MOSQ_ERR_SUCCESS));
    }
}

// Run by ctest's `topics.2.1`, with the library of Mosquitto 2.1 (support/libmosquitto_2_1). It
// has no function for overlaps().
//
// It is wrong of three pairs, and refuses what is allowed: no topic name is empty, so `#` has
// at least one level, as `+/#` has, and `/#` at least two.
TEST_CASE("libmosquitto 2.1 covers the same small filters, but for three equal pairs",
          "[.mosquitto_2_1]") {
    REQUIRE(mosquitto_sub_matches_acl != nullptr);
    std::vector<TopicFilter> filters;
    for (const Words& words :
         well_formed(all_word_lists({"", "a", "b", "$s", "+", "#"}, longest_filter))) {
        filters.push_back(TopicFilter::parse(join(words)).value());
    }
    const std::set<std::pair<std::string, std::string>> theirs_is_wrong{
        {"+/#", "#"}, {"/+/#", "/#"}, {"+/+/#", "/#"}};
    int covered = 0;
    for (const TopicFilter& wide : filters) {
        for (const TopicFilter& narrow : filters) {
            bool theirs = false;
            const int result =
                mosquitto_sub_matches_acl(wide.text().c_str(), narrow.text().c_str(), &theirs);
            const bool ours = wide.covers(narrow);
            covered += ours ? 1 : 0;
            const bool differ = theirs_is_wrong.contains({wide.text(), narrow.text()});
            if (result != MOSQ_ERR_SUCCESS || (theirs != ours) != differ ||
                (differ && theirs)) {
                FAIL("filter `" << wide.text() << "` covering `" << narrow.text() << "`");
            }
        }
    }
    CHECK(covered > 1000);
}
