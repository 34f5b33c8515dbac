// come_and_go(): TCP connection, CONNECT, CONNACK, DISCONNECT, until the broker has hung up;
// and again.

#include <memory>

#include "bench/load/event_loop.hpp"
#include "bench/load/failure.hpp"
#include "bench/load/scenarios.hpp"

namespace pgauth::load {

namespace {

struct Visits {
    bool is_over = false;
    std::size_t begun = 0;
    std::size_t let_in = 0;
    std::size_t ended = 0;
};

class Visitor : public Client {
  public:
    Visitor(EventLoop& loop, const Options& options, std::size_t number, Visits& visits)
        : Client(loop, version_of(options, number), login_of(options, "visitor", number)),
          visits_(visits) {}

    void come() {
        ++visits_.begun;
        is_in_ = false;
        connect();
    }

  private:
    void on_ready() override {
        ++visits_.let_in;
        is_in_ = true;
        disconnect();
    }

    // The broker is the first to close: so it keeps what TCP remembers, not the ports from
    // which we come.
    void on_hang_up() override {
        if (!is_in_) {
            throw Failure("the broker hung up on a CONNECT without an answer");
        }
        ++visits_.ended;
        if (!visits_.is_over) {
            come();
        }
    }

    Visits& visits_;
    bool is_in_ = false;
};

}  // namespace

Figures come_and_go(const Options& options) {
    Progress progress;
    EventLoop loop(options.port);
    Visits visits;
    std::vector<std::unique_ptr<Visitor>> visitors;
    for (std::size_t i = 0; i < options.connections; ++i) {
        visitors.push_back(std::make_unique<Visitor>(loop, options, i, visits));
    }
    const auto run_until = [&](Clock::time_point end) {
        loop.run(
            [&] {
                progress.tell("logins", visits.let_in);
                return Clock::now() >= end;
            },
            "logins",
            end);
    };
    for (const auto& visitor : visitors) {
        visitor->come();
    }
    run_until(Clock::now() + options.time / 10);  // until every client has been there once
    const std::size_t before = visits.ended;
    const Stopwatch stopwatch(options);
    run_until(Clock::now() + options.time);
    loop.run([&] { return visits.ended > before; }, "a login");  // on a machine that crawls
    Figures figures = stopwatch.stop(visits.ended - before);
    visits.is_over = true;
    loop.run([&] { return visits.ended == visits.begun; }, "the broker to hang up");
    figures.emplace_back("sent", static_cast<double>(visits.begun));
    figures.emplace_back("expected", static_cast<double>(visits.begun));
    figures.emplace_back("delivered", static_cast<double>(visits.let_in));
    return figures;
}

}  // namespace pgauth::load
