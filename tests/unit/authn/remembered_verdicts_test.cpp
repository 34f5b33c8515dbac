#include "authn/remembered_verdicts.hpp"

#include <string>

#include "support/catch.hpp"

using namespace pgauth;
using namespace std::chrono_literals;

namespace {

PasswordQuestion question(std::string username,
                          std::vector<std::string> secrets,
                          std::string_view password) {
    return {.username = std::move(username),
            .secrets = std::move(secrets),
            .password = Secret(password)};
}

const SteadyInstant start;
constexpr auto hour = 1h;

using Check = std::optional<PasswordCheck>;

Check recall(RememberedVerdicts& verdicts,
             const PasswordQuestion& asked,
             SteadyInstant now = start) {
    return verdicts.recall(asked, now, now + hour);
}

}  // namespace

TEST_CASE("what was right and what was wrong is remembered, for its time", "[authn]") {
    RememberedVerdicts verdicts;
    const auto right = question("press-7", {"$a"}, "sesame");
    const auto wrong = question("press-7", {"$a"}, "open");
    CHECK(recall(verdicts, right) == std::nullopt);
    verdicts.remember(right, PasswordCheck::right, start + hour);
    verdicts.remember(wrong, PasswordCheck::wrong, start + hour);
    CHECK(recall(verdicts, wrong) == Check(PasswordCheck::wrong));
    CHECK(recall(verdicts, wrong, start + hour) == std::nullopt);
    CHECK(recall(verdicts, right, start + 59min) == Check(PasswordCheck::right));
    CHECK(recall(verdicts, right, start + 118min) == Check(PasswordCheck::right));
    CHECK(recall(verdicts, right, start + 4h) == std::nullopt);
}

TEST_CASE("a verdict is one client's, of one secret and one password", "[authn]") {
    RememberedVerdicts verdicts;
    verdicts.remember(question("a", {"$secret"}, "b-c"), PasswordCheck::right, start + hour);
    CHECK(recall(verdicts, question("a-b", {"$secret"}, "c")) == std::nullopt);
    CHECK(recall(verdicts, question("a", {"$secretb"}, "-c")) == std::nullopt);
    CHECK(recall(verdicts, question("a", {"$secre"}, "tb-c")) == std::nullopt);
    CHECK(recall(verdicts, question("A", {"$secret"}, "b-c")) == std::nullopt);
    CHECK(recall(verdicts, question("", {"$secret"}, "b-c")) == std::nullopt);
    // The secret was replaced.
    CHECK(recall(verdicts, question("a", {"$other"}, "b-c")) == std::nullopt);
    // Another process.
    RememberedVerdicts others;
    CHECK(recall(others, question("a", {"$secret"}, "b-c")) == std::nullopt);
    CHECK(recall(verdicts, question("a", {"$secret"}, "b-c")) == Check(PasswordCheck::right));
}

TEST_CASE("of several secrets the one that fits is remembered, and those that did not",
          "[authn]") {
    RememberedVerdicts verdicts;
    verdicts.remember(question("press-7", {"$a", "$b", "$c"}, "sesame"),
                      {PasswordCheck::right, 1},
                      start + hour);
    CHECK(recall(verdicts, question("press-7", {"$c", "$b"}, "sesame")) ==
          Check(PasswordCheck(PasswordCheck::right, 1)));
    CHECK(recall(verdicts, question("press-7", {"$a"}, "sesame")) ==
          Check(PasswordCheck::wrong));
    // Nothing was said of the last one.
    CHECK(recall(verdicts, question("press-7", {"$a", "$c"}, "sesame")) == std::nullopt);
}

TEST_CASE("what was not computed is not remembered", "[authn]") {
    RememberedVerdicts verdicts;
    const auto asked = question("press-7", {"$a"}, "sesame");
    verdicts.remember(asked, PasswordCheck::not_computed, start + hour);
    verdicts.remember(asked, PasswordCheck::not_made, start + hour);
    CHECK(recall(verdicts, asked) == std::nullopt);
}

TEST_CASE("no flood of wrong passwords makes a right one forgotten", "[authn]") {
    RememberedVerdicts verdicts;
    const auto asked = question("press-7", {"$a"}, "sesame");
    verdicts.remember(asked, PasswordCheck::right, start + hour);
    for (std::size_t i = 0; i < 3 * RememberedVerdicts::most_wrong; ++i) {
        verdicts.remember(
            question("press-7", {"$a"}, std::to_string(i)), PasswordCheck::wrong, start + hour);
    }
    CHECK(recall(verdicts, asked) == Check(PasswordCheck::right));
    CHECK(recall(verdicts, question("press-7", {"$a"}, "0")) == std::nullopt);
}
