#include "policy/text_pattern.hpp"

#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"

using pgauth::ClientIdPattern;
using pgauth::parse_pattern_syntax;
using pgauth::PatternSyntax;
using pgauth::TextPattern;

namespace {

struct Row {
    std::string pattern;
    std::string text;
    bool matches;
};

void check_all(PatternSyntax syntax, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        INFO('`' << row.pattern << "` and `" << row.text << '`');
        const auto pattern = TextPattern::parse(syntax, row.pattern);
        REQUIRE(pattern);
        CHECK(pattern->matches(row.text) == row.matches);
    }
}

// What a glob means, with no cleverness: every way of giving characters to `*` is tried. For
// ASCII.
bool naive_glob(const std::string& glob, const std::string& text) {
    if (glob.empty()) {
        return text.empty();
    }
    if (glob[0] == '*') {
        return naive_glob(glob.substr(1), text) ||
               (!text.empty() && naive_glob(glob, text.substr(1)));
    }
    return !text.empty() && (glob[0] == '?' || glob[0] == text[0]) &&
           naive_glob(glob.substr(1), text.substr(1));
}

void for_every_text(const std::string& alphabet,
                    std::size_t longest,
                    const std::function<void(const std::string&)>& visit,
                    const std::string& start = "") {
    visit(start);
    for (std::size_t i = 0; start.size() < longest && i < alphabet.size(); ++i) {
        for_every_text(alphabet, longest, visit, start + alphabet[i]);
    }
}

}  // namespace

TEST_CASE("exact compares every byte and knows no wildcard", "[policy]") {
    check_all(PatternSyntax::exact,
              {{"press-7", "press-7", true},
               {"press-7", "press-70", false},
               {"press-7", "press", false},
               {"press-7", "Press-7", false},
               {"press-*", "press-7", false},
               {"press-*", "press-*", true},
               {"", "", true},
               {"", "x", false},
               {"\u00e9", "e\u0301", false}});  // equal to the eye only
}

TEST_CASE("in a glob `*` is any run, `?` one character, and nothing else is special",
          "[policy]") {
    check_all(PatternSyntax::glob,
              {{"press-*", "press-7", true},
               {"press-*", "press-", true},
               {"press-*", "xpress-7", false},
               {"press-*", "press", false},
               {"*-press", "7-press-", false},
               {"*", "", true},
               {"", "", true},
               {"", "x", false},
               {"?", "", false},
               {"*a*a", "aXaYa", true},
               {"*a*a", "aXaYab", false},
               {"**", "x", true},
               {"a*?", "a", false},
               {"[a-z]", "b", false},
               {"[a-z]", "[a-z]", true},
               {"a\\*", "a\\b", true},  // a backslash escapes nothing
               {"a\\*", "a*", false},
               {"a.c", "abc", false},
               {"%u", "%u", true},  // only ClientIdPattern has placeholders
               {"%u", "press-7", false}});
}

TEST_CASE("`?` in a glob is one UTF-8 character, however many bytes it has", "[policy]") {
    check_all(PatternSyntax::glob,
              {{"gr??e", "größe", true},
               {"gr????e", "größe", false},
               {"?", "🙂", true},
               {"??", "🙂", false},
               {"?", "\u00e9", true},
               {"?", "e\u0301", false},  // two code points
               {"??", "日本", true},
               {"*本", "日本", true},
               {"*?", "日", true},
               {"日?*", "日", false},
               {"é", "è", false}});  // the same first byte
}

TEST_CASE("globs agree with the naive matcher on every small input", "[policy][exhaustive]") {
    std::size_t matches = 0;
    for_every_text("ab*?", 4, [&](const std::string& glob) {
        const auto pattern = TextPattern::parse(PatternSyntax::glob, glob).value();
        for_every_text("ab", 4, [&](const std::string& text) {
            const bool expected = naive_glob(glob, text);
            matches += expected ? 1U : 0U;
            if (pattern.matches(text) != expected) {
                FAIL("glob `" << glob << "` text `" << text << '`');
            }
        });
    });
    CHECK(matches > 500);
}

TEST_CASE("a glob of many stars is not slow on a long text", "[policy]") {
    std::string glob;
    for (int i = 0; i < 30; ++i) {
        glob += "*a";
    }
    const auto pattern = TextPattern::parse(PatternSyntax::glob, glob + "*b").value();
    CHECK_FALSE(pattern.matches(std::string(2000, 'a')));
}

TEST_CASE("a regular expression must match from end to end", "[policy]") {
    check_all(PatternSyntax::regex,
              {{"press-[0-9]+", "press-77", true},
               {"press-[0-9]+", "press-", false},
               {"admin", "evil-admin", false},
               {"admin", "admin2", false},
               {"admin", "admin\n", false},
               {"a|b", "ax", false},  // the anchors embrace the whole alternative
               {"a|b", "xb", false},
               {"a|b", "b", true},
               {"^press$", "press", true},
               {"(?m)^a$", "a\nb", false},  // multi-line mode opens nothing
               {"a.c", "a\nc", true},       // as in PostgreSQL
               {".", "🙂", true},
               {"", "", true},
               {"", "x", false},
               {"(?i)press", "PRESS", true}});
}

TEST_CASE("a malformed regular expression is refused, and the error names it", "[policy]") {
    for (const std::string text :
         {"(", "[a", "*", "a**b(", "\\", "(?=a)", "(a)\\1", "a{2,1}"}) {
        INFO('`' << text << '`');
        const auto pattern = TextPattern::parse(PatternSyntax::regex, text);
        REQUIRE_FALSE(pattern);
        CHECK(pattern.error().kind == pgauth::ErrorKind::invalid_input);
        CHECK(pattern.error().message.find("use RE2 syntax, like `press-[0-9]+`") !=
              std::string::npos);
        CHECK(TextPattern::parse(PatternSyntax::glob, text));  // nothing special in a glob
    }
}

TEST_CASE("a regular expression that would take too much memory is refused", "[policy]") {
    CHECK_FALSE(TextPattern::parse(PatternSyntax::regex, "((((a{1,100}){1,100}){1,100}))"));
    CHECK_FALSE(TextPattern::parse(PatternSyntax::regex, "((\\pL{200}){200}){20}"));
}

TEST_CASE("`%u` in a client id pattern is the username, literally", "[policy]") {
    struct ClientIdRow {
        std::string pattern;
        std::string username;
        std::string client_id;
        bool matches;
    };

    const std::vector<ClientIdRow> rows{
        {"%u", "press-7", "press-7", true},
        {"%u", "press-7", "press-70", false},
        {"%u", "press-7", "%u", false},
        {"%u-*", "press-7", "press-7-a", true},
        {"%u-*", "press-7", "press-8-a", false},
        {"*-%u", "press-7", "a-press-7", true},
        {"*-%u", "press-7", "a-press-7-b", false},
        {"*%u*", "ab", "aab", true},  // the run must fall back over a whole name
        {"*%u*", "ab", "aa", false},
        {"%u", "*", "*", true},  // a username `*` matches itself only
        {"%u", "*", "press-7", false},
        {"%u", "?", "x", false},
        {"%u", "?", "?", true},
        {"%u%u", "ab", "abab", true},
        {"%u%u", "%u", "%u%u", true},  // what stands for `%u` is not read again
        {"%%u", "a", "%a", true},
        {"%U", "a", "a", false},
        {"%c", "a", "%c", true},
        {"%", "a", "%", true},
        {"", "a", "", true},
        {"", "a", "a", false},
        {"gr?sse-%u", "größe", "größe", false},
        {"?-%u", "größe", "🙂-größe", true},
    };
    for (const ClientIdRow& row : rows) {
        INFO('`' << row.pattern << "` for `" << row.username << "` and `" << row.client_id
                 << '`');
        CHECK(ClientIdPattern(row.pattern).matches(row.client_id, row.username) == row.matches);
    }
}

TEST_CASE("a syntax is spelled as in SQL", "[policy]") {
    CHECK(parse_pattern_syntax("exact") == PatternSyntax::exact);
    CHECK(parse_pattern_syntax("glob") == PatternSyntax::glob);
    CHECK(parse_pattern_syntax("regex") == PatternSyntax::regex);
    for (const std::string text : {"", "Glob", "glob ", "regexp", "like"}) {
        CHECK_FALSE(parse_pattern_syntax(text));
    }
}
