// start_thread(): a thread that the broker does not notice.
//
//   std::thread thread =
//       start_thread("pgauth-sync", {.descriptors = {event_fd}}, [this] { run(); });
//   std::thread hashing =
//       start_thread("pgauth-verify", {.priority = Priority::lowest}, [this] { work(); });
//
// Signals belong to the broker: every thread of ours blocks all of them, from its first
// instruction on. The name (15 bytes at most) is what top and gdb show.
//
// Files and sockets belong to the broker too: each thread of ours has a table of file
// descriptors of its own (close_range(2), CLOSE_RANGE_UNSHARE), in which of those that were
// open only 0, 1, 2 and `descriptors` are left. Where threads share a table, the kernel counts
// the users of a file with every system call: tests/bench/run saw a broker lose two to four
// hundredths of its throughput to one thread that did nothing. A kernel before 5.9 leaves the
// table shared, which only costs that.
//
// The mistake to avoid: a descriptor that one thread opens and another one uses or closes. The
// number is there too, and may be the socket of a client. So what a thread opens it also
// closes: its connections end before its body does. Nor may it call what keeps a descriptor for
// the whole process, as syslog(3) does.
// Thread safety: may be called from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace pgauth {

// ThreadSanitizer tells files by their numbers alone, and would take those of two tables for
// one: below it all threads share the broker's.
#ifdef __SANITIZE_THREAD__
inline constexpr bool own_descriptors = false;
#else
inline constexpr bool own_descriptors = true;
#endif

// lowest: nice 19, for what computes for long.
enum class Priority : std::uint8_t { normal, lowest };

struct ThreadNeeds {
    Priority priority = Priority::normal;
    // That it shares with the thread that starts it. REQUIRES: open there.
    std::vector<int> descriptors = {};
};

[[nodiscard]] std::thread start_thread(std::string name,
                                       ThreadNeeds needs,
                                       std::function<void()> body);

// What the calling thread has had of the processor, whoever else wanted it meanwhile.
[[nodiscard]] std::chrono::duration<double> processor_time();

}  // namespace pgauth
