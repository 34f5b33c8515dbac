#include "store/interrupt.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace pgauth {

Interrupt::Interrupt() : event_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (event_fd_ < 0) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
}

Interrupt::~Interrupt() {
    close(event_fd_);
}

void Interrupt::raise() noexcept {
    const std::uint64_t one = 1;
    // Can fail only when the counter is full, and then it is raised already.
    [[maybe_unused]] const auto written = write(event_fd_, &one, sizeof one);
}

Interrupt::Outcome Interrupt::wait(int socket,
                                   Event event,
                                   std::chrono::milliseconds timeout) const {
    const auto until = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        std::array<pollfd, 2> fds{{
            {event_fd_, POLLIN, 0},
            {socket, static_cast<short>(event == Event::readable ? POLLIN : POLLOUT), 0},
        }};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        const auto wait_ms = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
        const int ready =
            poll(fds.data(), socket == no_socket ? 1 : 2, static_cast<int>(wait_ms));
        if (std::any_of(fds.begin(), fds.end(), [](const pollfd& one) {
                return (one.revents & POLLNVAL) != 0;
            })) {
            throw std::system_error(EBADF, std::generic_category(), "poll");
        }
        if (fds[0].revents != 0) {
            return Outcome::raised;
        }
        if (ready > 0) {
            return Outcome::ready;
        }
        if (ready == 0 && std::chrono::steady_clock::now() >= until) {
            return Outcome::timed_out;
        }
        if (ready < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "poll");
        }
    }
}

}  // namespace pgauth
