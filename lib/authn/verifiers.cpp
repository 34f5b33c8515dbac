#include "authn/verifiers.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/thread.hpp"

namespace pgauth {

Verifiers::Verifiers(unsigned threads, OnRehashed on_rehashed)
    : thread_count_(threads), on_rehashed_(std::move(on_rehashed)) {
    threads_.reserve(threads);
    try {
        for (unsigned i = 0; i < threads; ++i) {
            threads_.push_back(start_thread(
                "pgauth-verify", {.priority = Priority::lowest}, [this] { work(); }));
        }
    } catch (...) {
        end();
        throw;
    }
}

Verifiers::~Verifiers() {
    end();
}

void Verifiers::end() {
    {
        const std::lock_guard lock(mutex_);
        queue_.clear();
    }
    finish();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void Verifiers::finish() {
    {
        const std::lock_guard lock(mutex_);
        is_open_ = false;
        rehashes_.clear();
    }
    changed_.notify_all();
}

bool Verifiers::is_full(Seconds expected) const {
    return queue_.size() >= longest_queue ||
           (queue_.size() >= thread_count_ &&
            slowness_ * (queued_ + expected) / thread_count_ > longest_wait);
}

bool Verifiers::submit(Job& job) {
    {
        const std::lock_guard lock(mutex_);
        if (!is_open_ || is_full(job.expected)) {
            return false;
        }
        queued_ += job.expected;
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
}

std::vector<Verifiers::Finished> Verifiers::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(finished_, {});
}

void Verifiers::note_slowness(Seconds lasted, Seconds took) {
    constexpr Seconds long_enough{0.001};
    constexpr double weight = 0.2;
    if (took >= long_enough) {
        slowness_ += weight * (std::max(1.0, lasted / took) - slowness_);
    }
}

void Verifiers::rehash_when_idle(Rehash rehash) {
    {
        const std::lock_guard lock(mutex_);
        if (!is_open_ || rehashes_.size() >= most_rehashes) {
            return;
        }
        rehashes_.push_back(std::move(rehash));
    }
    changed_.notify_one();
}

void Verifiers::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock,
                      [this] { return !is_open_ || !queue_.empty() || !rehashes_.empty(); });
        if (queue_.empty() && rehashes_.empty()) {
            return;
        }
        if (!queue_.empty()) {
            Job job = std::move(queue_.front());
            queue_.pop_front();
            queued_ = queue_.empty() ? Seconds(0) : queued_ - job.expected;
            lock.unlock();
            check(std::move(job));
        } else {
            Rehash next = std::move(rehashes_.front());
            rehashes_.pop_front();
            lock.unlock();
            rehash(std::move(next));
        }
        lock.lock();
    }
}

void Verifiers::check(Job job) {
    const auto began_at = std::chrono::steady_clock::now();
    const Seconds had_before = processor_time();
    Finished finished{job.number, {}, PasswordCheck::not_computed, Seconds(0)};
    try {
        finished.check = check_password(job.question);
    } catch (const std::exception&) {
        // Out of memory, most likely: says nothing about the password.
    }
    finished.took = processor_time() - had_before;
    finished.question = std::move(job.question);
    const Seconds lasted = std::chrono::steady_clock::now() - began_at;
    const std::lock_guard lock(mutex_);
    note_slowness(lasted, finished.took);
    finished_.push_back(std::move(finished));
}

void Verifiers::rehash(Rehash rehash) {
    try {
        auto secret = hash_password(rehash.target, rehash.password.reveal());
        if (secret) {
            on_rehashed_(std::move(rehash), *std::move(secret));
        }
    } catch (const std::exception&) {
        // Out of memory, most likely: the old hash does as well.
    }
}

}  // namespace pgauth
