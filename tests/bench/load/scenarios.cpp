#include "bench/load/scenarios.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace pgauth::load {

Version version_of(const Options& options, std::size_t number) {
    switch (options.versions) {
        case Versions::v3_1_1:
            return Version::v3_1_1;
        case Versions::v5:
            return Version::v5;
        case Versions::in_turn:
            break;
    }
    return number % 2 == 0 ? Version::v3_1_1 : Version::v5;
}

Login login_of(const Options& options, std::string_view role, std::size_t number) {
    return {.client_id = fmt::format("{}-{}", role, number),
            .username = options.username,
            .password = options.password};
}

Progress::Progress() : screen_(isatty(STDERR_FILENO) == 1 ? Screen::terminal : Screen::none) {}

Progress::~Progress() {
    if (screen_ == Screen::terminal) {
        std::fputs("\r\x1b[K", stderr);
    }
}

void Progress::tell(std::string_view what, std::size_t count) {
    if (screen_ == Screen::none) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) {
        return;
    }
    constexpr std::chrono::milliseconds pause{200};
    next_ = now + pause;
    const std::string line = fmt::format("\r\x1b[K{}: {}", what, count);
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
}

}  // namespace pgauth::load
