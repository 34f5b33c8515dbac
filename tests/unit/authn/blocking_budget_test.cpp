#include "authn/blocking_budget.hpp"

#include <utility>

#include "support/catch.hpp"

using namespace pgauth;
using namespace std::chrono_literals;

namespace {

using Seconds = BlockingBudget::Seconds;

constexpr auto limit = 100ms;

}  // namespace

TEST_CASE("a full budget admits one hash of any cost, and is then in debt", "[authn]") {
    const SteadyInstant start;
    for (const auto& expected : {std::optional<Seconds>(2s), std::optional<Seconds>()}) {
        BlockingBudget budget;
        CHECK(budget.admits(expected, limit, start));
        budget.charge(2s);
        CHECK_FALSE(budget.admits(Seconds(1us), limit, start));
        // 0.1 s a second: 2 s are paid back after 20.
        CHECK_FALSE(budget.admits(Seconds(20ms), limit, start + 18s));
        CHECK(budget.admits(Seconds(20ms), limit, start + 19500ms));
        CHECK_FALSE(budget.admits(expected, limit, start + 19500ms));
        CHECK(budget.admits(expected, limit, start + 20s));
    }
}

TEST_CASE("a further hash must fit also where it takes a quarter longer", "[authn]") {
    for (const auto& [expected, is_admitted] :
         {std::pair(46ms, false), std::pair(43ms, true)}) {
        BlockingBudget budget;
        CHECK(budget.admits(std::nullopt, limit, {}));
        budget.charge(46ms);
        CHECK(budget.admits(Seconds(expected), limit, {}) == is_admitted);
    }
}

TEST_CASE("what is hashed within a second stays below the limit", "[authn]") {
    const SteadyInstant start;
    BlockingBudget budget;
    Seconds spent{0};
    for (int i = 0; i < 1000; ++i) {
        const auto now = start + i * 1ms;
        if (budget.admits(Seconds(7ms), limit, now)) {
            budget.charge(7ms);
            spent += 7ms;
        }
    }
    CHECK(spent > 180ms);
    CHECK(spent <= 200ms);  // what was there, and what came in the second
}

TEST_CASE("a hash whose cost is not known needs a budget that is all but full", "[authn]") {
    const SteadyInstant start;
    BlockingBudget budget;
    CHECK(budget.admits(std::nullopt, limit, start));
    budget.charge(9ms);
    CHECK(budget.admits(std::nullopt, limit, start));
    budget.charge(9ms);
    CHECK_FALSE(budget.admits(std::nullopt, limit, start));
    CHECK(budget.admits(Seconds(50ms), limit, start));
}

TEST_CASE("no budget admits nothing", "[authn]") {
    BlockingBudget budget;
    CHECK_FALSE(budget.admits(Seconds(0), 0ms, {}));
    CHECK_FALSE(budget.admits(std::nullopt, 0ms, {}));
}
