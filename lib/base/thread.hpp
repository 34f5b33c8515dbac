// start_thread(): a thread that the broker does not notice.
//
//   std::thread thread = start_thread("pgauth-sync", [this] { run(); });
//
// Signals belong to the broker: every thread of ours blocks all of them, from its first
// instruction on. The name (15 bytes at most) is what top and gdb show.
// Thread safety: may be called from any thread.

#pragma once

#include <functional>
#include <string>
#include <thread>

namespace pgauth {

[[nodiscard]] std::thread start_thread(std::string name, std::function<void()> body);

}  // namespace pgauth
