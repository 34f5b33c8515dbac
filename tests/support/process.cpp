#include "support/process.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace pgauth::testing {

namespace {

// Signals 1 to 64, but for KILL and STOP, and for those that the C library keeps to itself (32
// and 33).
bool is_complete(std::uint64_t mask) {
    for (int signal = 1; signal <= 64; ++signal) {
        const bool exempt =
            signal == SIGKILL || signal == SIGSTOP || signal == 32 || signal == 33;
        if (!exempt && (mask >> static_cast<unsigned>(signal - 1) & 1U) == 0) {
            return false;
        }
    }
    return true;
}

// A thread that has ended meanwhile has no name.
ThreadStatus status_of(const std::filesystem::path& task) {
    ThreadStatus thread;
    std::ifstream status(task / "status");
    std::string key;
    while (status >> key) {
        if (key == "Name:") {
            status >> thread.name;
        } else if (key == "SigBlk:") {
            std::uint64_t mask = 0;
            status >> std::hex >> mask;
            thread.blocks_all_signals = is_complete(mask);
        }
    }
    std::error_code has_ended;
    for (auto file = std::filesystem::directory_iterator(task / "fd", has_ended);
         !has_ended && file != std::filesystem::directory_iterator();
         file.increment(has_ended)) {
        std::error_code is_closed;
        thread.files.insert(std::filesystem::read_symlink(file->path(), is_closed));
    }
    return thread;
}

}  // namespace

std::vector<ThreadStatus> threads_of_the_plugin() {
    std::vector<ThreadStatus> threads;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        ThreadStatus thread = status_of(task.path());
        if (thread.name.substr(0, 7) == "pgauth-") {
            threads.push_back(std::move(thread));
        }
    }
    return threads;
}

std::size_t count_threads(const std::string& name) {
    const auto threads = threads_of_the_plugin();
    return static_cast<std::size_t>(std::count_if(
        threads.begin(), threads.end(), [&](const auto& one) { return one.name == name; }));
}

std::size_t open_files() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                      std::filesystem::directory_iterator()));
}

}  // namespace pgauth::testing
