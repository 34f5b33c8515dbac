// start_thread(): a thread that the broker does not notice.
//
//   std::thread thread = start_thread("pgauth-sync", [this] { run(); });
//   std::thread hashing = start_thread("pgauth-verify", Priority::lowest, [this] { work(); });
//
// Signals belong to the broker: every thread of ours blocks all of them, from its first
// instruction on. The name (15 bytes at most) is what top and gdb show.
// Thread safety: may be called from any thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace pgauth {

// lowest: nice 19, for what computes for long.
enum class Priority : std::uint8_t { normal, lowest };

[[nodiscard]] std::thread start_thread(std::string name,
                                       Priority priority,
                                       std::function<void()> body);

[[nodiscard]] std::thread start_thread(std::string name, std::function<void()> body);

// What the calling thread has had of the processor, whoever else wanted it meanwhile.
[[nodiscard]] std::chrono::duration<double> processor_time();

}  // namespace pgauth
