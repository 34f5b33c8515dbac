#include "base/quote.hpp"

#include "support/catch.hpp"

using pgauth::quote;

TEST_CASE("quote keeps what is printable and escapes what could forge a log line", "[base]") {
    struct Row {
        std::string text;
        std::string quoted;
    };

    const Row rows[] = {
        {"press-7", "`press-7`"},
        {"", "``"},
        {"Größe 日本 🙂", "`Größe 日本 🙂`"},
        {"a\nb", "`a\\x0ab`"},
        {std::string("a\0b", 3), "`a\\x00b`"},
        {"\x1b[31m", "`\\x1b[31m`"},
        {"\x7f", "`\\x7f`"},
        {"back`tick\\", "`back\\x60tick\\x5c`"},
        {"\xff\xfe", "`\\xff\\xfe`"},
        {"\xc0\xaf", "`\\xc0\\xaf`"},                    // overlong slash
        {"\xed\xa0\x80", "`\\xed\\xa0\\x80`"},           // surrogate
        {"\xf4\x90\x80\x80", "`\\xf4\\x90\\x80\\x80`"},  // beyond U+10FFFF
        {"\xe2\x82", "`\\xe2\\x82`"},                    // cut short
        {"a\u2028b", "`a\\xe2\\x80\\xa8b`"},  // a line break to those who read Unicode
        {"\xc2\x9b", "`\\xc2\\x9b`"},         // C1 control, a terminal's CSI
    };
    for (const Row& row : rows) {
        CHECK(quote(row.text) == row.quoted);
    }
}

TEST_CASE("quote shortens long text and says how long it was", "[base]") {
    CHECK(quote(std::string(65535, 'x'), 4) == "`xxxx`… (65535 bytes)");
}
