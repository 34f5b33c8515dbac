// What can be asked of a broker: one call makes a load and gives what was seen.
//
//   const Figures figures = exchange_messages({.port = 1883, .topic = "plant/line-1"});
//   for (const auto& [name, value] : figures) …;
//
// Each checks that everything arrived that should, once and in order, and throws Failure
// otherwise: a broker that loses messages is quick. Thread safety: none needed;
// exchange_messages() uses a second thread for pings.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/load/packets.hpp"

namespace pgauth::load {

enum class Versions : std::uint8_t { v3_1_1, v5, in_turn };

enum class Pings : std::uint8_t { none, every_millisecond };

struct Options {
    int port = 1883;
    std::optional<std::string> username;
    std::optional<std::string> password;
    std::string topic = "load";  // everything happens on it and below
    Versions versions = Versions::in_turn;
    int qos = 0;
    std::size_t publishers = 1;
    std::size_t subscribers = 1;
    std::size_t payload = 64;              // bytes
    std::size_t window = 500;              // messages on their way at a time, of all publishers
    std::size_t retained = 10'000;         // messages
    std::size_t connections = 20;          // at a time
    std::chrono::milliseconds time{1000};  // how long to go on, where nothing else says so
    Pings pings = Pings::none;
    std::optional<int> process;  // the broker's, whose processor time is wanted
};

// By name, in the order in which to print them.
using Figures = std::vector<std::pair<std::string_view, double>>;

// Every publisher sends on one topic, and every subscriber hears all of it.
[[nodiscard]] Figures exchange_messages(const Options& options);

// So many retained messages are put there; then all subscribers ask for them at once.
[[nodiscard]] Figures receive_retained(const Options& options);

// Connections that come, are let in, and go again.
[[nodiscard]] Figures come_and_go(const Options& options);

// A client that pings, a millisecond after each answer, until standard input ends. Prints
// `ready` when it is connected, and in the end a line for each ping: when it was sent, on the
// steady clock, and how many seconds it took.
[[nodiscard]] Figures watch(const Options& options);

// --- for those above ----------------------------------------------------------------------

// That of the client of this number.
[[nodiscard]] Version version_of(const Options& options, std::size_t number);

[[nodiscard]] Login login_of(const Options& options, std::string_view role, std::size_t number);

// From its making on: how long, and how much processor time of the broker.
class Stopwatch {
  public:
    explicit Stopwatch(const Options& options);

    // What a figure counts that has happened since, and how often in a second of either.
    [[nodiscard]] Figures stop(std::size_t count) const;

  private:
    std::optional<int> process_;
    double processor_before_ = 0;
    std::chrono::steady_clock::time_point begin_;
};

// One line on a terminal, a few times a second at most, which the next one overwrites.
class Progress {
  public:
    Progress();
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    Progress(Progress&&) = delete;
    Progress& operator=(Progress&&) = delete;

    void tell(std::string_view what, std::size_t count);

  private:
    enum class Screen : std::uint8_t { none, terminal };

    Screen screen_;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace pgauth::load
