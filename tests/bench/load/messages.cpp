// exchange_messages(): a message is on its way until every subscriber has it and, at QoS 1, its
// publisher has been told so. Only so many are at a time: what is beyond a client's queue a
// broker throws away.

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "bench/load/event_loop.hpp"
#include "bench/load/failure.hpp"
#include "bench/load/pings.hpp"
#include "bench/load/scenarios.hpp"

namespace pgauth::load {

namespace {

// What brokers take of one client at a time, unless they say otherwise.
constexpr std::size_t receive_maximum = 20;

// A payload begins with both numbers.
constexpr unsigned bits_of_sequence = 40;
constexpr std::uint64_t sequences = std::uint64_t{1} << bits_of_sequence;

class Exchange;

class Publisher : public Client {
  public:
    Publisher(Exchange& exchange, EventLoop& loop, std::size_t number);

    // As many as may be on their way.
    void send();

    // One more subscriber has it, or the broker has acknowledged it.
    void note_done(std::uint64_t sequence);

    [[nodiscard]] std::uint64_t sent() const noexcept { return next_; }

  private:
    void on_puback(std::uint16_t id) override { note_done(id - 1U); }

    Exchange& exchange_;
    std::uint64_t number_;
    std::uint64_t next_ = 0;
    // By place in the window: how often note_done() is still to be called.
    std::vector<std::size_t> missing_;
    std::string payload_;
};

class Subscriber : public Client {
  public:
    Subscriber(Exchange& exchange, EventLoop& loop, std::size_t number);

  private:
    void on_message(const Message& message) override;

    Exchange& exchange_;
    std::vector<std::uint64_t> next_;  // of each publisher
};

class Exchange {
  public:
    explicit Exchange(const Options& options);

    [[nodiscard]] Figures run();

    [[nodiscard]] const Options& options() const noexcept { return options_; }

    [[nodiscard]] const std::string& topic() const noexcept { return topic_; }

    [[nodiscard]] std::size_t window() const noexcept { return window_; }

    [[nodiscard]] bool is_sending() const noexcept { return is_sending_; }

    void note_delivery(std::uint64_t publisher, std::uint64_t sequence) {
        ++delivered_;
        publishers_[publisher]->note_done(sequence);
    }

    void note_complete() { ++complete_; }

  private:
    [[nodiscard]] std::uint64_t sent() const;
    void run_until(Clock::time_point end);

    const Options& options_;
    std::string topic_;
    std::size_t window_;  // of each publisher
    EventLoop loop_;
    std::vector<std::unique_ptr<Publisher>> publishers_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    bool is_sending_ = false;
    std::uint64_t delivered_ = 0;
    std::uint64_t complete_ = 0;  // messages
    Progress progress_;
};

Publisher::Publisher(Exchange& exchange, EventLoop& loop, std::size_t number)
    : Client(loop,
             version_of(exchange.options(), number),
             login_of(exchange.options(), "publisher", number)),
      exchange_(exchange),
      number_(number),
      missing_(exchange.window()) {}

void Publisher::send() {
    const Options& options = exchange_.options();
    while (exchange_.is_sending() && missing_[next_ % missing_.size()] == 0) {
        const std::size_t place = next_ % missing_.size();
        missing_[place] = options.subscribers + (options.qos > 0 ? 1 : 0);
        payload_.clear();
        append_number(payload_, number_ << bits_of_sequence | next_);
        payload_.resize(std::max(options.payload, payload_.size()), '.');
        publish({.topic = exchange_.topic(),
                 .payload = payload_,
                 .qos = options.qos,
                 .id = static_cast<std::uint16_t>(place + 1)});
        ++next_;
    }
}

void Publisher::note_done(std::uint64_t sequence) {
    std::size_t& missing = missing_[sequence % missing_.size()];
    if (missing == 0) {
        throw Failure("the broker sent a message or its acknowledgement more than once");
    }
    if (--missing == 0) {
        exchange_.note_complete();
        send();
    }
}

Subscriber::Subscriber(Exchange& exchange, EventLoop& loop, std::size_t number)
    : Client(loop,
             // Where there is one of each, it has the version that its publisher has not.
             version_of(exchange.options(), number + 1),
             login_of(exchange.options(), "subscriber", number)),
      exchange_(exchange),
      next_(exchange.options().publishers) {}

void Subscriber::on_message(const Message& message) {
    const std::uint64_t number = read_number(message.payload);
    const std::uint64_t publisher = number >> bits_of_sequence;
    const std::uint64_t sequence = number % sequences;
    if (publisher >= next_.size() || next_[publisher] != sequence) {
        throw Failure(
            fmt::format("message {} of publisher {} came where {} was next: the broker has "
                        "lost or swapped some",
                        sequence,
                        publisher,
                        publisher < next_.size() ? next_[publisher] : 0));
    }
    ++next_[publisher];
    exchange_.note_delivery(publisher, sequence);
}

Exchange::Exchange(const Options& options)
    : options_(options),
      topic_(options.topic + "/state"),
      window_(std::clamp<std::size_t>(options.window / options.publishers,
                                      1,
                                      options.qos > 0 ? receive_maximum : options.window)),
      loop_(options.port) {
    for (std::size_t i = 0; i < options.publishers; ++i) {
        publishers_.push_back(std::make_unique<Publisher>(*this, loop_, i));
    }
    for (std::size_t i = 0; i < options.subscribers; ++i) {
        subscribers_.push_back(std::make_unique<Subscriber>(*this, loop_, i));
    }
}

std::uint64_t Exchange::sent() const {
    std::uint64_t sum = 0;
    for (const auto& publisher : publishers_) {
        sum += publisher->sent();
    }
    return sum;
}

void Exchange::run_until(Clock::time_point end) {
    loop_.run(
        [&] {
            progress_.tell("messages delivered", delivered_);
            return Clock::now() >= end;
        },
        "deliveries",
        end);
}

Figures Exchange::run() {
    std::vector<Client*> all;
    for (const auto& client : subscribers_) {
        all.push_back(client.get());
    }
    for (const auto& client : publishers_) {
        all.push_back(client.get());
    }
    loop_.connect_all(all);
    for (const auto& subscriber : subscribers_) {
        subscriber->subscribe(topic_, options_.qos);
    }
    loop_.run(
        [&] {
            return std::all_of(all.begin(), all.end(), [](const Client* client) {
                return client->is_ready();
            });
        },
        "the subscriptions to be answered");

    is_sending_ = true;
    for (const auto& publisher : publishers_) {
        publisher->send();
    }
    run_until(Clock::now() + options_.time / 10);  // until everything has been used once
    auto pings = options_.pings == Pings::none ? nullptr : std::make_unique<Pinger>(options_);
    const std::uint64_t before = delivered_;
    const Stopwatch stopwatch(options_);
    run_until(Clock::now() + options_.time);
    loop_.run([&] { return delivered_ > before; }, "a delivery");  // on a machine that crawls
    Figures figures = stopwatch.stop(delivered_ - before);
    const Figures of_pings = pings == nullptr ? Figures{} : pings->take();
    is_sending_ = false;
    loop_.run([&] { return complete_ == sent(); }, "what is still on its way");

    figures.emplace_back("sent", static_cast<double>(sent()));
    figures.emplace_back("expected", static_cast<double>(sent() * options_.subscribers));
    figures.emplace_back("delivered", static_cast<double>(delivered_));
    figures.insert(figures.end(), of_pings.begin(), of_pings.end());
    return figures;
}

}  // namespace

Figures exchange_messages(const Options& options) {
    return Exchange(options).run();
}

}  // namespace pgauth::load
