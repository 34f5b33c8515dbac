// ReplicaKeeper: the thread that keeps the replica file.
//
//   ReplicaKeeper keeper(file, source);       // reads the file, if there is one, and offers it
//   keeper.note(session);                     // a durable session was settled
//   keeper.forget("press-7-a");               // it is no longer durable
//   if (auto sessions = keeper.take_restored()) …      // once: those of before the restart
//
// The copy in the file is offered where the database gives nothing: where the first attempt to
// reach it failed, or has brought nothing after two seconds. A change is written soon, and more
// seldom the longer writing takes; what is unwritten when the broker stops is written then.
// What is true without a change keeps its file young: once a minute its time is set.
//
// note() and forget() never wait for the disk.
//
// The mistake to avoid: taking the rows of a restored session for those that the client has
// now. Thread safety: all of it.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/logger.hpp"
#include "base/text_hash.hpp"
#include "replica/replica.hpp"
#include "replica/replica_file.hpp"

namespace pgauth {

// By client id.
using RestoredSessions =
    std::unordered_map<std::string, SettledSession, TextHash, std::equal_to<>>;

class ReplicaKeeper {
  public:
    // Past these no more sessions are kept.
    static constexpr std::size_t max_sessions = 1'000'000;

    // What the keeper asks of who has the Replica.
    class Source {
      public:
        Source() = default;
        virtual ~Source() = default;
        Source(const Source&) = delete;
        Source& operator=(const Source&) = delete;
        Source(Source&&) = delete;
        Source& operator=(Source&&) = delete;

        // What came from the database; null: nothing yet.
        [[nodiscard]] virtual std::shared_ptr<const Replica> loaded() const = 0;
        [[nodiscard]] virtual std::optional<SteadyInstant> confirmed_at() const = 0;
        // Whether an attempt to load has failed, and whether one is getting somewhere.
        [[nodiscard]] virtual bool has_failed() const = 0;
        [[nodiscard]] virtual bool is_loading() const = 0;
        // To be used until something is loaded; `confirmed_at` is when it was last true.
        virtual void offer(std::shared_ptr<const Replica> replica,
                           SteadyInstant confirmed_at) = 0;
    };

    // REQUIRES: `source` outlives it.
    ReplicaKeeper(ReplicaFile file, Source& source, Logger& log);

    // Writes what is unwritten.
    ~ReplicaKeeper();

    ReplicaKeeper(const ReplicaKeeper&) = delete;
    ReplicaKeeper& operator=(const ReplicaKeeper&) = delete;
    ReplicaKeeper(ReplicaKeeper&&) = delete;
    ReplicaKeeper& operator=(ReplicaKeeper&&) = delete;

    void note(SettledSession session);
    void forget(std::string_view client_id);

    // The sessions that the file had, once; null before it was read.
    [[nodiscard]] std::unique_ptr<RestoredSessions> take_restored();

  private:
    void run();
    void read();
    void offer_when_needed(const LastGood& last);
    [[nodiscard]] bool wait(std::chrono::milliseconds timeout);
    void take_sessions();
    void write_if_due();
    void write(const Replica& replica);
    void confirm();
    void report(const Error& error);

    const ReplicaFile file_;
    Source& source_;
    Logger& log_;

    std::mutex mutex_;  // guards what is below it; never held during I/O
    std::condition_variable wake_;
    bool stopping_ = false;
    std::unique_ptr<RestoredSessions> restored_;
    // What is to be done with sessions_, in order; none: the session is forgotten.
    std::vector<std::pair<std::string, std::optional<SettledSession>>> news_;

    // The thread's own.
    std::unordered_map<std::string, SettledSession> sessions_;
    bool sessions_changed_ = false;
    std::uint64_t written_generation_ = 0;
    SteadyInstant written_at_{};
    SteadyInstant confirmed_at_{};
    std::chrono::nanoseconds writing_took_{0};
    bool last_write_failed_ = false;

    std::thread thread_;  // last: everything above is there before it starts
};

}  // namespace pgauth
