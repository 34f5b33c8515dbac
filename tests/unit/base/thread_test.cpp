#include "base/thread.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>

#include "support/catch.hpp"

using namespace pgauth;

namespace {

bool is_open(int descriptor) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX
    return fcntl(descriptor, F_GETFD) != -1;
}

void run_to_the_end(ThreadNeeds needs, std::function<void()> body) {
    start_thread("pgauth-test", std::move(needs), std::move(body)).join();
}

}  // namespace

TEST_CASE("a thread has the descriptors that it needs, and no others of the broker's",
          "[thread]") {
    if constexpr (!own_descriptors) {
        WARN("not run under ThreadSanitizer: there all threads share one table");
        return;
    }
    std::array<int, 4> broker{};
    for (int& descriptor : broker) {
        descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        REQUIRE(descriptor >= 0);
    }
    std::array<bool, 4> seen{};
    bool standard_ones = false;
    int opened = -1;
    run_to_the_end({.descriptors = {broker[2], broker[0]}}, [&] {
        for (std::size_t i = 0; i < broker.size(); ++i) {
            seen.at(i) = is_open(broker.at(i));
        }
        standard_ones = is_open(STDERR_FILENO);
        opened = eventfd(0, EFD_CLOEXEC);
        const std::uint64_t one = 1;
        std::ignore = write(broker[2], &one, sizeof one);
        close(broker[0]);
    });
    CHECK(seen == std::array{true, false, true, false});
    CHECK(standard_ones == is_open(STDERR_FILENO));
    // The lowest number that is free in its own table, whatever the broker has there.
    int lowest = STDERR_FILENO + 1;
    while (lowest == broker[0] || lowest == broker[2]) {
        ++lowest;
    }
    CHECK(opened == lowest);
    std::uint64_t read_back = 0;
    CHECK(read(broker[2], &read_back, sizeof read_back) == sizeof read_back);
    for (const int descriptor : broker) {
        CHECK(is_open(descriptor));
        close(descriptor);
    }
}

TEST_CASE("a thread keeps the standard ones where it needs one of them, or one twice",
          "[thread]") {
    const int shared = eventfd(0, EFD_CLOEXEC);
    REQUIRE(shared >= 0);
    std::array<bool, 4> seen{};
    run_to_the_end({.descriptors = {STDIN_FILENO, shared, shared}}, [&] {
        seen = {is_open(STDIN_FILENO),
                is_open(STDOUT_FILENO),
                is_open(STDERR_FILENO),
                is_open(shared)};
    });
    CHECK(seen ==
          std::array{
              is_open(STDIN_FILENO), is_open(STDOUT_FILENO), is_open(STDERR_FILENO), true});
    close(shared);
}

TEST_CASE("a thread takes no signals, and computes at nice 19 where it is told to",
          "[thread]") {
    sigset_t mask{};
    const int nice_before = getpriority(PRIO_PROCESS, 0);
    int nice = 0;
    run_to_the_end({.priority = Priority::lowest}, [&] {
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        nice = getpriority(PRIO_PROCESS, 0);
    });
    CHECK(sigismember(&mask, SIGTERM) == 1);
    CHECK(sigismember(&mask, SIGHUP) == 1);
    CHECK(nice == 19);
    CHECK(getpriority(PRIO_PROCESS, 0) == nice_before);
}
