#include "topic/placeholders.hpp"

#include "support/catch.hpp"

using pgauth::Attributes;
using pgauth::is_placeholder_value;
using pgauth::Level;
using pgauth::LevelKind;
using pgauth::parse_placeholder;
using pgauth::placeholder_value;
using pgauth::PlaceholderValues;

TEST_CASE("a level is a placeholder as a whole, or not at all", "[topic]") {
    struct Row {
        std::string level;
        Level read;
    };

    const std::vector<Row> rows{
        {"%u", {LevelKind::username, ""}},
        {"%c", {LevelKind::client_id, ""}},
        {"%{line}", {LevelKind::attribute, "line"}},
        {"%{u}", {LevelKind::attribute, "u"}},
        {"%{A-z_0.9}", {LevelKind::attribute, "A-z_0.9"}},
        {"", {LevelKind::literal, ""}},
        {"50%", {LevelKind::literal, "50%"}},
        {"%x", {LevelKind::literal, "%x"}},
        {"%", {LevelKind::literal, "%"}},
        {"%%", {LevelKind::literal, "%%"}},
        {"%U", {LevelKind::literal, "%U"}},
        {"% u", {LevelKind::literal, "% u"}},
        {"{u}", {LevelKind::literal, "{u}"}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.level);
        CHECK(parse_placeholder(row.level) == row.read);
    }
    for (const std::string level : {"x%u",
                                    "%ufoo",
                                    "%u%u",
                                    "%cx",
                                    "%%c",
                                    "100%used",
                                    "%{}",
                                    "%{a",
                                    "%{",
                                    "%{a}b",
                                    "x%{a}",
                                    "%{a}}",
                                    "%{a b}",
                                    "%{ä}",
                                    "%{a%u}",
                                    "%{{a}}",
                                    "%{a:b}"}) {
        CAPTURE(level);
        REQUIRE_FALSE(parse_placeholder(level));
        CHECK(
            parse_placeholder(level).error().message ==
            "`" + level +
                "`: placeholders stand for whole levels: use `%u`, `%c` or `%{key}` (letters, "
                "digits, `_`, `.`, `-`) between slashes, as in `plant/%u/temp`");
    }
}

TEST_CASE("a value that could not be a topic level fills no placeholder", "[topic]") {
    for (const char* value :
         {"press-7", "a b", "größe", "🙂", "%u", "$s", "\u00a0", "\u0100", "\\", "*"}) {
        CAPTURE(value);
        CHECK(is_placeholder_value(value));
    }
    for (const std::string& value : {std::string(),
                                     std::string("a/b"),
                                     std::string("/"),
                                     std::string("+"),
                                     std::string("#"),
                                     std::string("a+"),
                                     std::string("#a"),
                                     std::string("a\0", 2),
                                     std::string("a\n"),
                                     std::string("\x1f"),
                                     std::string("\x7f"),
                                     std::string("\u0080"),
                                     std::string("a\u009f")}) {
        CAPTURE(value);
        CHECK_FALSE(is_placeholder_value(value));
    }
}

TEST_CASE("a placeholder has its own value and no other", "[topic]") {
    const Attributes attributes{{"line", "2"}, {"empty", ""}, {"wild", "+"}};
    const PlaceholderValues all{
        .username = "press-7", .client_id = "press-7-a", .attributes = &attributes};
    const Level username{LevelKind::username, ""};
    const Level client_id{LevelKind::client_id, ""};

    CHECK(placeholder_value(username, all) == "press-7");
    CHECK(placeholder_value(client_id, all) == "press-7-a");
    CHECK(placeholder_value({LevelKind::attribute, "line"}, all) == "2");
    CHECK_FALSE(placeholder_value({LevelKind::attribute, "Line"}, all));
    CHECK_FALSE(placeholder_value({LevelKind::attribute, "empty"}, all));
    CHECK_FALSE(placeholder_value({LevelKind::attribute, "wild"}, all));
    CHECK_FALSE(placeholder_value({LevelKind::literal, "line"}, all));
    CHECK_FALSE(placeholder_value(username, {.client_id = "press-7-a"}));
    CHECK_FALSE(placeholder_value(client_id, {.username = "press-7"}));
    CHECK_FALSE(placeholder_value({LevelKind::attribute, "line"}, {.username = "press-7"}));
}
