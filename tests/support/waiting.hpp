// Waiting without sleeping: polls with a deadline.
//
//   REQUIRE(eventually([&] { return feed.current() != nullptr; }));
//
// Thread safety: as the condition.

#pragma once

#include <chrono>
#include <thread>

namespace pgauth::testing {

// Generous, since it is only ever waited out by a test that fails.
inline constexpr std::chrono::seconds generous{15};

template <typename Condition>
[[nodiscard]] bool eventually(Condition condition,
                              std::chrono::milliseconds within = generous) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

}  // namespace pgauth::testing
