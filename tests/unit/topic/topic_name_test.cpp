#include "topic/topic_name.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using pgauth::is_topic_name;
using pgauth::TopicLevels;

TEST_CASE("a topic name has 1 to 65535 bytes and neither wildcards nor NUL", "[topic]") {
    struct Row {
        std::string text;
        bool is_name;
    };

    const std::vector<Row> rows{
        {"a", true},
        {"/", true},
        {"//a/", true},
        {"$SYS/broker/load", true},
        {"größe/温度/🙂", true},
        {"%u/50%", true},
        {" ", true},
        {std::string(65535, 'x'), true},
        {"", false},
        {std::string(65536, 'x'), false},
        {"+", false},
        {"#", false},
        {"plant/+/temp", false},
        {"plant/#", false},
        {"plant#", false},
        {"a+b", false},
        {std::string("a\0b", 3), false},
        {std::string("\0", 1), false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text.substr(0, 40), row.text.size());
        CHECK(is_topic_name(row.text) == row.is_name);
    }
}

TEST_CASE("every slash begins one more level, empty levels included", "[topic]") {
    struct Row {
        std::string text;
        std::vector<std::string> levels;
    };

    const std::vector<Row> rows{
        {"a", {"a"}},
        {"a/b/c", {"a", "b", "c"}},
        {"", {""}},
        {"/", {"", ""}},
        {"a/", {"a", ""}},
        {"/a", {"", "a"}},
        {"a//b", {"a", "", "b"}},
        {"+/#", {"+", "#"}},
        {std::string("a\0/b", 4), {std::string("a\0", 2), "b"}},
    };
    for (const Row& row : rows) {
        std::vector<std::string> levels;
        for (const std::string_view level : TopicLevels(row.text)) {
            levels.emplace_back(level);
        }
        CAPTURE(row.text);
        CHECK(levels == row.levels);
    }
}
