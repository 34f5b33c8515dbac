#include "authn/attempt_limits.hpp"

#include <string>

#include "support/catch.hpp"

using namespace pgauth;
using namespace std::chrono_literals;

namespace {

constexpr AttemptOptions options{
    .limits = AttemptLimiting::on, .per_client = 3, .per_address = 20, .back_off = 10s};

const SteadyInstant start;

// Who asks, of these limits.
struct Asker {
    AttemptLimits& limits;
    std::string username;
    std::string address;

    [[nodiscard]] Attempt attempt() const { return {username, *IpAddress::parse(address)}; }

    // How many of `count` attempts with a wrong password are let through.
    [[nodiscard]] int guess(int count, SteadyInstant now) const {
        int through = 0;
        for (int i = 0; i < count; ++i) {
            if (limits.take(attempt(), options, now)) {
                limits.note(attempt(), PasswordCheck::wrong, options, now);
                ++through;
            }
        }
        return through;
    }

    [[nodiscard]] bool succeed(SteadyInstant now) const {
        const bool through = limits.take(attempt(), options, now);
        if (through) {
            limits.note(attempt(), PasswordCheck::right, options, now);
        }
        return through;
    }
};

}  // namespace

TEST_CASE("who was wrong too often has to wait, longer each time", "[authn]") {
    AttemptLimits limits;
    const Asker device{limits, "press-7", "10.0.0.7"};
    CHECK(device.guess(10, start) == 3);
    // Dry once: one comes back every 20 s.
    CHECK(device.guess(10, start + 19s) == 0);
    CHECK(device.guess(10, start + 20s) == 1);
    // Dry twice: every 40 s.
    CHECK(device.guess(10, start + 59s) == 0);
    CHECK(device.guess(10, start + 60s) == 1);
    // After a long time it is as at first.
    CHECK(device.guess(10, start + 24h) == 3);
    CHECK(device.guess(10, start + 24h + 20s) == 1);
}

TEST_CASE("a right password clears what was wrong before it", "[authn]") {
    AttemptLimits limits;
    const Asker device{limits, "press-7", "10.0.0.7"};
    for (int i = 0; i < 20; ++i) {
        CHECK(device.guess(2, start) == 2);
        CHECK(device.succeed(start));
    }
    CHECK(device.guess(10, start) == 3);
}

TEST_CASE("what was not computed costs nothing", "[authn]") {
    AttemptLimits limits;
    const Asker device{limits, "press-7", "10.0.0.7"};
    for (int i = 0; i < 100; ++i) {
        CHECK(limits.take(device.attempt(), options, start));
        limits.note(device.attempt(), PasswordCheck::not_computed, options, start);
    }
    CHECK(device.guess(10, start) == 3);
}

TEST_CASE("attempts that are not answered yet count", "[authn]") {
    AttemptLimits limits;
    const Asker device{limits, "press-7", "10.0.0.7"};
    for (int i = 0; i < 3; ++i) {
        CHECK(limits.take(device.attempt(), options, start));
    }
    CHECK_FALSE(limits.take(device.attempt(), options, start));
}

TEST_CASE("one bad device does not lock out its neighbours behind the same address",
          "[authn]") {
    AttemptLimits limits;
    const Asker bad{limits, "press-7", "192.0.2.1"};
    int through = 0;
    for (int second = 0; second < 3600; ++second) {
        through += bad.guess(5, start + std::chrono::seconds(second));
    }
    CHECK(through < 20);
    for (int i = 0; i < 1000; ++i) {
        const Asker neighbour{limits, "neighbour-" + std::to_string(i), "192.0.2.1"};
        CHECK(neighbour.succeed(start + 1h));
    }
}

TEST_CASE("a whole site may wait for its verdicts at a time", "[authn]") {
    AttemptLimits limits;
    for (int i = 0; i < 10'000; ++i) {
        const Asker device{limits, "press-" + std::to_string(i), "192.0.2.1"};
        CHECK(limits.take(device.attempt(), options, start));
    }
}

TEST_CASE("one address that tries many clients is limited", "[authn]") {
    AttemptLimits limits;
    int through = 0;
    for (int i = 0; i < 1000; ++i) {
        const Asker sprayer{limits, "press-" + std::to_string(i), "192.0.2.1"};
        through += sprayer.guess(1, start);
    }
    CHECK(through == 20);
    const Asker elsewhere{limits, "press-1", "192.0.2.2"};
    CHECK(elsewhere.succeed(start));
}

TEST_CASE("who has succeeded from an address comes in from there, whatever others do",
          "[authn]") {
    AttemptLimits limits;
    const Asker owner{limits, "press-7", "192.0.2.1"};
    REQUIRE(owner.succeed(start));
    // Guesses at its username from everywhere, and at others from its address.
    int through = 0;
    for (int i = 0; i < 200; ++i) {
        const Asker guesser{limits, "press-7", "10.0.0." + std::to_string(i)};
        through += guesser.guess(3, start);
        const Asker sprayer{limits, "press-" + std::to_string(1000 + i), "192.0.2.1"};
        through += sprayer.guess(1, start);
    }
    CHECK(through == 30 + 20);
    CHECK(owner.succeed(start));
    CHECK_FALSE(Asker{limits, "press-7", "10.0.1.1"}.succeed(start));
    CHECK_FALSE(Asker{limits, "press-8", "192.0.2.1"}.succeed(start));
}

TEST_CASE("an IPv6 site counts as one address", "[authn]") {
    AttemptLimits limits;
    int through = 0;
    for (int i = 0; i < 100; ++i) {
        const Asker guesser{limits, "press-7", "2001:db8:0:1::" + std::to_string(i + 1)};
        through += guesser.guess(1, start);
    }
    CHECK(through == 3);
    CHECK(Asker{limits, "press-7", "2001:db8:0:2::1"}.guess(1, start) == 1);
}

TEST_CASE("limits that are off limit nothing", "[authn]") {
    AttemptLimits limits;
    AttemptOptions off = options;
    off.limits = AttemptLimiting::off;
    const Asker device{limits, "press-7", "10.0.0.7"};
    for (int i = 0; i < 1000; ++i) {
        CHECK(limits.take(device.attempt(), off, start));
        limits.note(device.attempt(), PasswordCheck::wrong, off, start);
    }
}

TEST_CASE("no number of usernames and addresses makes the limits grow without end", "[authn]") {
    AttemptLimits limits;
    for (int i = 0; i < 300'000; ++i) {
        const Asker device{limits,
                           std::to_string(i),
                           "10." + std::to_string(i % 250) + "." +
                               std::to_string(i / 250 % 250) + "." + std::to_string(i / 62500)};
        static_cast<void>(device.guess(1, start));
    }
    CHECK(limits.size() <= 4 * AttemptLimits::most);
}
