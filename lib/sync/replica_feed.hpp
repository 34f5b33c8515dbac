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
// same, and reads the rows that changed. Where it cannot be sure which those are (another
// server, a change feed that was cut, TRUNCATE) it reads everything afresh, and after any error
// connects anew, waiting longer each time (a quarter of a second to ten seconds). The log has
// one line when the connection is lost, one a minute while it is away, and one when it is back.
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
#include "sync/replica_keeper.hpp"

namespace pgauth {

class ReplicaFeed : private ReplicaKeeper::Source {
  public:
    explicit ReplicaFeed(DatabaseOptions options);

    // Stops the thread, which may take as long as a look-up in the DNS that is under way.
    ~ReplicaFeed() override;

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
    [[nodiscard]] std::optional<SteadyInstant> confirmed_at() const override;

    // Who keeps the replica file; null where there is none.
    [[nodiscard]] ReplicaKeeper* keeper() noexcept { return keeper_ ? &*keeper_ : nullptr; }

    // True once something is loaded; false where `timeout` is over first.
    bool wait_for_first_load(std::chrono::milliseconds timeout) const;

    // Ends the thread soon, without waiting for it. The last good Replica stays.
    void stop() noexcept;

    [[nodiscard]] bool is_stopped() const noexcept { return stopped_.load(); }

    [[nodiscard]] LogQueue& log() noexcept { return log_; }

    [[nodiscard]] const DatabaseOptions& options() const noexcept { return options_; }

  private:
    [[nodiscard]] std::shared_ptr<const Replica> loaded() const override;

    [[nodiscard]] bool has_failed() const override { return has_failed_.load(); }

    [[nodiscard]] bool is_loading() const override;
    void offer(std::shared_ptr<const Replica> replica, SteadyInstant confirmed_at) override;

    void run();
    [[nodiscard]] Error follow_until_error();
    [[nodiscard]] Error follow();
    [[nodiscard]] bool was_interrupted(std::chrono::milliseconds within) const;
    [[nodiscard]] Result<void> listen(PgConnection& connection);
    [[nodiscard]] Result<void> load(PgConnection& connection);
    [[nodiscard]] Result<bool> update(PgConnection& connection);
    void publish(std::shared_ptr<const Replica> replica, SteadyInstant as_of);
    void confirm(SteadyInstant as_of);
    void report_defects(const Replica& replica);
    void report_lost(const Error& error);
    void report_connected(const PgConnection& connection);
    void free_retired();

    const DatabaseOptions options_;
    LogQueue log_;
    Interrupt interrupt_;

    mutable std::mutex mutex_;  // guards the next three; never held during I/O
    std::shared_ptr<const Replica> current_;
    bool is_loaded_ = false;  // current_ came from the database, not from the file
    std::optional<SteadyInstant> confirmed_at_;
    mutable std::condition_variable first_load_;
    std::atomic<std::uint64_t> generation_{0};
    std::atomic<bool> stopped_{false};
    std::atomic<bool> has_failed_{false};
    std::atomic<SteadyInstant> rows_came_at_{SteadyInstant()};
    ChangeJournal journal_;

    // The thread's own.
    std::optional<FeedPosition> position_;  // up to where current_ is true
    std::vector<std::shared_ptr<const Replica>> retired_;
    // The memory that it took to read everything afresh was not given back yet: what was there
    // before may be in use.
    bool read_afresh_ = false;
    std::weak_ptr<const Replica> replaced_;
    std::set<std::string> reported_defects_;
    std::optional<SteadyInstant> lost_since_;
    std::optional<SteadyInstant> lost_reported_at_;
    bool connected_before_ = false;
    std::chrono::milliseconds backoff_;

    std::thread thread_;  // after all that: everything above is there before it starts
    std::optional<ReplicaKeeper> keeper_;  // last: it asks the feed until it ends
};

}  // namespace pgauth
