// Interrupt: ends the waits of a thread from another one.
//
//   interrupt.raise();                                          // any thread, once
//   interrupt.wait(socket, Interrupt::Event::readable, 5s)      // raised, ready or timed_out
//
// Every wait of the threads that talk to PostgreSQL goes through here, so that none of them can
// keep the broker from stopping, whatever the database does.
// The mistake to avoid: a libpq call that waits by itself (PQconnectdb, PQexec, PQgetResult
// while PQisBusy). Thread safety: all of it.

#pragma once

#include <chrono>
#include <cstdint>

namespace pgauth {

class Interrupt {
  public:
    enum class Event : std::uint8_t { readable, writable };
    enum class Outcome : std::uint8_t { ready, timed_out, raised };

    static constexpr int no_socket = -1;

    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    Interrupt(Interrupt&&) = delete;
    Interrupt& operator=(Interrupt&&) = delete;

    // Ends every wait, those to come too.
    void raise() noexcept;

    // Waits until `socket` (or nothing, for no_socket) is ready for `event`.
    [[nodiscard]] Outcome wait(int socket,
                               Event event,
                               std::chrono::milliseconds timeout) const;

    // What it is made of: for start_thread(), of a thread that waits.
    [[nodiscard]] int descriptor() const noexcept { return event_fd_; }

  private:
    int event_fd_;
};

}  // namespace pgauth
