#include "base/secret.hpp"

#include "support/catch.hpp"

TEST_CASE("a secret that was moved from holds nothing", "[base]") {
    for (const std::string& text : {std::string("short"), std::string(100, 'x')}) {
        pgauth::Secret first{text};
        const pgauth::Secret second{std::move(first)};
        CHECK(second.reveal() == text);
        CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that is the question
    }
}

TEST_CASE("wipe leaves nothing in the buffer", "[base]") {
    std::string text(100, 'x');
    const char* buffer = text.data();
    pgauth::wipe(text);
    CHECK(text.empty());
    CHECK(std::string(buffer, 16) == std::string(16, '\0'));
}

TEST_CASE("random digits are as many as asked for, and others each time", "[base]") {
    const pgauth::Secret one = pgauth::random_hex(32);
    CHECK(one.reveal().size() == 64);
    CHECK(one.reveal().find_first_not_of("0123456789abcdef") == std::string_view::npos);
    CHECK(one.reveal() != pgauth::random_hex(32).reveal());
    CHECK(pgauth::random_hex(0).empty());
}
