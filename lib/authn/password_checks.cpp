#include "authn/password_checks.hpp"

#include <chrono>
#include <utility>

#include "base/thread.hpp"
#include "password/password_hash.hpp"

namespace pgauth {

namespace {

using std::chrono::steady_clock;

Attempt attempt_of(const PasswordQuestion& question) {
    return {question.username, question.address};
}

// Empty where it cannot be read, which then costs nothing.
std::string cost_class_of(const std::string& secret) {
    const auto hash = PasswordHash::parse(secret);
    return hash ? std::string(hash->cost_class()) : std::string();
}

}  // namespace

PasswordChecks::PasswordChecks(const PasswordOptions& options, SwapWriter write_swap)
    : write_swap_(std::move(write_swap)),
      options_(options),
      verifiers_(make_verifiers(options.threads)) {}

std::unique_ptr<Verifiers> PasswordChecks::make_verifiers(unsigned threads) {
    return std::make_unique<Verifiers>(
        threads, [this](Verifiers::Rehash rehash, std::string new_secret) {
            note_rehashed(std::move(rehash), std::move(new_secret));
        });
}

void PasswordChecks::set(const PasswordOptions& options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
    if (verifiers_->threads() != options.threads) {
        verifiers_->finish();
        left_.push_back(std::exchange(verifiers_, make_verifiers(options.threads)));
    }
}

std::optional<PasswordCheck> PasswordChecks::recall(const PasswordQuestion& question) {
    const auto now = steady_clock::now();
    const std::lock_guard lock(mutex_);
    return verdicts_.recall(question, now, now + options_.remember);
}

bool PasswordChecks::take_attempt(const Attempt& attempt) {
    const std::lock_guard lock(mutex_);
    return limits_.take(attempt, options_.attempts, steady_clock::now());
}

void PasswordChecks::note_attempt(const Attempt& attempt, PasswordCheck::Verdict verdict) {
    const std::lock_guard lock(mutex_);
    limits_.note(attempt, verdict, options_.attempts, steady_clock::now());
}

std::optional<PasswordChecks::Seconds> PasswordChecks::expected(
    const PasswordQuestion& question) {
    Seconds sum{0};
    for (const std::string& secret : question.secrets) {
        const std::string cost_class = cost_class_of(secret);
        const std::lock_guard lock(mutex_);
        const auto known = costs_.find(cost_class);
        if (known == costs_.end()) {
            return std::nullopt;
        }
        sum += known->second;
    }
    return sum;
}

tl::expected<PasswordCheck, LoginCause> PasswordChecks::check_here(
    const PasswordQuestion& question) {
    if (!take_attempt(attempt_of(question))) {
        return tl::unexpected(LoginCause::too_many_attempts);
    }
    PasswordCheck check = PasswordCheck::not_computed;
    try {
        const Seconds began_at = processor_time();
        check = check_password(question);
        note_cost(question, check, processor_time() - began_at);
    } catch (...) {
        note(question, PasswordCheck::not_computed);
        throw;
    }
    note(question, check);
    return check;
}

tl::expected<std::uint64_t, LoginCause> PasswordChecks::check_elsewhere(
    PasswordQuestion question) {
    std::uint64_t number = mac_({question.username, question.password.reveal()}).first;
    for (const std::string& secret : question.secrets) {
        number ^= mac_({secret}).first;
    }
    constexpr Seconds unknown_cost{0.25};  // until the first of its kind was hashed
    const Seconds cost = expected(question).value_or(unknown_cost);
    if (!take_attempt(attempt_of(question))) {
        return tl::unexpected(LoginCause::too_many_attempts);
    }
    Verifiers::Job job{number, std::move(question), cost};
    bool is_waiting = false;
    bool is_queued = false;
    {
        const std::lock_guard lock(mutex_);
        is_waiting = waiting_.contains(number);
        is_queued = !is_waiting && verifiers_->submit(job);
        if (is_queued) {
            waiting_.insert(number);
        }
    }
    if (is_queued) {
        return number;
    }
    note(job.question, PasswordCheck::not_computed);
    return is_waiting ? tl::expected<std::uint64_t, LoginCause>(number)
                      : tl::unexpected(LoginCause::too_many_waiting);
}

std::vector<Verifiers::Finished> PasswordChecks::take_finished() {
    std::vector<Verifiers::Finished> finished;
    {
        const std::lock_guard lock(mutex_);
        finished = verifiers_->take();
        for (const auto& left : left_) {
            for (Verifiers::Finished& one : left->take()) {
                finished.push_back(std::move(one));
            }
        }
        for (const Verifiers::Finished& one : finished) {
            waiting_.erase(one.number);
        }
    }
    for (const Verifiers::Finished& one : finished) {
        note_cost(one.question, one.check, one.took);
        note(one.question, one.check);
    }
    return finished;
}

void PasswordChecks::note(const PasswordQuestion& question, PasswordCheck check) {
    const auto now = steady_clock::now();
    const std::lock_guard lock(mutex_);
    verdicts_.remember(question, check, now + options_.remember);
    limits_.note(attempt_of(question), check.verdict, options_.attempts, now);
    rehash_if_weak(question, check);
}

// REQUIRES: mutex_ is held.
void PasswordChecks::rehash_if_weak(const PasswordQuestion& question, PasswordCheck check) {
    if (!options_.rehash || !write_swap_ || check.verdict != PasswordCheck::right ||
        check.fitting >= question.credentials.size()) {
        return;
    }
    const std::string& secret = question.secrets.at(check.fitting);
    const auto hash = PasswordHash::parse(secret);
    if (hash && needs_rehash(*hash, *options_.rehash)) {
        verifiers_->rehash_when_idle({.username = question.username,
                                      .credential = question.credentials[check.fitting],
                                      .old_secret = secret,
                                      .password = Secret(question.password.reveal()),
                                      .target = *options_.rehash});
    }
}

void PasswordChecks::note_rehashed(Verifiers::Rehash rehash, std::string new_secret) {
    {
        const PasswordQuestion question{
            std::move(rehash.username), {new_secret}, std::move(rehash.password)};
        const std::lock_guard lock(mutex_);
        verdicts_.remember(
            question, PasswordCheck::right, steady_clock::now() + options_.remember);
    }
    write_swap_({rehash.credential, std::move(rehash.old_secret), std::move(new_secret)});
}

// Of the one secret that was hashed; of several no single cost is known.
void PasswordChecks::note_cost(const PasswordQuestion& question,
                               PasswordCheck check,
                               Seconds took) {
    const bool is_hashed =
        check.verdict == PasswordCheck::right || check.verdict == PasswordCheck::wrong;
    if (question.secrets.size() != 1 || !is_hashed) {
        return;
    }
    std::string cost_class = cost_class_of(question.secrets.front());
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = costs_.try_emplace(std::move(cost_class), took);
    if (!is_new) {
        constexpr double weight = 0.2;
        known->second += weight * (took - known->second);
    }
}

}  // namespace pgauth
