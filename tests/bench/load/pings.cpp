#include "bench/load/pings.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace pgauth::load {

class Watcher : public Client {
  public:
    using Client::Client;

    [[nodiscard]] bool is_answered() const noexcept { return is_answered_; }

    void ask() {
        is_answered_ = false;
        ping();
    }

  private:
    void on_pong() override { is_answered_ = true; }

    bool is_answered_ = true;
};

namespace {

constexpr std::chrono::milliseconds pause{1};

struct Ping {
    Clock::time_point sent;
    double seconds;
};

// One ping, and the pause after it.
Ping ping(EventLoop& loop, Watcher& watcher) {
    const auto sent = Clock::now();
    watcher.ask();
    loop.run([&] { return watcher.is_answered(); }, "a PINGRESP");
    const auto answered = Clock::now();
    loop.run([] { return false; }, "the next ping", answered + pause);
    return {sent, std::chrono::duration<double>(answered - sent).count()};
}

bool has_input_ended() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, 0) != 0;
}

// The smallest that is at least as large as `percent` of all. REQUIRES: sorted, not empty.
double percentile(const std::vector<double>& values, std::size_t percent) {
    constexpr std::size_t all = 100;
    const std::size_t count = (values.size() * percent + all - 1) / all;
    return values[std::max<std::size_t>(count, 1) - 1];
}

}  // namespace

Pinger::Pinger(const Options& options)
    : loop_(options.port),
      watcher_(std::make_unique<Watcher>(loop_, Version::v5, login_of(options, "watcher", 0))) {
    loop_.connect_all({watcher_.get()});
    seconds_ = std::async(std::launch::async, [this] { return run(); });
}

Pinger::~Pinger() {
    is_enough_ = true;
}

std::vector<double> Pinger::run() {
    std::vector<double> seconds;
    do {
        seconds.push_back(ping(loop_, *watcher_).seconds);
    } while (!is_enough_);
    return seconds;
}

Figures watch(const Options& options) {
    EventLoop loop(options.port);
    Watcher watcher(loop, Version::v5, login_of(options, "watcher", 0));
    loop.connect_all({&watcher});
    fmt::print("ready\n");
    std::fflush(stdout);
    std::vector<Ping> pings;
    do {
        pings.push_back(ping(loop, watcher));
    } while (!has_input_ended());
    for (const Ping& one : pings) {
        const std::chrono::duration<double> sent = one.sent.time_since_epoch();
        fmt::print("{:.6f} {:.6f}\n", sent.count(), one.seconds);
    }
    return {{"pings", static_cast<double>(pings.size())}};
}

Figures Pinger::take() {
    is_enough_ = true;
    std::vector<double> seconds = seconds_.get();
    std::sort(seconds.begin(), seconds.end());
    constexpr std::size_t half = 50;
    constexpr std::size_t nearly_all = 99;
    return {{"pings", static_cast<double>(seconds.size())},
            {"ping_p50_s", percentile(seconds, half)},
            {"ping_p99_s", percentile(seconds, nearly_all)},
            {"ping_worst_s", seconds.back()}};
}

}  // namespace pgauth::load
