#include "support/black_hole.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/loopback.hpp"

namespace pgauth::testing {

namespace {

std::string connection_to(int port) {
    return "host=127.0.0.1 port=" + std::to_string(port) + " user=nobody dbname=nothing";
}

}  // namespace

// The kernel takes the connections, and nobody else does.
BlackHole::BlackHole() : socket_(listen_on_loopback(port_)) {}

BlackHole::~BlackHole() {
    close(socket_);
}

std::string BlackHole::connection() const {
    return connection_to(port_);
}

bool BlackHole::has_visitor() const {
    pollfd waiting{socket_, POLLIN, 0};
    return poll(&waiting, 1, 0) > 0;
}

int BlackHole::turn_away() {
    int visitors = 0;
    for (; has_visitor(); ++visitors) {
        close(accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC));
    }
    return visitors;
}

std::string refused_connection() {
    // Bound for as long as the process lives, so that nobody comes to listen there.
    static int port = 0;
    static const int bound = bind_to_loopback(port);
    static_cast<void>(bound);
    return connection_to(port);
}

}  // namespace pgauth::testing
