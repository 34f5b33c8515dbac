// News: whether other threads have left anything for the broker's thread to take up.
//
//   queue.push(…); report_news();          // any thread, once it can be found
//
//   NewsWatch watch;                       // the broker's thread
//   if (watch.any()) look_everywhere();    // true the first time, and after each report
//
// The broker asks before every message, and mostly there is nothing: one number in memory tells
// that, and not a look at each place where something might lie. There is one for the process,
// since whoever is told of another's news only looks once in vain.
//
// The mistake to avoid: report_news() before the thing can be found.
// Thread safety: report_news() from any thread; a watch belongs to one.

#pragma once

#include <atomic>
#include <cstdint>

namespace pgauth {

namespace news {

// Alone in its line of the processor's cache, which nothing but news takes from the reader.
struct alignas(64) Count {
    std::atomic<std::uint64_t> value{1};
};

inline Count reported;

}  // namespace news

inline void report_news() noexcept {
    news::reported.value.fetch_add(1, std::memory_order_release);
}

class NewsWatch {
  public:
    // Whether there was a report since the last call.
    [[nodiscard]] bool any() noexcept {
        const std::uint64_t reported = news::reported.value.load(std::memory_order_acquire);
        if (reported == seen_) {
            return false;
        }
        seen_ = reported;
        return true;
    }

  private:
    std::uint64_t seen_ = 0;
};

}  // namespace pgauth
