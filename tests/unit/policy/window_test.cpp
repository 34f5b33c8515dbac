#include "policy/window.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

using pgauth::Instant;
using pgauth::Window;

namespace {

Instant at(int seconds) {
    return Instant(std::chrono::seconds(seconds));
}

}  // namespace

TEST_CASE("a window includes its beginning and not its end", "[policy]") {
    struct Row {
        std::string name;
        Window window;
        Instant now;
        bool contains;
    };

    const auto tick = Instant::duration(1);
    const std::vector<Row> rows{
        {"no bounds", {}, at(0), true},
        {"no bounds, first", {}, Instant::min(), true},
        {"no bounds, last", {}, Instant::max(), true},
        {"just before it begins", {at(10), at(20)}, at(10) - tick, false},
        {"as it begins", {at(10), at(20)}, at(10), true},
        {"just before it ends", {at(10), at(20)}, at(20) - tick, true},
        {"as it ends", {at(10), at(20)}, at(20), false},
        {"after it has ended", {at(10), at(20)}, at(21), false},
        {"never ends", {at(10), std::nullopt}, Instant::max(), true},
        {"never began", {std::nullopt, at(20)}, Instant::min(), true},
        {"ended, never began", {std::nullopt, at(20)}, at(20), false},
        {"ends as it begins", {at(10), at(10)}, at(10), false},
        {"ends before it begins", {at(20), at(10)}, at(15), false},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        CHECK(row.window.contains(row.now) == row.contains);
    }
}
