// Logger: where log lines go. LogQueue: a logger that any thread may use, emptied by one.
//
//   queue.log(LogLevel::warning, "database: connection lost, trying again in 1s");   // any
//   thread queue.drain([](LogLevel level, const std::string& line) { … });                  //
//   the owner
//
// The broker's log function is for the broker's thread alone, so every thread of ours writes
// into a LogQueue and the broker's thread drains it on its tick.
// The mistake to avoid: logging a password, a secret or a connection string with one.
// Thread safety: LogQueue, all of it.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

namespace pgauth {

enum class LogLevel : std::uint8_t { debug, info, notice, warning, error };

class Logger {
  public:
    Logger() = default;
    Logger(const Logger&) = delete;
    Logger& operator=(const Logger&) = delete;
    Logger(Logger&&) = delete;
    Logger& operator=(Logger&&) = delete;
    virtual ~Logger() = default;

    virtual void log(LogLevel level, std::string line) = 0;
};

class LogQueue final : public Logger {
  public:
    // Lines kept while nobody drains; past that the oldest go, and how many went is logged.
    static constexpr std::size_t max_lines = 1000;

    // Reports news.
    void log(LogLevel level, std::string line) override;

    // Hands every waiting line to `write`, oldest first, outside the lock.
    void drain(const std::function<void(LogLevel, const std::string&)>& write);

  private:
    struct Line {
        LogLevel level;
        std::string text;
    };

    std::mutex mutex_;
    std::deque<Line> lines_;
    std::size_t dropped_ = 0;
    std::atomic<bool> any_{false};  // whether draining is worth the lock
};

}  // namespace pgauth
