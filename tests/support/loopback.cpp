#include "support/loopback.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>

namespace pgauth::testing {

namespace {

sockaddr address_of(int port) {
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET;
    loopback.sin_port = htons(static_cast<std::uint16_t>(port));
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr address{};
    std::memcpy(&address, &loopback, sizeof address);
    return address;
}

[[noreturn]] void give_up(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int new_socket() {
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) {
        give_up("socket");
    }
    return made;
}

}  // namespace

int bind_to_loopback(int& port) {
    const int bound = new_socket();
    constexpr int any_port = 0;
    sockaddr address = address_of(any_port);
    socklen_t length = sizeof address;
    if (bind(bound, &address, length) != 0 || getsockname(bound, &address, &length) != 0) {
        give_up("bind");
    }
    sockaddr_in given{};
    std::memcpy(&given, &address, sizeof given);
    port = ntohs(given.sin_port);
    return bound;
}

int listen_on_loopback(int& port) {
    const int bound = bind_to_loopback(port);
    constexpr int backlog = 64;
    if (listen(bound, backlog) != 0) {
        give_up("listen");
    }
    return bound;
}

int connect_to_loopback(int port) {
    const int connected = new_socket();
    const sockaddr address = address_of(port);
    if (connect(connected, &address, sizeof address) != 0) {
        give_up("connect");
    }
    return connected;
}

}  // namespace pgauth::testing
