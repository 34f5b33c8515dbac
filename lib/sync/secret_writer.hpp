// SecretWriter: the thread that writes new hashes of passwords into the database.
//
//   SecretWriter writer(options);          // neither thread nor connection before it is needed
//   writer.add({credential, old_secret, new_secret});      // any thread
//   writer.begin();                                        // the one that made it, now and
//   then writer.log().drain(…);
//
// Each is handed to mqtt_auth.rehash(), which replaces a hash only while it is the one that was
// read. The connection is the writer's own, of `write_connection` where that is given, and
// closed when there has been nothing to write for a minute. While the database is away it tries
// again, waiting longer each time (a second to a minute); what may never be written is dropped,
// and so is the oldest where too many wait: the old hash does as well, and is met again at
// another login. What is in the way is logged once, until something else is or it goes well.
//
// The mistake to avoid: handing it a password. It sees nothing but hashes, and logs neither.
// Thread safety: all of it but begin(). Neither that nor add() waits.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/logger.hpp"
#include "base/result.hpp"
#include "replica/secret_swap.hpp"
#include "store/database_options.hpp"
#include "store/interrupt.hpp"
#include "store/pg_connection.hpp"

namespace pgauth {

class SecretWriter {
  public:
    static constexpr std::size_t longest_queue = 1'000;

    explicit SecretWriter(const DatabaseOptions& options) : options_(for_writing(options)) {}

    // Drops what waits, and stops the thread, which may take as long as a look-up in the DNS
    // that is under way.
    ~SecretWriter();

    SecretWriter(const SecretWriter&) = delete;
    SecretWriter& operator=(const SecretWriter&) = delete;
    SecretWriter(SecretWriter&&) = delete;
    SecretWriter& operator=(SecretWriter&&) = delete;

    // Reports news.
    void add(SecretSwap swap);

    // Starts the thread where something is there for it. Who adds cannot: verifiers have file
    // descriptors of their own. REQUIRES: the thread that made the writer.
    void begin();

    // Ends the thread soon, without waiting for it.
    void stop() noexcept;

    [[nodiscard]] bool is_stopped() const;

    [[nodiscard]] LogQueue& log() noexcept { return log_; }

  private:
    enum class Outcome : std::uint8_t { settled, try_again, away };

    void run();
    void write_all();
    [[nodiscard]] std::optional<SecretSwap> take();
    [[nodiscard]] bool was_interrupted(std::chrono::milliseconds within) const;
    [[nodiscard]] Outcome write(const SecretSwap& swap);
    [[nodiscard]] Result<bool> may_write();
    [[nodiscard]] Result<bool> swap_in_database(const SecretSwap& swap);
    void report(const std::string& problem);

    const DatabaseOptions options_;
    LogQueue log_;
    Interrupt interrupt_;

    mutable std::mutex
        mutex_;  // guards everything below but the thread's own; never held during I/O
    std::condition_variable changed_;
    std::deque<SecretSwap> queue_;
    bool stopping_ = false;
    std::size_t dropped_ = 0;
    std::optional<SteadyInstant> dropped_reported_at_;

    // The thread's own.
    std::optional<PgConnection> connection_;
    std::string reported_;  // what is in the way, as it was logged

    std::thread thread_;  // of whoever calls begin()
};

}  // namespace pgauth
