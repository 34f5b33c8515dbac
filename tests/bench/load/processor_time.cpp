#include "bench/load/processor_time.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <system_error>

#include "bench/load/failure.hpp"

namespace pgauth::load {

double processor_seconds(int process) {
    std::error_code error;
    double nanoseconds = 0;
    for (const auto& thread :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process), error)) {
        // To the nanosecond; /proc/PID/stat counts in hundredths of a second.
        double of_thread = 0;
        std::ifstream(thread.path() / "schedstat") >> of_thread;
        nanoseconds += of_thread;
    }
    if (error) {
        throw Failure(
            fmt::format("--process: `{}` is not a process: {}", process, error.message()));
    }
    constexpr double second = 1e9;
    return nanoseconds / second;
}

}  // namespace pgauth::load
