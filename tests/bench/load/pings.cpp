#include "bench/load/pings.hpp"

#include <algorithm>

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
        const auto sent = Clock::now();
        watcher_->ask();
        loop_.run([&] { return watcher_->is_answered(); }, "a PINGRESP");
        const auto answered = Clock::now();
        seconds.push_back(std::chrono::duration<double>(answered - sent).count());
        loop_.run([] { return false; }, "the next ping", answered + pause);
    } while (!is_enough_);
    return seconds;
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
