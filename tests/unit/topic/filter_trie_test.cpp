// What a question costs, in nodes that were looked at, also where somebody means harm.

#include "topic/filter_trie.hpp"

#include <deque>
#include <string>

#include "support/catch.hpp"

using namespace pgauth;

namespace {

constexpr FilterTrie::Marks mark = 1;
constexpr FilterTrie::Marks other_mark = 2;

// Patterns in their order. They must outlive their trie.
class Patterns {
  public:
    Patterns& add(std::string_view text,
                  Unsatisfiable unsatisfiable = Unsatisfiable::never_matches,
                  FilterTrie::Marks marks = mark) {
        patterns_.push_back(TopicPattern::parse(text).value());
        items_.push_back({&patterns_.back(), unsatisfiable, marks});
        return *this;
    }

    Patterns& add_everything() {
        patterns_.push_back(TopicPattern::everything());
        items_.push_back({&patterns_.back(), Unsatisfiable::any_level, mark});
        return *this;
    }

    [[nodiscard]] FilterTrie trie() const { return FilterTrie(items_); }

  private:
    std::deque<TopicPattern> patterns_;
    std::vector<FilterTrie::Item> items_;
};

FilterTrie::Answer matching(const FilterTrie& trie, const std::string& topic) {
    return trie.first_matching(topic, {{}, mark});
}

FilterTrie::Answer covering(const FilterTrie& trie, const std::string& filter) {
    return trie.first_covering(TopicFilter::parse(filter).value(), {{}, mark});
}

FilterTrie::Answer overlapping(const FilterTrie& trie, const std::string& filter) {
    return trie.first_overlapping(TopicFilter::parse(filter).value(), {{}, mark});
}

std::string repeated(const std::string& level, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) {
        text += (i == 0 ? "" : "/") + level;
    }
    return text;
}

}  // namespace

TEST_CASE("the first of those that answer is found, whatever stands beside it", "[topic]") {
    Patterns patterns;
    patterns.add("plant/1/temp")
        .add("plant/+/temp")
        .add("plant/#")
        .add("yard/%u")
        .add("yard/%u", Unsatisfiable::any_level)
        .add("#");
    const FilterTrie trie = patterns.trie();
    const std::string username = "press-7";
    const PlaceholderValues press{.username = username};
    CHECK(matching(trie, "plant/1/temp").place == 0);
    CHECK(matching(trie, "plant/2/temp").place == 1);
    CHECK(matching(trie, "plant").place == 2);
    CHECK(trie.first_matching("yard/press-7", {press, mark}).place == 3);
    CHECK(matching(trie, "yard/press-7").place == 4);
    CHECK(matching(trie, "yard/press-7/a").place == 5);
    CHECK(matching(trie, "$SYS/uptime").place == FilterTrie::nowhere);
    CHECK(covering(trie, "plant/+/temp").place == 1);
    CHECK(covering(trie, "plant/#").place == 2);
    CHECK(covering(trie, "+/1/temp").place == 5);
    CHECK(overlapping(trie, "+/1/temp").place == 0);
    CHECK(overlapping(trie, "$SYS/#").place == FilterTrie::nowhere);
}

TEST_CASE("an item without the mark that is asked for is not there", "[topic]") {
    Patterns patterns;
    patterns.add("a/b", Unsatisfiable::never_matches, other_mark)
        .add("a/b")
        .add("a/b", Unsatisfiable::never_matches, mark | other_mark);
    const FilterTrie trie = patterns.trie();
    const PlaceholderValues nobody;
    CHECK(trie.first_matching("a/b", {nobody, mark}).place == 1);
    CHECK(trie.first_matching("a/b", {nobody, other_mark}).place == 0);
    CHECK(trie.first_matching("a/b", {nobody, mark | other_mark}).place == 0);
    CHECK(trie.first_matching("a/b", {nobody, 4}).place == FilterTrie::nowhere);
    CHECK(trie.first_matching("a/b", {nobody, mark, 1}).place == 1);
}

TEST_CASE("a trie of nothing answers nothing, and one of everything at once", "[topic]") {
    Patterns no_patterns;
    const FilterTrie nothing = no_patterns.trie();
    CHECK(matching(nothing, "a").place == FilterTrie::nowhere);
    CHECK(overlapping(nothing, "#").place == FilterTrie::nowhere);
    Patterns all_patterns;
    all_patterns.add_everything().add("a/b/c");
    const FilterTrie everything = all_patterns.trie();
    for (const std::string topic : {"a/b/c", "$SYS", "/"}) {
        CHECK(matching(everything, topic).place == 0);
        CHECK(matching(everything, topic).visited == 1);
        CHECK(covering(everything, topic).place == 0);
        CHECK(overlapping(everything, topic).place == 0);
    }
}

TEST_CASE("a topic costs its own levels, however many patterns there are", "[topic]") {
    Patterns patterns;
    for (int line = 0; line < 100; ++line) {
        for (int press = 0; press < 100; ++press) {
            patterns.add("plant/" + std::to_string(line) + "/" + std::to_string(press) + "/#");
        }
    }
    const FilterTrie trie = patterns.trie();
    REQUIRE(trie.nodes() == 1 + 1 + 100 + 100 * 100);
    CHECK(matching(trie, "plant/99/99/temp").place == 9999);
    CHECK(matching(trie, "plant/99/99/temp").visited == 4);
    CHECK(matching(trie, "plant/99/100/temp").visited == 3);
    CHECK(matching(trie, "yard/99/99/temp").visited == 1);
    CHECK(covering(trie, "plant/99/99/+").visited == 4);
    CHECK(overlapping(trie, "plant/99/99/+").visited == 4);
    // Where the first is enough nothing else is looked at.
    CHECK(overlapping(trie, "plant/#").place == 0);
    CHECK(overlapping(trie, "plant/#").visited == 4);
}

TEST_CASE("where every level may be itself or a wildcard, a node is looked at once",
          "[topic]") {
    constexpr std::size_t depth = 12;
    Patterns patterns;
    for (unsigned choice = 0; choice < 1U << depth; ++choice) {
        std::string pattern = "z";
        for (unsigned level = 0; level < depth; ++level) {
            pattern += ((choice >> level) & 1U) != 0 ? "/+" : "/a";
        }
        patterns.add(pattern);
    }
    const FilterTrie trie = patterns.trie();
    REQUIRE(trie.nodes() == 1U << (depth + 1));
    for (const std::string& end : {std::string("/b"), std::string("/a/b")}) {
        const std::string asked = "z/" + repeated("a", depth - 1) + end;
        for (const auto& answer :
             {matching(trie, asked), covering(trie, asked), overlapping(trie, asked)}) {
            CHECK(answer.visited <= trie.nodes());
            CHECK(answer.visited > trie.nodes() / 3);
        }
    }
    CHECK(matching(trie, "z/" + repeated("a", depth)).place == 0);
    CHECK(overlapping(trie, "z/" + repeated("+", depth)).place == 0);
    // What is nowhere in the policy ends at once.
    CHECK(matching(trie, "y/" + repeated("a", depth)).visited == 1);
}

TEST_CASE("the longest topics and patterns need no stack and no more than their levels",
          "[topic]") {
    const std::string slashes(65534, '/');
    const std::string singles = repeated("+", 32768);
    const std::string names = repeated("a", 32768);
    Patterns patterns;
    patterns.add(slashes).add(singles).add(names).add(repeated("a", 32767) + "/#");
    const FilterTrie trie = patterns.trie();
    CHECK(matching(trie, slashes).place == 0);
    CHECK(matching(trie, names).place == 1);
    CHECK(covering(trie, singles).place == 1);
    CHECK(overlapping(trie, names).place == 1);
    CHECK(overlapping(trie, singles).place == 1);
    // Down to the end, and all the way back.
    const std::string no_end = repeated("a", 32767) + "/";
    CHECK(matching(trie, no_end).place == 1);
    CHECK(matching(trie, "$" + no_end).place == FilterTrie::nowhere);
    CHECK(covering(trie, repeated("a", 32766) + "/+/").place == 1);
    CHECK(covering(trie, repeated("a", 32766) + "/+/#").place == FilterTrie::nowhere);
    for (const std::string& asked : {slashes, singles.substr(0, 20001), names, no_end}) {
        CHECK(covering(trie, asked).visited <= trie.nodes());
        CHECK(overlapping(trie, asked).visited <= trie.nodes());
    }
    CHECK(matching(trie, std::string(65535, 'a')).visited <= 3);
}

TEST_CASE("two filters whose shortest common topic is too long have nothing in common",
          "[topic]") {
    const std::string name(40000, 'n');
    Patterns patterns;
    patterns.add("+/" + name).add(name + "/#");
    const FilterTrie trie = patterns.trie();
    CHECK(overlapping(trie, name + "/+").place == 1);
    CHECK(overlapping(trie, "+/" + std::string(25534, 'm')).place == 1);
    CHECK(overlapping(trie, "+/" + std::string(25535, 'm')).place == FilterTrie::nowhere);
    CHECK(overlapping(trie, "a/#").place == 0);
}

TEST_CASE("a thousand placeholders cost a thousand nodes", "[topic]") {
    Patterns patterns;
    for (int i = 0; i < 1000; ++i) {
        patterns.add("a/%{key" + std::to_string(i) + "}", Unsatisfiable::any_level);
        patterns.add("a/%{key" + std::to_string(i) + "}/b");
    }
    const FilterTrie trie = patterns.trie();
    CHECK(matching(trie, "a/x").place == 0);
    CHECK(matching(trie, "a/x").visited == 3);
    CHECK(matching(trie, "a/x/b").place == FilterTrie::nowhere);
    CHECK(matching(trie, "a/x/b").visited <= trie.nodes());
    Attributes attributes;
    attributes["key999"] = "x";
    const PlaceholderValues values{.attributes = &attributes};
    CHECK(trie.first_matching("a/x/b", {values, mark}).place == 1999);
}
