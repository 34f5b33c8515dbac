// PasswordChecks: is the password right? From memory, by a hash here, or by one elsewhere.
//
//   if (const auto known = checks.recall(question)) …                  // microseconds
//   if (const auto number = checks.check_elsewhere(std::move(question))) …
//   for (const auto& finished : checks.take_finished()) …              // on a later call
//
// Everything that is hashed is remembered, and counts for the limits of whoever asked. Who has
// been wrong too often has nothing hashed: too_many_attempts.
//
// With `rehash` set, a right password whose hash is weaker is hashed once more, by the
// verifiers when nobody waits for them, and `write_swap` is told of both hashes. The new one is
// known to fit from then on.
//
// The mistake to avoid: check_here() before recall(), for what is known already.
// Thread safety: all of it. Nothing waits for a hash but check_here(), which makes one.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "authn/attempt_limits.hpp"
#include "authn/login.hpp"
#include "authn/password_options.hpp"
#include "authn/password_question.hpp"
#include "authn/remembered_verdicts.hpp"
#include "authn/verifiers.hpp"
#include "base/keyed_mac.hpp"
#include "base/result.hpp"
#include "replica/secret_swap.hpp"

namespace pgauth {

class PasswordChecks {
  public:
    using Seconds = Verifiers::Seconds;

    // Called on a thread of a verifier.
    using SwapWriter = std::function<void(SecretSwap)>;

    explicit PasswordChecks(const PasswordOptions& options, SwapWriter write_swap = {});

    // What is remembered stays, and what waits is checked as it would have been.
    void set(const PasswordOptions& options);

    // None where a hash has to be made.
    // REQUIRES: the question has a secret.
    [[nodiscard]] std::optional<PasswordCheck> recall(const PasswordQuestion& question);

    // What a hash of each of its secrets takes; none where that is not known yet.
    [[nodiscard]] std::optional<Seconds> expected(const PasswordQuestion& question);

    [[nodiscard]] tl::expected<PasswordCheck, LoginCause> check_here(
        const PasswordQuestion& question);

    // The number under which it will be finished, which is that of its username, password and
    // secrets: the same question is not asked twice, and what was asked by somebody who has
    // gone is no answer to another one. Or too_many_waiting.
    [[nodiscard]] tl::expected<std::uint64_t, LoginCause> check_elsewhere(
        PasswordQuestion question);

    [[nodiscard]] std::vector<Verifiers::Finished> take_finished();

    // For whoever proves a password in another way: as AttemptLimits::take() and note().
    [[nodiscard]] bool take_attempt(const Attempt& attempt);
    void note_attempt(const Attempt& attempt, PasswordCheck::Verdict verdict);

  private:
    [[nodiscard]] std::unique_ptr<Verifiers> make_verifiers(unsigned threads);
    void rehash_if_weak(const PasswordQuestion& question, PasswordCheck check);
    void note_rehashed(Verifiers::Rehash rehash, std::string new_secret);
    void note(const PasswordQuestion& question, PasswordCheck check);
    void note_cost(const PasswordQuestion& question, PasswordCheck check, Seconds took);

    const SwapWriter write_swap_;
    mutable std::mutex mutex_;  // guards everything below; held for microseconds
    PasswordOptions options_;
    RememberedVerdicts verdicts_;
    AttemptLimits limits_;
    std::unordered_map<std::string, Seconds> costs_;  // of a hash, by cost class
    std::unordered_set<std::uint64_t> waiting_;       // numbers
    KeyedMac mac_;
    std::unique_ptr<Verifiers> verifiers_;
    std::vector<std::unique_ptr<Verifiers>> left_;  // of other numbers of threads; ending
};

}  // namespace pgauth
