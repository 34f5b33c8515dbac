#include "bench/load/scenarios.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "bench/load/processor_time.hpp"

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

Stopwatch::Stopwatch(const Options& options)
    : process_(options.process),
      processor_before_(process_ ? processor_seconds(*process_) : 0),
      begin_(std::chrono::steady_clock::now()) {}

Figures Stopwatch::stop(std::size_t count) const {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin_;
    const auto counted = static_cast<double>(count);
    Figures figures{{"seconds", taken.count()}, {"per_second", counted / taken.count()}};
    if (process_) {
        const double used = processor_seconds(*process_) - processor_before_;
        figures.emplace_back("processor_seconds", used);
        figures.emplace_back("per_processor_second", counted / used);
    }
    return figures;
}

Progress::Progress() : screen_(isatty(STDERR_FILENO) == 1 ? Screen::terminal : Screen::none) {}

Progress::~Progress() {
    if (screen_ == Screen::terminal) {
        fmt::print(stderr, "\r\x1b[K");
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
    fmt::print(stderr, "\r\x1b[K{}: {}", what, count);
}

}  // namespace pgauth::load
