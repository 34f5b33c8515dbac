// Verifiers: threads that hash passwords, so that nobody else has to wait for it.
//
//   Verifiers verifiers(2);
//   if (!verifiers.submit(job)) … try again later …
//   for (Verifiers::Finished& finished : verifiers.take()) …          // some time later
//
// They run at nice 19: at the priority of the broker's thread they would be felt by everybody
// who is connected. The queue is bounded by the time that it would take, so that whoever is in
// it is answered in time, and who is not is told at once.
//
// They make new hashes too, when nobody waits for a check: verifiers.rehash_when_idle(rehash).
//
// The mistake to avoid: the destructor waits for the hashes that are being made. finish() does
// not wait.
// Thread safety: all of it.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "authn/password_question.hpp"
#include "base/secret.hpp"
#include "password/hash_password.hpp"

namespace pgauth {

class Verifiers {
  public:
    using Seconds = std::chrono::duration<double>;

    // No job begins later than this after it was queued, as far as can be foreseen. One for
    // each thread may wait in any case.
    static constexpr Seconds longest_wait{2};
    static constexpr std::size_t longest_queue = 10'000;
    // Clear passwords are not collected for long, however many devices come at once.
    static constexpr std::size_t most_rehashes = 1'000;

    struct Job {
        std::uint64_t number = 0;
        PasswordQuestion question;
        Seconds expected{0};
    };

    struct Finished {
        std::uint64_t number = 0;
        PasswordQuestion question;
        PasswordCheck check;
        Seconds took{0};  // of the processor's time
    };

    // A password that has proved to be right, whose hash is to be replaced.
    struct Rehash {
        std::string username;
        std::int64_t credential = 0;
        std::string old_secret;
        Secret password;
        HashTarget target = HashTarget::argon2id;
    };

    // Called on a verifier's thread.
    using OnRehashed = std::function<void(Rehash rehash, std::string new_secret)>;

    explicit Verifiers(unsigned threads, OnRehashed on_rehashed = {});
    ~Verifiers();

    Verifiers(const Verifiers&) = delete;
    Verifiers& operator=(const Verifiers&) = delete;
    Verifiers(Verifiers&&) = delete;
    Verifiers& operator=(Verifiers&&) = delete;

    // Takes `job`; or false where the queue is full, and it stays as it is.
    [[nodiscard]] bool submit(Job& job);

    // Dropped where too many are waiting: at another login it is met again.
    void rehash_when_idle(Rehash rehash);

    // What was finished since the last call.
    [[nodiscard]] std::vector<Finished> take();

    // Nothing new is taken: what waits is still checked, and then the threads end.
    void finish();

    [[nodiscard]] unsigned threads() const noexcept { return thread_count_; }

  private:
    void work();
    void check(Job job);
    void rehash(Rehash rehash);
    void end();
    [[nodiscard]] bool is_full(Seconds expected) const;
    void note_slowness(Seconds lasted, Seconds took);

    const unsigned thread_count_;
    const OnRehashed on_rehashed_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> queue_;
    Seconds queued_{0};  // of the processor's time: what the queue is expected to take
    // How long a hash takes for each second of the processor that it needs: others want that
    // too, and at nice 19 they go first.
    double slowness_ = 1;
    std::deque<Rehash> rehashes_;
    std::vector<Finished> finished_;
    bool is_open_ = true;  // takes jobs
    std::vector<std::thread> threads_;
};

}  // namespace pgauth
