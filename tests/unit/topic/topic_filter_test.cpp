#include "topic/topic_filter.hpp"

#include <optional>

#include "support/catch.hpp"

using pgauth::ErrorKind;
using pgauth::Level;
using pgauth::LevelKind;
using pgauth::Result;
using pgauth::strip_share;
using pgauth::TopicFilter;

namespace {

TopicFilter filter(std::string_view text) {
    return TopicFilter::parse(text).value();
}

}  // namespace

TEST_CASE("a filter that is not well formed is refused, with the cause and a right one",
          "[topic]") {
    struct Row {
        std::string text;
        std::string message;
    };

    const std::vector<Row> rows{
        {"", "topic filter ``: is empty: use at least one character, as in `plant/#`"},
        {std::string(65536, 'x'),
         "topic filter `" + std::string(200, 'x') +
             "`… (65536 bytes): is too long: use at most 65535 bytes"},
        {std::string("a\0b", 3),
         "topic filter `a\\x00b`: holds a NUL: use any other characters"},
        {"plant+/temp",
         "topic filter `plant+/temp`: `+` is not alone in the level `plant+`: use it between "
         "slashes, as in `plant/+/temp`"},
        {"plant/a#",
         "topic filter `plant/a#`: `#` is not alone in the level `a#`: use it between slashes, "
         "as in `plant/#`"},
        {"++",
         "topic filter `++`: `+` is not alone in the level `++`: use it between slashes, as in "
         "`plant/+/temp`"},
        {"#/temp",
         "topic filter `#/temp`: `#` is not the last level: use `+` for one level, as in "
         "`plant/+/temp`"},
        {"a/#/",
         "topic filter `a/#/`: `#` is not the last level: use `+` for one level, as in "
         "`plant/+/temp`"},
        {"a\n/b+",
         "topic filter `a\\x0a/b+`: `+` is not alone in the level `b+`: use it between "
         "slashes, "
         "as in `plant/+/temp`"},
    };
    for (const Row& row : rows) {
        const Result<TopicFilter> parsed = TopicFilter::parse(row.text);
        CAPTURE(row.message);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().kind == ErrorKind::invalid_input);
        CHECK(parsed.error().message == row.message);
    }
}

TEST_CASE("a well-formed filter keeps its text and shows its levels", "[topic]") {
    const TopicFilter parsed = filter("$s/+//%u/#");
    CHECK(parsed.text() == "$s/+//%u/#");
    CHECK(parsed.levels() == std::vector<Level>{{LevelKind::literal, "$s"},
                                                {LevelKind::single, ""},
                                                {LevelKind::literal, ""},
                                                {LevelKind::literal, "%u"},
                                                {LevelKind::multi, ""}});
    CHECK(TopicFilter::parse(std::string(65535, 'x')));
}

TEST_CASE("a filter matches what MQTT 5.0 section 4.7 says it does", "[topic]") {
    struct Row {
        std::string filter;
        std::string topic;
        bool matches;
    };

    const std::vector<Row> rows{
        {"sport/tennis/player1/#", "sport/tennis/player1", true},
        {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
        {"sport/#", "sport", true},
        {"sport/tennis/+", "sport/tennis/player1", true},
        {"sport/+", "sport/", true},
        {"+/+", "/finance", true},
        {"/+", "/finance", true},
        {"$SYS/#", "$SYS/monitor/Clients", true},
        {"#", "a/b", true},
        {"%u/%c", "%u/%c", true},
        {"sport/tennis/player1/#", "sport/tennis/player2", false},
        {"sport/tennis/+", "sport/tennis/player1/ranking", false},
        {"sport/+", "sport", false},
        {"+", "/finance", false},
        {"#", "$SYS/monitor/Clients", false},
        {"+/monitor/Clients", "$SYS/monitor/Clients", false},
        {"ACCOUNTS", "Accounts", false},
        {"a", "a/", false},
        {"a", "/a", false},
        {"a/b", "a", false},
        {"%u", "press-7", false},
        {"\u00e9", "e\u0301", false},  // compared as bytes, not normalised
    };
    for (const Row& row : rows) {
        CAPTURE(row.filter, row.topic);
        CHECK(filter(row.filter).matches(row.topic) == row.matches);
    }
}

TEST_CASE("covers and overlaps speak of topics, not of spellings", "[topic]") {
    struct Row {
        std::string wide;
        std::string narrow;
        bool covers;
        bool overlaps;
    };

    const std::string long_name(65532, 'x');
    const std::vector<Row> rows{
        {"a/#", "a/+", true, true},
        {"a/#", "a", true, true},
        {"a/#", "a/b/#", true, true},
        {"#", "+/+", true, true},
        {"+/#", "#", true, true},    // `#` stands for its parent level too
        {"/+/#", "/#", true, true},  // whose parent would be the empty name
        {"$s/#", "$s/+", true, true},
        {"a/+", "a/#", false, true},
        {"a/+/#", "a/#", false, true},
        {"+/+/#", "#", false, true},
        {"+", "#", false, true},
        {"/+", "/#", false, true},
        {"a/+", "+/b", false, true},
        {"a/b/#", "a/+", false, true},
        {"#", "$s", false, false},
        {"+/#", "$s/#", false, false},
        {"+/b", "$s/b", false, false},
        {"$s/+", "+/b", false, false},
        {"a/#", "b/#", false, false},
        {"a/+", "a", false, false},
        {"a/+/+/#", "a/+", false, false},
        // A common topic would be longer than MQTT allows.
        {long_name + "/+", "+/xxx", false, false},
        {long_name + "/+", "+/xx", false, true},
        {long_name + "/#", "+/xxx/#", false, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.wide.substr(0, 20), row.narrow.substr(0, 20));
        CHECK(filter(row.wide).covers(filter(row.narrow)) == row.covers);
        CHECK(filter(row.wide).overlaps(filter(row.narrow)) == row.overlaps);
        CHECK(filter(row.narrow).overlaps(filter(row.wide)) == row.overlaps);
    }
}

TEST_CASE("a shared subscription is judged by its filter, and refused where it has none",
          "[topic]") {
    struct Row {
        std::string subscription;
        std::optional<std::string> filter;
        std::string cause = {};
    };

    const std::vector<Row> rows{
        {"plant/#", "plant/#"},
        {"$share/workers/plant/#", "plant/#"},
        {"$share/workers//", "/"},
        {"$share/w/#", "#"},
        {"$share/w/$share/w/a", "$share/w/a"},  // shared once, as the broker reads it
        {"$shared/a", "$shared/a"},
        {"/$share/a", "/$share/a"},
        {"$SHARE/a", "$SHARE/a"},
        {"", ""},
        {"$share", {}, "has no name"},
        {"$share/", {}, "has no name"},
        {"$share//a", {}, "has no name"},
        {"$share/workers", {}, "has no filter"},
        {"$share/workers/", {}, "has no filter"},
        {"$share/#", {}, "the name `#` holds a wildcard"},
        {"$share/+/a", {}, "the name `+` holds a wildcard"},
        {"$share/w+/a", {}, "the name `w+` holds a wildcard"},
    };
    for (const Row& row : rows) {
        const Result<std::string_view> stripped = strip_share(row.subscription);
        CAPTURE(row.subscription);
        REQUIRE(stripped.has_value() == row.filter.has_value());
        if (stripped) {
            CHECK(*stripped == *row.filter);
        } else {
            CHECK(stripped.error().kind == ErrorKind::invalid_input);
            CHECK(stripped.error().message ==
                  "shared subscription `" + row.subscription + "`: " + row.cause +
                      ": use `$share/<name>/<filter>`, as in `$share/workers/plant/#`");
        }
    }
}
