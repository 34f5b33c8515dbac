#include "support/black_hole.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace pgauth::testing {

namespace {

int bind_to_loopback(int& port) {
    const int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any_port{};
    any_port.sin_family = AF_INET;
    any_port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr address{};
    std::memcpy(&address, &any_port, sizeof address);
    socklen_t length = sizeof address;
    if (bound < 0 || bind(bound, &address, length) != 0 ||
        getsockname(bound, &address, &length) != 0) {
        throw std::system_error(errno, std::generic_category(), "bind");
    }
    std::memcpy(&any_port, &address, sizeof any_port);
    port = ntohs(any_port.sin_port);
    return bound;
}

std::string connection_to(int port) {
    return "host=127.0.0.1 port=" + std::to_string(port) + " user=nobody dbname=nothing";
}

}  // namespace

BlackHole::BlackHole() : socket_(bind_to_loopback(port_)) {
    constexpr int backlog = 64;  // the kernel takes the connections, and nobody else does
    if (listen(socket_, backlog) != 0) {
        throw std::system_error(errno, std::generic_category(), "listen");
    }
}

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
