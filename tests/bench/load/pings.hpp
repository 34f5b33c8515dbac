// Pinger: a connected client that pings again a millisecond after each answer, on a thread of
// its own, so that it is not kept waiting by what the others do.
//
//   Pinger pings(options);
//   …                               // the load
//   const Figures figures = pings.take();
//
// The constructor returns when it is connected.
// Thread safety: for one thread.

#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <vector>

#include "bench/load/event_loop.hpp"
#include "bench/load/scenarios.hpp"

namespace pgauth::load {

class Watcher;

class Pinger {
  public:
    explicit Pinger(const Options& options);
    ~Pinger();
    Pinger(const Pinger&) = delete;
    Pinger& operator=(const Pinger&) = delete;
    Pinger(Pinger&&) = delete;
    Pinger& operator=(Pinger&&) = delete;

    // Stops it. How many there were, and how long they took.
    [[nodiscard]] Figures take();

  private:
    [[nodiscard]] std::vector<double> run();

    EventLoop loop_;
    std::unique_ptr<Watcher> watcher_;
    std::atomic<bool> is_enough_ = false;
    std::future<std::vector<double>> seconds_;  // the last: where its thread is waited for
};

}  // namespace pgauth::load
