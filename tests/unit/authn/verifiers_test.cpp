#include "authn/verifiers.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/quick_secret.hpp"
#include "support/waiting.hpp"

using namespace pgauth;
using namespace std::chrono_literals;
using pgauth::test::quick_secret;
using pgauth::test::slow_secret;
using pgauth::testing::eventually;

namespace {

// Verifiers are the last to get a busy machine's time.
constexpr auto patience = 90s;

Verifiers::Job job(std::uint64_t number, Verifiers::Seconds expected) {
    static const std::string secret = quick_secret("sesame");
    return {
        .number = number,
        .question = {.username = "press-7", .secrets = {secret}, .password = Secret("sesame")},
        .expected = expected};
}

// A secret that keeps a thread busy for a while.
Verifiers::Job slow_job() {
    Verifiers::Job slow = job(0, 0s);
    slow.question.secrets = {slow_secret()};
    return slow;
}

// How many of the same expected cost are taken while the only thread is busy.
int taken(Verifiers& verifiers, Verifiers::Seconds expected) {
    int count = 0;
    for (; count < 20'000; ++count) {
        Verifiers::Job next = job(static_cast<std::uint64_t>(count) + 1, expected);
        if (!verifiers.submit(next)) {
            CHECK(next.question.password.reveal() == "sesame");  // still the caller's
            break;
        }
    }
    return count;
}

}  // namespace

TEST_CASE("the queue of the verifiers is bounded by the time that it will take", "[authn]") {
    for (const auto& [expected, most] :
         {std::pair<Verifiers::Seconds, int>{1s, 2}, {250ms, 8}, {3s, 1}, {0s, 10'000}}) {
        CAPTURE(expected.count());
        Verifiers verifiers(1);
        Verifiers::Job slow = slow_job();
        REQUIRE(verifiers.submit(slow));
        // The thread may have taken the first one by now, or not.
        const int count = taken(verifiers, expected);
        CHECK(count <= most);
        CHECK(count >= most - 1);
    }
}

TEST_CASE("verifiers that finish check what waits and take nothing new", "[authn]") {
    Verifiers verifiers(1);
    Verifiers::Job slow = slow_job();
    REQUIRE(verifiers.submit(slow));
    Verifiers::Job waiting = job(7, 0s);
    REQUIRE(verifiers.submit(waiting));
    verifiers.finish();
    Verifiers::Job late = job(8, 0s);
    CHECK_FALSE(verifiers.submit(late));
    std::vector<Verifiers::Finished> finished;
    REQUIRE(eventually(
        [&] {
            for (Verifiers::Finished& one : verifiers.take()) {
                finished.push_back(std::move(one));
            }
            return finished.size() == 2;
        },
        patience));
    CHECK(finished[1].number == 7);
    CHECK(finished[1].check == PasswordCheck(PasswordCheck::right));
}
