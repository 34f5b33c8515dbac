#include "topic/topic_pattern.hpp"

#include "support/catch.hpp"
#include "topic/topic_name.hpp"

using pgauth::Attributes;
using pgauth::ErrorKind;
using pgauth::Level;
using pgauth::LevelKind;
using pgauth::PlaceholderValues;
using pgauth::Result;
using pgauth::TopicFilter;
using pgauth::TopicPattern;
using pgauth::Unsatisfiable;

namespace {

constexpr auto never_matches = Unsatisfiable::never_matches;
constexpr auto any_level = Unsatisfiable::any_level;

TopicFilter filter(std::string_view text) {
    return TopicFilter::parse(text).value();
}

TopicPattern pattern(std::string_view text) {
    return TopicPattern::parse(text).value();
}

}  // namespace

TEST_CASE("a pattern that is not well formed is refused, with the cause and a right one",
          "[topic]") {
    const std::string whole_levels =
        ": placeholders stand for whole levels: use `%u`, `%c` or `%{key}` (letters, digits, "
        "`_`, `.`, `-`) between slashes, as in `plant/%u/temp`";

    struct Row {
        std::string text;
        std::string message;
    };

    const std::vector<Row> rows{
        {"plant/x%u", "topic filter `plant/x%u`: `x%u`" + whole_levels},
        {"%{}/a", "topic filter `%{}/a`: `%{}`" + whole_levels},
        {"%{a/b}", "topic filter `%{a/b}`: `%{a`" + whole_levels},
        {"%{a+}",
         "topic filter `%{a+}`: `+` is not alone in the level `%{a+}`: use it between slashes, "
         "as "
         "in `plant/+/temp`"},
        {"%u/#/a",
         "topic filter `%u/#/a`: `#` is not the last level: use `+` for one level, as in "
         "`plant/+/temp`"},
        {"", "topic filter ``: is empty: use at least one character, as in `plant/#`"},
    };
    for (const Row& row : rows) {
        const Result<TopicPattern> parsed = TopicPattern::parse(row.text);
        CAPTURE(row.text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().kind == ErrorKind::invalid_input);
        CHECK(parsed.error().message == row.message);
    }
}

TEST_CASE("a pattern keeps its text and shows its levels", "[topic]") {
    const TopicPattern parsed = pattern("50%/%u/%c/%{line}/+/#");
    CHECK(parsed.text() == "50%/%u/%c/%{line}/+/#");
    CHECK(parsed.levels() == std::vector<Level>{{LevelKind::literal, "50%"},
                                                {LevelKind::username, ""},
                                                {LevelKind::client_id, ""},
                                                {LevelKind::attribute, "line"},
                                                {LevelKind::single, ""},
                                                {LevelKind::multi, ""}});
    CHECK(TopicPattern::everything().text().empty());
    CHECK(TopicPattern::everything().levels() ==
          std::vector<Level>{{LevelKind::everything, ""}});
}

TEST_CASE("a pattern matches with the values of the session", "[topic]") {
    struct Row {
        std::string pattern;
        std::string topic;
        bool allows;
        bool denies;
    };

    const Attributes attributes{
        {"line", "2"}, {"wild", "#"}, {"path", "a/b"}, {"dollar", "$s"}};
    const PlaceholderValues values{
        .username = "press-7", .client_id = std::nullopt, .attributes = &attributes};
    const std::vector<Row> rows{
        {"plant/%u/#", "plant/press-7/temp", true, true},
        {"%{line}/%u", "2/press-7", true, true},
        {"+/%u", "x/press-7", true, true},
        {"a/%{dollar}", "a/$s", true, true},
        {"%{dollar}/a",
         "$s/a",
         false,
         true},  // the broker's own topics are not to be had by name
        {"plant/%u", "plant/press-8", false, false},
        {"plant/%u", "plant/press-7/temp", false, false},
        {"plant/%u", "plant/%u", false, false},
        {"%{line}/a", "3/a", false, false},
        {"+/%u", "$s/press-7", false, false},
        // What has no value that could be a level: nothing to an allow, any level to a deny.
        {"plant/%c/a", "plant/x/a", false, true},
        {"plant/%c/a", "plant//a", false, true},
        {"%c", "$SYS", false, true},
        {"%c/#", "$SYS/broker", false, true},
        {"%{wild}", "#", false, true},
        {"%{path}", "a", false, true},
        {"%{none}/a", "x/a", false, true},
        {"%{path}", "a/b", false, false},
        {"plant/%c/a", "plant/x/b", false, false},
        {"plant/%c/a", "plant/a", false, false},
        {"%c/%u", "x/press-8", false, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.pattern, row.topic);
        CHECK(pattern(row.pattern).matches(row.topic, values, never_matches) == row.allows);
        CHECK(pattern(row.pattern).matches(row.topic, values, any_level) == row.denies);
    }
}

TEST_CASE("a wildcard in a subscription is covered by wildcards alone", "[topic]") {
    struct Row {
        std::string pattern;
        std::string subscription;
        std::string username;
        bool covers;
        bool overlaps;
    };

    const std::vector<Row> rows{
        {"home/%u/#", "home/joe/+", "joe", true, true},
        {"home/%u", "home/joe", "joe", true, true},
        {"home/%u/#", "home/joe", "joe", true, true},
        {"home/%u/#", "home/+/x", "joe", false, true},
        {"home/%u", "home/#", "joe", false, true},
        {"home/%u", "home/ann", "joe", false, false},
        {"home/%u", "home/+", "+", false, false},
        {"home/%u", "home/#", "#", false, false},
        {"%u", "#", "#", false, false},
        {"home/%u/x", "home/joe/ann/x", "joe/ann", false, false},
        {"home/%u", "home/+", "", false, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.pattern, row.subscription, row.username);
        const PlaceholderValues values{.username = row.username};
        const TopicFilter subscription = filter(row.subscription);
        CHECK(pattern(row.pattern).covers(subscription, values, never_matches) == row.covers);
        CHECK(pattern(row.pattern).overlaps(subscription, values, never_matches) ==
              row.overlaps);
    }
}

TEST_CASE("everything is matched, covered and overlapped by everything()", "[topic]") {
    const TopicPattern everything = TopicPattern::everything();
    for (const Unsatisfiable unsatisfiable : {never_matches, any_level}) {
        for (const std::string& topic :
             {std::string("a"), std::string("/"), std::string("$SYS/a"), std::string("//")}) {
            CHECK(everything.matches(topic, {}, unsatisfiable));
        }
        for (const char* subscription : {"#", "+", "+/#", "$SYS/#", "/#", "a/+"}) {
            CHECK(everything.covers(filter(subscription), {}, unsatisfiable));
            CHECK(everything.overlaps(filter(subscription), {}, unsatisfiable));
        }
    }
}

TEST_CASE("a value longer than a topic can be satisfies nothing", "[topic]") {
    const std::string value(pgauth::max_topic_bytes - 1, 'x');
    const PlaceholderValues values{.username = value};
    CHECK(pattern("%u/#").overlaps(filter("+/#"), values, never_matches));
    CHECK(pattern("%u/+").overlaps(filter("+/#"), values, never_matches));
    CHECK_FALSE(pattern("%u/+").overlaps(filter("+/a"), values, never_matches));
    CHECK_FALSE(pattern("a/%u").overlaps(filter("#"), values, never_matches));
}
