#include "sync/secret_writer.hpp"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <utility>

#include "base/news.hpp"
#include "base/thread.hpp"

namespace pgauth {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds shortest_backoff{1'000};
constexpr milliseconds longest_backoff{60'000};
constexpr seconds report_interval{60};
constexpr seconds idle{60};    // until the connection is closed
constexpr int most_tries = 3;  // of one statement, with a database that is there

}  // namespace

SecretWriter::~SecretWriter() {
    stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void SecretWriter::stop() noexcept {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    interrupt_.raise();
    changed_.notify_all();
}

bool SecretWriter::is_stopped() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void SecretWriter::add(SecretSwap swap) {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
        return;
    }
    if (queue_.size() >= longest_queue) {
        queue_.pop_front();
        ++dropped_;
        const auto now = steady_clock::now();
        if (!dropped_reported_at_ || now - *dropped_reported_at_ >= report_interval) {
            dropped_reported_at_ = now;
            log_.log(LogLevel::warning,
                     fmt::format("rehash: {} new hashes were dropped, since {} were waiting "
                                 "for the database: the old ones do as well",
                                 std::exchange(dropped_, 0),
                                 longest_queue));
        }
    }
    queue_.push_back(std::move(swap));
    changed_.notify_one();
    report_news();
}

void SecretWriter::begin() {
    if (thread_.joinable()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        if (queue_.empty() || stopping_) {
            return;
        }
    }
    try {
        thread_ = start_thread(
            "pgauth-write", {.descriptors = {interrupt_.descriptor()}}, [this] { run(); });
    } catch (const std::exception& problem) {
        // Nobody's login may fail for it: the old hashes do as well.
        const std::lock_guard lock(mutex_);
        log_.log(
            LogLevel::error,
            fmt::format("rehash: {} new hashes were dropped, since no thread can be had: {}",
                        queue_.size(),
                        problem.what()));
        queue_.clear();
    }
}

void SecretWriter::run() {
    try {
        write_all();
    } catch (const std::exception& problem) {
        log_.log(LogLevel::error,
                 fmt::format("rehash: no more hashes are written: {}", problem.what()));
    }
    connection_.reset();  // this thread has its socket
}

void SecretWriter::write_all() {
    milliseconds backoff = shortest_backoff;
    while (const auto swap = take()) {
        for (int tries = 0; tries < most_tries;) {
            const Outcome outcome = write(*swap);
            if (outcome == Outcome::settled) {
                backoff = shortest_backoff;
                break;
            }
            tries += outcome == Outcome::try_again ? 1 : 0;
            if (was_interrupted(backoff)) {
                return;
            }
            backoff = std::min(2 * backoff, longest_backoff);
        }
    }
}

bool SecretWriter::was_interrupted(milliseconds within) const {
    return interrupt_.wait(Interrupt::no_socket, Interrupt::Event::readable, within) ==
           Interrupt::Outcome::raised;
}

// None where it is to stop.
std::optional<SecretSwap> SecretWriter::take() {
    std::unique_lock lock(mutex_);
    const auto has_news = [this] { return stopping_ || !queue_.empty(); };
    if (connection_ && !changed_.wait_for(lock, idle, has_news)) {
        lock.unlock();
        connection_.reset();
        lock.lock();
    }
    changed_.wait(lock, has_news);
    if (stopping_) {
        return std::nullopt;
    }
    SecretSwap swap = std::move(queue_.front());
    queue_.pop_front();
    return swap;
}

SecretWriter::Outcome SecretWriter::write(const SecretSwap& swap) {
    if (!connection_) {
        auto opened = PgConnection::open(options_, interrupt_);
        if (!opened) {
            report("the database is away: " + opened.error().message);
            return Outcome::away;
        }
        connection_.emplace(*std::move(opened));
    }
    const auto allowed = may_write();
    if (allowed && !*allowed) {
        return Outcome::settled;
    }
    const auto swapped = allowed ? swap_in_database(swap) : allowed;
    if (!swapped) {
        report(fmt::format(
            "credential {} was not written: {}", swap.credential, swapped.error().message));
        connection_.reset();
        return Outcome::try_again;
    }
    reported_.clear();
    log_.log(*swapped ? LogLevel::info : LogLevel::debug,
             *swapped
                 ? fmt::format("rehash: credential {} has a new hash of its password",
                               swap.credential)
                 : fmt::format("rehash: credential {} has changed meanwhile: left as it is",
                               swap.credential));
    return Outcome::settled;
}

// Asked each time: who may what, and which server answers, can be different by now.
Result<bool> SecretWriter::may_write() {
    bool read_only = false;
    bool allowed = false;
    const auto asked = connection_->query(
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean, "
        "has_function_privilege('mqtt_auth.rehash(bigint, text, text)', 'EXECUTE')",
        {},
        [&](const PgConnection::Row& row) {
            read_only = row[0] != "f";
            allowed = row[1] == "t";
        });
    if (!asked) {
        return tl::unexpected(asked.error());
    }
    if (read_only) {
        report("the server takes no changes: name one that does in database.write_connection");
        connection_.reset();  // it may be another one next time
        return false;
    }
    if (!allowed) {
        report(
            "the plugin's role may not replace hashes: have the owner of the schema call "
            "mqtt_auth.allow_rehash(true), or set authentication.password.rehash: null");
    }
    return allowed;
}

// Whether the old one was still there.
Result<bool> SecretWriter::swap_in_database(const SecretSwap& swap) {
    bool swapped = false;
    return connection_
        ->query("SELECT mqtt_auth.rehash($1::bigint, $2::text, $3::text)",
                {std::to_string(swap.credential), swap.old_secret, swap.new_secret},
                [&](const PgConnection::Row& row) { swapped = row[0] == "t"; })
        .map([&] { return swapped; });
}

void SecretWriter::report(const std::string& problem) {
    if (problem != reported_) {
        reported_ = problem;
        log_.log(LogLevel::warning, "rehash: " + problem);
    }
}

}  // namespace pgauth
