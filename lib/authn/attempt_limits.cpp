#include "authn/attempt_limits.hpp"

#include <algorithm>

namespace pgauth {

namespace {

using Seconds = std::chrono::duration<double>;

constexpr double usernames_factor = 10;  // of per_client

double capacity_of_username(const AttemptOptions& options) {
    return usernames_factor * options.per_client;
}

}  // namespace

void AttemptLimits::Bucket::refill(const AttemptOptions& options, SteadyInstant now) {
    constexpr unsigned most_doublings = 12;
    constexpr Seconds longest = std::chrono::hours(1);
    const double doubled = 1U << std::min(times_dry, most_doublings);
    const Seconds for_one = std::min(longest, Seconds(options.back_off) * doubled);
    taken = std::max(0.0, taken - Seconds(now - as_of) / for_one);
    as_of = now;
    if (taken == 0) {
        times_dry = 0;
    }
}

void AttemptLimits::Bucket::take(double capacity) {
    taken = std::min(taken + 1, capacity);
    times_dry += has_one(capacity) ? 0U : 1U;
}

void AttemptLimits::Bucket::give_back() {
    taken = std::max(0.0, taken - 1);
}

AttemptLimits::Keys AttemptLimits::keys_of(const Attempt& attempt) const {
    const std::string_view site = attempt.address ? attempt.address->site() : "";
    return {mac_({attempt.username, site}).first,
            mac_({attempt.username}).first,
            mac_({site}).first};
}

bool AttemptLimits::take(const Attempt& attempt,
                         const AttemptOptions& options,
                         SteadyInstant now) {
    if (options.limits == AttemptLimiting::off) {
        return true;
    }
    const Keys keys = keys_of(attempt);
    Bucket& pair = pairs_.at(keys.pair);
    pair.refill(options, now);
    if (!pair.has_one(options.per_client)) {
        return false;
    }
    if (succeeded_.find(keys.pair) == nullptr) {
        Bucket& username = usernames_.at(keys.username);
        Bucket& address = addresses_.at(keys.address);
        username.refill(options, now);
        address.refill(options, now);
        if (!username.has_one(capacity_of_username(options)) ||
            !address.has_one(options.per_address)) {
            return false;
        }
        username.take(capacity_of_username(options));
    }
    pair.take(options.per_client);
    return true;
}

void AttemptLimits::note(const Attempt& attempt,
                         PasswordCheck::Verdict verdict,
                         const AttemptOptions& options,
                         SteadyInstant now) {
    if (options.limits == AttemptLimiting::off) {
        return;
    }
    const Keys keys = keys_of(attempt);
    const bool is_known = succeeded_.find(keys.pair) != nullptr;
    if (verdict == PasswordCheck::wrong) {
        // Only now: a whole site may be waiting for its verdicts after a restart.
        if (!is_known) {
            Bucket& address = addresses_.at(keys.address);
            address.refill(options, now);
            address.take(options.per_address);
        }
        return;
    }
    if (!is_known) {
        usernames_.at(keys.username).give_back();
    }
    if (verdict == PasswordCheck::right) {
        pairs_.erase(keys.pair);
        succeeded_.at(keys.pair) = 1;
    } else {
        pairs_.at(keys.pair).give_back();
    }
}

}  // namespace pgauth
