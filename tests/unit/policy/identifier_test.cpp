#include "policy/identifier.hpp"

#include <string>

#include "support/catch.hpp"

using pgauth::is_safe_identifier;

TEST_CASE("an identifier without wildcards and control characters is safe", "[policy]") {
    for (const std::string text : {"press-7",
                                   "",
                                   "a/b",
                                   "%u",
                                   "$SYS",
                                   "'; DROP TABLE clients; --",
                                   "Größe 日本 🙂",
                                   " "}) {
        INFO('`' << text << '`');
        CHECK(is_safe_identifier(text));
    }
    CHECK(is_safe_identifier(std::string(65535, 'x')));
}

TEST_CASE("an identifier with a wildcard or a control character is not safe", "[policy]") {
    for (const std::string& text : {std::string("#"),
                                    std::string("+"),
                                    std::string("press#7"),
                                    std::string("press+7"),
                                    std::string("press-7\n"),
                                    std::string("\tpress-7"),
                                    std::string("a\0b", 3),
                                    std::string("\x1b[31m"),
                                    std::string("\x1f"),
                                    std::string("\x7f"),
                                    std::string("\u0080"),
                                    std::string("\u009f")}) {
        CHECK_FALSE(is_safe_identifier(text));
    }
    CHECK(is_safe_identifier("\u00a0"));
    CHECK_FALSE(is_safe_identifier(std::string(65534, 'x') + '#'));
}
