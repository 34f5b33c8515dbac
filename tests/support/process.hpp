// What the kernel says of this process: its threads and its open files.
//
//   for (const ThreadStatus& thread : threads_of_the_plugin())
//   CHECK(thread.blocks_all_signals);
//
// Thread safety: reads /proc; what is true a moment later is another matter.

#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace pgauth::testing {

struct ThreadStatus {
    std::string name;
    bool blocks_all_signals = false;  // all that can be blocked
    std::set<std::string> files;      // as /proc names them: `socket:[4711]`
};

// Those whose names begin with `pgauth-`.
[[nodiscard]] std::vector<ThreadStatus> threads_of_the_plugin();

[[nodiscard]] std::size_t count_threads(const std::string& name);

[[nodiscard]] std::size_t open_files();

}  // namespace pgauth::testing
