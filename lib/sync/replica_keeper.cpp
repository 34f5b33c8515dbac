#include "sync/replica_keeper.hpp"

#include <algorithm>
#include <exception>
#include <fmt/format.h>

#include "base/quote.hpp"
#include "base/thread.hpp"

namespace pgauth {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds look_interval{250};
constexpr seconds patience{2};              // with a database that gives nothing
constexpr seconds shortest_pause{1};        // between two writings
constexpr int pause_in_writing_times = 20;  // so that writing takes a twentieth of the time
constexpr seconds confirm_interval{60};

// When that was on a clock that is never set. What lies ahead was last true now.
SteadyInstant steady(Instant instant) {
    const auto age = std::max(std::chrono::system_clock::now() - instant,
                              std::chrono::system_clock::duration::zero());
    return steady_clock::now() - std::chrono::duration_cast<steady_clock::duration>(age);
}

}  // namespace

ReplicaKeeper::ReplicaKeeper(ReplicaFile file, Source& source, Logger& log)
    : file_(std::move(file)),
      source_(source),
      log_(log),
      thread_(start_thread("pgauth-file", {}, [this] { run(); })) {}

ReplicaKeeper::~ReplicaKeeper() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void ReplicaKeeper::note(SettledSession session) {
    const std::lock_guard lock(mutex_);
    std::string client_id = session.client_id;
    news_.emplace_back(std::move(client_id), std::move(session));
}

void ReplicaKeeper::forget(std::string_view client_id) {
    const std::lock_guard lock(mutex_);
    news_.emplace_back(client_id, std::nullopt);
}

std::unique_ptr<RestoredSessions> ReplicaKeeper::take_restored() {
    const std::lock_guard lock(mutex_);
    return std::move(restored_);
}

// False where the keeper is to stop.
bool ReplicaKeeper::wait(milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, timeout, [this] { return stopping_; });
}

void ReplicaKeeper::run() {
    try {
        read();
        while (wait(look_interval)) {
            take_sessions();
            write_if_due();
        }
        take_sessions();
        const auto replica = source_.loaded();
        if (replica != nullptr &&
            (sessions_changed_ || replica->generation() != written_generation_)) {
            write(*replica);
        }
    } catch (const std::exception& problem) {
        log_.log(
            LogLevel::error,
            fmt::format(
                "replica file {} is no longer kept: {}", quote(file_.path()), problem.what()));
    }
}

void ReplicaKeeper::read() {
    auto last = file_.read();
    if (!last) {
        report(last.error());
        return;
    }
    if (!*last) {
        return;
    }
    auto restored = std::make_unique<RestoredSessions>();
    for (SettledSession& session : (*last)->sessions) {
        sessions_.insert_or_assign(session.client_id, session);
        restored->insert_or_assign(session.client_id, std::move(session));
    }
    {
        const std::lock_guard lock(mutex_);
        restored_ = std::move(restored);
    }
    offer_when_needed(**last);
}

void ReplicaKeeper::offer_when_needed(const LastGood& last) {
    const auto give_up_at = steady_clock::now() + patience;
    constexpr milliseconds often{20};
    while (source_.loaded() == nullptr) {
        const bool out_of_patience = steady_clock::now() >= give_up_at && !source_.is_loading();
        if (source_.has_failed() || out_of_patience) {
            log_.log(LogLevel::warning,
                     fmt::format("the database gives nothing: going on from replica file {}: "
                                 "{} clients, last known to be true {} s ago",
                                 quote(file_.path()),
                                 last.replica->client_count(),
                                 std::chrono::duration_cast<seconds>(
                                     std::chrono::system_clock::now() - last.confirmed_at)
                                     .count()));
            source_.offer(last.replica, steady(last.confirmed_at));
            return;
        }
        if (!wait(often)) {
            return;
        }
    }
}

void ReplicaKeeper::take_sessions() {
    decltype(news_) news;
    {
        const std::lock_guard lock(mutex_);
        news.swap(news_);
    }
    for (auto& [client_id, session] : news) {
        if (!session) {
            sessions_changed_ = sessions_.erase(client_id) > 0 || sessions_changed_;
        } else if (sessions_.size() < max_sessions || sessions_.contains(client_id)) {
            sessions_.insert_or_assign(client_id, *std::move(session));
            sessions_changed_ = true;
        }
    }
}

void ReplicaKeeper::write_if_due() {
    const auto replica = source_.loaded();
    const auto now = steady_clock::now();
    if (replica == nullptr) {
        return;  // what the file has is all there is
    }
    if (!sessions_changed_ && replica->generation() == written_generation_) {
        confirm();
        return;
    }
    const auto pause = std::max<std::chrono::nanoseconds>(
        last_write_failed_ ? confirm_interval : shortest_pause,
        pause_in_writing_times * writing_took_);
    if (now - written_at_ >= pause) {
        write(*replica);
    }
}

void ReplicaKeeper::write(const Replica& replica) {
    std::vector<SettledSession> sessions;
    sessions.reserve(sessions_.size());
    for (const auto& [client_id, session] : sessions_) {
        sessions.push_back(session);
    }
    const auto began_at = steady_clock::now();
    const auto written = file_.write(replica, sessions);
    written_at_ = steady_clock::now();
    writing_took_ = written_at_ - began_at;
    if (!written) {
        report(written.error());
        last_write_failed_ = true;
        return;
    }
    last_write_failed_ = false;
    sessions_changed_ = false;
    written_generation_ = replica.generation();
    confirmed_at_ = began_at;
}

// The file is what the database had a moment ago: its time says so.
void ReplicaKeeper::confirm() {
    const auto confirmed_at = source_.confirmed_at();
    if (!confirmed_at || *confirmed_at - confirmed_at_ < confirm_interval) {
        return;
    }
    confirmed_at_ = *confirmed_at;
    if (const auto done = file_.confirm(); !done) {
        report(done.error());
        written_generation_ = 0;  // it may be gone: to be written again
    }
}

void ReplicaKeeper::report(const Error& error) {
    if (!last_write_failed_) {
        log_.log(LogLevel::error, error.message);
    }
}

}  // namespace pgauth
