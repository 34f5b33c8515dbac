#include "config/text.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using pgauth::Layout;

TEST_CASE("a word is only taken for a known one that is at most two edits away", "[config]") {
    struct Row {
        std::string word;
        std::string meant;
    };

    const std::vector<std::string> known{"database", "database.tls", "sessions", "file"};
    const std::vector<Row> rows{
        {"database", "database"},
        {"databse", "database"},
        {"dtaabase", "database"},
        {"database.tsl", "database.tls"},
        {"database_tls", "database.tls"},
        {"Session", "sessions"},
        {"fil", "file"},
        {"fi", ""},
        {"", ""},
        {"tls", ""},
        {"database.url", ""},
        {"dtabse!", ""},
        {std::string(100000, 'd'), ""},
    };
    for (const Row& row : rows) {
        CHECK(pgauth::nearest(row.word, known).value_or("") == row.meant);
    }
}

TEST_CASE("a flaw of a text is found where it begins", "[config]") {
    struct Row {
        std::string text;
        std::size_t position;
    };

    constexpr std::size_t none = std::string::npos;
    const std::vector<Row> rows{
        {"", none},
        {"plain `\\` text", none},
        {"Größe 日本 🙂", none},
        {"a\tb\r\n", none},
        {"ö\x01", 2},
        {"日本\xff", 6},
        {"日本\xe2\x82", 6},
        {"\xc3\xb6"
         "a\xb6",
         3},
        {"\xed\xa0\x80", 0},
        {std::string("a\0", 2), 1},
    };
    for (const Row& row : rows) {
        const auto flaw = pgauth::find_flaw(row.text, Layout::lines);
        CAPTURE(row.text);
        CHECK((flaw ? flaw->position : none) == row.position);
    }
    CHECK(pgauth::find_flaw("a\tb", Layout::one_line)->position == 1);
    CHECK(pgauth::find_flaw("a\n", Layout::one_line)->position == 1);
}

TEST_CASE("what might be a connection string is not shown", "[config]") {
    for (const char* text :
         {"postgresql://u:s3cret@h/db", "password = s3cret", "u:s3cret", "@"}) {
        CHECK(pgauth::shown(text) == "`…`");
    }
    CHECK(pgauth::shown("verify\nfull") == "`verify\\x0afull`");
    CHECK(pgauth::shown("/etc/pgauth.yaml") == "`/etc/pgauth.yaml`");
}
