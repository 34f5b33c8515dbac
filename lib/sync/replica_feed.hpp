// ReplicaFeed: the thread that keeps a Replica true to the database, and the place to get it
// from.
//
//   ReplicaFeed feed(options);                     // starts connecting at once
//   feed.wait_for_first_load(5s);
//   std::shared_ptr<const Replica> replica = feed.current();     // null: not loaded yet
//   feed.log().drain(…);
//
// current() never waits for the database: whatever state it is in, the last good Replica
// stands. The thread listens for notifications, looks for changes every poll_interval all the
// same, and after any error connects anew, waiting longer each time (a quarter of a second to
// ten seconds). The log has one line when the connection is lost, one a minute while it is
// away, and one when it is back.
//
// The mistake to avoid: dropping the last reference to a large Replica on the broker's thread,
// which would free a million clients there. The feed keeps what it has replaced until nobody
// else holds it.
// Thread safety: all of it.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/logger.hpp"
#include "replica/replica.hpp"
#include "store/database_options.hpp"
#include "store/interrupt.hpp"
#include "store/replica_loader.hpp"
#include "sync/change_journal.hpp"

namespace pgauth {

class ReplicaFeed {
  public:
    explicit ReplicaFeed(DatabaseOptions options);

    // Stops the thread, which may take as long as a look-up in the DNS that is under way.
    ~ReplicaFeed();

    ReplicaFeed(const ReplicaFeed&) = delete;
    ReplicaFeed& operator=(const ReplicaFeed&) = delete;
    ReplicaFeed(ReplicaFeed&&) = delete;
    ReplicaFeed& operator=(ReplicaFeed&&) = delete;

    [[nodiscard]] std::shared_ptr<const Replica> current() const;

    // Changes whenever current() does: cheap to ask before each decision.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return generation_.load(std::memory_order_acquire);
    }

    // What has changed, appended after current() has it.
    [[nodiscard]] const ChangeJournal& journal() const noexcept { return journal_; }

    // When current() was last known to be what the database has; none before the first load.
    [[nodiscard]] std::optional<SteadyInstant> confirmed_at() const;

    // True once something is loaded; false where `timeout` is over first.
    bool wait_for_first_load(std::chrono::milliseconds timeout) const;

    // Ends the thread soon, without waiting for it. The last good Replica stays.
    void stop() noexcept;

    [[nodiscard]] bool is_stopped() const noexcept { return stopped_.load(); }

    [[nodiscard]] LogQueue& log() noexcept { return log_; }

    [[nodiscard]] const DatabaseOptions& options() const noexcept { return options_; }

  private:
    void run();
    [[nodiscard]] Error follow_until_error();
    [[nodiscard]] Error follow();
    [[nodiscard]] bool was_interrupted(std::chrono::milliseconds within) const;
    [[nodiscard]] Result<FeedPosition> load(PgConnection& connection);
    [[nodiscard]] Result<void> append_disconnects(PgConnection& connection,
                                                  const FeedPosition& before,
                                                  FeedPosition& after);
    void publish(std::shared_ptr<const Replica> replica);
    void confirm();
    void report_defects(const Replica& replica);
    void report_lost(const Error& error);
    void report_connected(const PgConnection& connection);
    void free_retired();

    const DatabaseOptions options_;
    LogQueue log_;
    Interrupt interrupt_;

    mutable std::mutex mutex_;  // guards the next two; never held during I/O
    std::shared_ptr<const Replica> current_;
    std::optional<SteadyInstant> confirmed_at_;
    mutable std::condition_variable first_load_;
    std::atomic<std::uint64_t> generation_{0};
    std::atomic<bool> stopped_{false};
    ChangeJournal journal_;

    // The thread's own.
    std::vector<std::shared_ptr<const Replica>> retired_;
    std::set<std::string> reported_defects_;
    std::optional<SteadyInstant> lost_since_;
    std::optional<SteadyInstant> lost_reported_at_;
    bool connected_before_ = false;
    std::chrono::milliseconds backoff_;

    std::thread thread_;  // last: everything above is there before it starts
};

}  // namespace pgauth
