// receive_retained(): the flood that every subscriber of a wide filter meets.

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "bench/load/event_loop.hpp"
#include "bench/load/failure.hpp"
#include "bench/load/scenarios.hpp"

namespace pgauth::load {

namespace {

// Puts the messages there, some at a time.
class Filler : public Client {
  public:
    Filler(EventLoop& loop, const Options& options)
        : Client(loop, version_of(options, 0), login_of(options, "filler", 0)),
          options_(options) {}

    [[nodiscard]] std::size_t acknowledged() const noexcept { return acknowledged_; }

  private:
    void on_ready() override {
        constexpr std::size_t at_a_time = 20;
        while (sent_ < std::min(at_a_time, options_.retained)) {
            send_next();
        }
    }

    void on_puback(std::uint16_t /*id*/) override {
        ++acknowledged_;
        if (sent_ < options_.retained) {
            send_next();
        }
    }

    void send_next() {
        constexpr std::size_t ids = 0xFFFF;
        const std::string topic = fmt::format("{}/retained/{}", options_.topic, sent_);
        std::string payload;
        append_number(payload, sent_);
        payload.resize(std::max(options_.payload, payload.size()), '.');
        publish({.topic = topic,
                 .payload = payload,
                 .qos = 1,
                 .retained = true,
                 .id = static_cast<std::uint16_t>(sent_ % ids + 1)});
        ++sent_;
    }

    const Options& options_;
    std::size_t sent_ = 0;
    std::size_t acknowledged_ = 0;
};

class Collector : public Client {
  public:
    Collector(EventLoop& loop,
              const Options& options,
              std::size_t number,
              std::size_t& received)
        : Client(loop, version_of(options, number), login_of(options, "collector", number)),
          has_(options.retained),
          received_(received) {}

  private:
    void on_message(const Message& message) override {
        const std::uint64_t number = read_number(message.payload);
        if (!message.retained || number >= has_.size() || has_[number]) {
            throw Failure(fmt::format(
                "the broker sent `{}`, which is not retained, or came twice", message.topic));
        }
        has_[number] = true;
        ++received_;
    }

    std::vector<bool> has_;
    std::size_t& received_;  // of all collectors
};

}  // namespace

Figures receive_retained(const Options& options) {
    Progress progress;
    EventLoop loop(options.port);
    Filler filler(loop, options);
    filler.connect();
    const auto is_filled = [&] {
        progress.tell("retained messages put there", filler.acknowledged());
        return filler.acknowledged() == options.retained;
    };
    loop.run(is_filled, "the PUBACK of a retained message");

    std::size_t received = 0;
    std::vector<std::unique_ptr<Collector>> collectors;
    std::vector<Client*> clients;
    for (std::size_t i = 0; i < options.subscribers; ++i) {
        collectors.push_back(std::make_unique<Collector>(loop, options, i, received));
        clients.push_back(collectors.back().get());
    }
    loop.connect_all(clients);
    const std::size_t expected = options.retained * options.subscribers;
    const Stopwatch stopwatch(options);
    for (const auto& collector : collectors) {
        collector->subscribe(options.topic + "/retained/+", options.qos);
    }
    const auto is_all_there = [&] {
        progress.tell("retained messages received", received);
        return received == expected;
    };
    loop.run(is_all_there, "the rest of the retained messages");
    Figures figures = stopwatch.stop(received);
    figures.emplace_back("sent", static_cast<double>(options.retained));
    figures.emplace_back("expected", static_cast<double>(expected));
    figures.emplace_back("delivered", static_cast<double>(received));
    return figures;
}

}  // namespace pgauth::load
