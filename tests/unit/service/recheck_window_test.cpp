#include "service/recheck_window.hpp"

#include <chrono>

#include "support/catch.hpp"

using pgauth::RecheckWindow;
using pgauth::SteadyInstant;
using namespace std::chrono_literals;

namespace {

constexpr SteadyInstant reload{100s};

RecheckWindow opened() {
    RecheckWindow window;
    window.open(reload);
    return window;
}

}  // namespace

TEST_CASE("the window is closed until a reload opens it", "[service]") {
    const RecheckWindow window;
    CHECK_FALSE(window.is_open(reload));
    CHECK(opened().is_open(reload));
}

TEST_CASE("the next turn of the loop closes the window", "[service]") {
    RecheckWindow window = opened();
    window.close();
    CHECK_FALSE(window.is_open(reload));
}

TEST_CASE("the window closes when nothing was re-checked for a second", "[service]") {
    RecheckWindow window = opened();
    CHECK(window.is_open(reload + 1s));
    CHECK_FALSE(window.is_open(reload + 1s + 1ns));
    window.note_recheck(reload + 1s);
    CHECK(window.is_open(reload + 2s));
    CHECK_FALSE(window.is_open(reload + 2s + 1ns));
}

TEST_CASE("an access check closes the window, unless a disconnect explains it", "[service]") {
    RecheckWindow window = opened();
    window.note_access_check();
    CHECK_FALSE(window.is_open(reload));

    window.open(reload);
    window.note_disconnect();
    window.note_access_check();  // the will of who was thrown off
    CHECK(window.is_open(reload));
    window.close();
    CHECK_FALSE(window.is_open(reload));
}

TEST_CASE("a disconnect before the reload explains nothing after it", "[service]") {
    RecheckWindow window;
    window.note_disconnect();
    window.open(reload);
    window.note_access_check();
    CHECK_FALSE(window.is_open(reload));

    window.open(reload);
    window.note_disconnect();
    window.open(reload);
    window.note_access_check();
    CHECK_FALSE(window.is_open(reload));
}

TEST_CASE("a disconnect opens no window", "[service]") {
    RecheckWindow window;
    window.note_disconnect();
    window.note_access_check();
    CHECK_FALSE(window.is_open(reload));
}
