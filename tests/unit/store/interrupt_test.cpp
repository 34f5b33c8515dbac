#include "store/interrupt.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/thread.hpp"
#include "support/catch.hpp"

using namespace pgauth;
using std::chrono::milliseconds;

namespace {

Interrupt::Outcome wait_for_nothing(const Interrupt& interrupt, milliseconds timeout) {
    return interrupt.wait(Interrupt::no_socket, Interrupt::Event::readable, timeout);
}

}  // namespace

TEST_CASE("a thread that was given the interrupt's descriptor can be interrupted", "[store]") {
    Interrupt interrupt;
    Interrupt::Outcome outcome = Interrupt::Outcome::ready;
    std::thread thread =
        start_thread("pgauth-test", {.descriptors = {interrupt.descriptor()}}, [&] {
            outcome = wait_for_nothing(interrupt, std::chrono::seconds(60));
        });
    interrupt.raise();
    thread.join();
    CHECK(outcome == Interrupt::Outcome::raised);
}

TEST_CASE("a thread that was not given it has an error, and is not taken for interrupted",
          "[store]") {
    if constexpr (!own_descriptors) {
        WARN("not run under ThreadSanitizer: there all threads share one table");
        return;
    }
    const Interrupt interrupt;
    bool threw = false;
    start_thread("pgauth-test", {}, [&] {
        try {
            static_cast<void>(wait_for_nothing(interrupt, milliseconds(1)));
        } catch (const std::system_error& problem) {
            threw = problem.code().value() == EBADF;
        }
    }).join();
    CHECK(threw);
}
