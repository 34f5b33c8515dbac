#include "support/cutting_proxy.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "support/loopback.hpp"

namespace pgauth::testing {

namespace {

constexpr int look_up_ms = 20;  // how often a thread looks whether it shall end

bool is_readable(int socket) {
    pollfd waiting{socket, POLLIN, 0};
    return poll(&waiting, 1, look_up_ms) > 0;
}

bool send_all(int socket, const char* bytes, std::size_t count) {
    while (count > 0) {
        const ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        count -= static_cast<std::size_t>(sent);
    }
    return true;
}

}  // namespace

CuttingProxy::CuttingProxy()
    : listener_(listen_on_loopback(port_)), thread_([this] { run(); }) {}

CuttingProxy::~CuttingProxy() {
    ends_.store(true);
    thread_.join();
    close(listener_);
}

std::string CuttingProxy::connection_to(const TestDatabase& database) const {
    return fmt::format("{} host=127.0.0.1 port={}", database.connection(), port_);
}

void CuttingProxy::cut_after(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    left_ = bytes;
}

void CuttingProxy::cut_no_more() {
    const std::lock_guard lock(mutex_);
    left_.reset();
}

void CuttingProxy::run() {
    const char* port = std::getenv("PGPORT");
    const int server_port = std::stoi(port == nullptr ? "5432" : port);
    while (!ends_.load()) {
        if (!is_readable(listener_)) {
            continue;
        }
        const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const int server = connect_to_loopback(server_port);
        pass_on(client, server);
        close(client);
        close(server);
    }
}

// Until one of them is gone, or cut off.
void CuttingProxy::pass_on(int client, int server) {
    while (!ends_.load()) {
        std::array<pollfd, 2> sockets{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
        if (poll(sockets.data(), sockets.size(), look_up_ms) <= 0) {
            continue;
        }
        if (sockets[1].revents != 0 && !pass_some_on(client, server)) {
            return;
        }
        if (sockets[0].revents != 0) {
            std::array<char, 4096> said{};
            const ssize_t count = recv(client, said.data(), said.size(), 0);
            if (count <= 0 || !send_all(server, said.data(), static_cast<std::size_t>(count))) {
                return;
            }
        }
    }
}

bool CuttingProxy::pass_some_on(int client, int server) {
    std::array<char, 4096> answer{};
    const ssize_t count = recv(server, answer.data(), answer.size(), 0);
    if (count <= 0) {
        return false;
    }
    const auto wanted = static_cast<std::size_t>(count);
    const std::size_t passing = take(wanted);
    passed_ += passing;
    return send_all(client, answer.data(), passing) && passing == wanted;
}

// How many of these bytes may pass.
std::size_t CuttingProxy::take(std::size_t count) {
    const std::lock_guard lock(mutex_);
    if (!left_) {
        return count;
    }
    const std::size_t passing = std::min(count, *left_);
    *left_ -= passing;
    if (passing < count) {
        left_.reset();
        ++cuts_;
    }
    return passing;
}

}  // namespace pgauth::testing
