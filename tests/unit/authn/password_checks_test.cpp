#include "authn/password_checks.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "password/password_hash.hpp"
#include "support/catch.hpp"
#include "support/quick_secret.hpp"
#include "support/waiting.hpp"

using namespace pgauth;
using pgauth::test::quick_secret;
using pgauth::test::slow_secret;
using pgauth::testing::eventually;

namespace {

// Verifiers are the last to get a busy machine's time.
constexpr std::chrono::seconds patience{90};

// Everything that was to be written.
class Swaps {
  public:
    PasswordChecks::SwapWriter writer() {
        return [this](SecretSwap swap) {
            const std::lock_guard lock(mutex_);
            swaps_.push_back(std::move(swap));
        };
    }

    [[nodiscard]] std::vector<SecretSwap> all() const {
        const std::lock_guard lock(mutex_);
        return swaps_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<SecretSwap> swaps_;
};

PasswordOptions with_rehash(std::optional<HashTarget> target = HashTarget::argon2id) {
    PasswordOptions options;
    options.threads = 1;
    options.rehash = target;
    return options;
}

PasswordQuestion question(const std::string& password, const std::string& secret) {
    return {.username = "press-7",
            .secrets = {quick_secret("another"), secret},
            .password = Secret(password),
            .credentials = {41, 42}};
}

bool fits(const std::string& secret, const std::string& password) {
    const auto hash = PasswordHash::parse(secret);
    return hash && hash->verify(password) == PasswordVerdict::right;
}

}  // namespace

TEST_CASE("a right password with a weak hash is hashed once more", "[authn]") {
    const std::string weak = quick_secret("s3cret");
    for (const bool elsewhere : {false, true}) {
        CAPTURE(elsewhere);
        Swaps swaps;
        PasswordChecks checks(with_rehash(), swaps.writer());
        if (elsewhere) {
            REQUIRE(checks.check_elsewhere(question("s3cret", weak)));
            REQUIRE(eventually([&] { return !checks.take_finished().empty(); }, patience));
        } else {
            REQUIRE(checks.check_here(question("s3cret", weak)));
        }
        REQUIRE(eventually([&] { return !swaps.all().empty(); }, patience));
        const SecretSwap swap = swaps.all().front();
        CHECK(swap.credential == 42);
        CHECK(swap.old_secret == weak);
        CHECK(swap.new_secret.starts_with("$argon2id$"));
        CHECK(fits(swap.new_secret, "s3cret"));

        // The new one is known to fit, and nothing else about it.
        const PasswordQuestion again = question("s3cret", swap.new_secret);
        CHECK(checks.recall(again) == PasswordCheck(PasswordCheck::right, 1));
        CHECK(checks.recall(question("guessed", swap.new_secret)) == std::nullopt);
    }
}

TEST_CASE("nothing else is hashed once more", "[authn]") {
    const std::string weak = quick_secret("s3cret");
    const std::string strong = hash_password(HashTarget::argon2id, "s3cret").value();
    Swaps swaps;
    PasswordChecks off(with_rehash(std::nullopt), swaps.writer());
    REQUIRE(off.check_here(question("s3cret", weak)));
    PasswordChecks checks(with_rehash(), swaps.writer());
    REQUIRE(checks.check_here(question("guessed", weak)));
    REQUIRE(checks.check_here(question("s3cret", strong)));
    PasswordQuestion decoy = question("s3cret", weak);
    decoy.username = "nobody";
    decoy.credentials.clear();
    REQUIRE(checks.check_here(decoy));

    // The verifier has one thread, and takes them in order.
    PasswordQuestion last = question("s3cret", quick_secret("s3cret", 2));
    last.credentials = {1, 2};
    REQUIRE(checks.check_here(last));
    REQUIRE(eventually([&] { return !swaps.all().empty(); }, patience));
    REQUIRE(swaps.all().size() == 1);
    CHECK(swaps.all().front().credential == 2);
}

TEST_CASE("what waits when the number of threads changes is checked all the same", "[authn]") {
    PasswordOptions options;
    options.threads = 1;
    PasswordChecks checks(options);
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < 8; ++i) {
        const auto number = checks.check_elsewhere(question(
            "sesame " + std::to_string(i), quick_secret("sesame " + std::to_string(i))));
        REQUIRE(number);
        numbers.push_back(*number);
        options.threads = options.threads % 3 + 1;
        checks.set(options);
    }
    std::size_t right = 0;
    CHECK(eventually(
        [&] {
            for (const auto& finished : checks.take_finished()) {
                right += finished.check.verdict == PasswordCheck::right ? 1U : 0U;
            }
            return right == numbers.size();
        },
        patience));
}

TEST_CASE("until a hash of its kind was made, few are taken", "[authn]") {
    PasswordOptions options;
    options.threads = 1;
    PasswordChecks checks(options);
    int taken = 0;
    std::optional<LoginCause> refusal;
    for (; taken < 1000 && !refusal; ++taken) {
        PasswordQuestion next{.username = "press-" + std::to_string(taken),
                              .secrets = {slow_secret()},
                              .password = Secret("sesame")};
        if (const auto number = checks.check_elsewhere(std::move(next)); !number) {
            refusal = number.error();
        }
    }
    CHECK(refusal == LoginCause::too_many_waiting);
    CHECK(taken < 20);
}

TEST_CASE("a question that waits already is not hashed once more", "[authn]") {
    PasswordOptions options;
    options.threads = 1;
    PasswordChecks checks(options);
    const std::string secret = quick_secret("sesame", 20'000);
    const auto first = checks.check_elsewhere(question("sesame", secret));
    const auto again = checks.check_elsewhere(question("sesame", secret));
    const auto last = checks.check_elsewhere(question("other", quick_secret("other")));
    REQUIRE(first);
    REQUIRE(last);
    CHECK(again == first);
    std::vector<std::uint64_t> finished;
    REQUIRE(eventually(
        [&] {
            for (const auto& one : checks.take_finished()) {
                finished.push_back(one.number);
            }
            return !finished.empty() && finished.back() == *last;
        },
        patience));
    CHECK(finished == std::vector{*first, *last});
}

TEST_CASE("right passwords are no attempts, and wrong ones run out", "[authn]") {
    PasswordOptions options;
    options.attempts.per_client = 3;
    options.attempts.back_off = std::chrono::hours(1);
    PasswordChecks checks(options);
    for (int i = 0; i < 10; ++i) {
        // Another hash each time, so that none is remembered.
        CHECK(checks.check_here(question("sesame", quick_secret("sesame", 1 + i))) ==
              PasswordCheck(PasswordCheck::right, 1));
    }
    for (int i = 0; i < 3; ++i) {
        CHECK(checks.check_here(question("guess", quick_secret("sesame", 1 + i))) ==
              PasswordCheck(PasswordCheck::wrong));
    }
    CHECK(checks.check_here(question("guess", quick_secret("sesame"))) ==
          tl::unexpected(LoginCause::too_many_attempts));
}
