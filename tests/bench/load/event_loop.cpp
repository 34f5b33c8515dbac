#include "bench/load/event_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "bench/load/failure.hpp"
#include "support/loopback.hpp"

namespace pgauth::load {

namespace {

[[noreturn]] void give_up(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

constexpr std::size_t at_a_time = 50;  // a broker's backlog is 100

}  // namespace

EventLoop::EventLoop(int port)
    : port_(port), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(read_at_a_time) {
    if (epoll_ < 0) {
        give_up("epoll_create1");
    }
}

EventLoop::~EventLoop() {
    ::close(epoll_);
}

void EventLoop::run(const std::function<bool()>& is_done,
                    std::string_view what,
                    std::optional<Clock::time_point> end) {
    while (!is_done()) {
        const auto too_late = Clock::now() + patience;
        if (turn(end ? std::min(*end, too_late) : too_late)) {
            continue;
        }
        if (end && Clock::now() >= *end) {
            return;
        }
        throw Failure(fmt::format(
            "the broker has sent nothing for {} s, waiting for {}", patience.count(), what));
    }
}

void EventLoop::connect_all(const std::vector<Client*>& clients) {
    std::size_t begun = 0;
    std::size_t ready = 0;  // all before this one
    const auto all_are_ready = [&] {
        while (ready < begun && clients[ready]->is_ready()) {
            ++ready;
        }
        while (begun < clients.size() && begun < ready + at_a_time) {
            clients[begun++]->connect();
        }
        return ready == clients.size();
    };
    run(all_are_ready, "logins");
}

bool EventLoop::turn(Clock::time_point until) {
    constexpr int most = 256;
    std::array<epoll_event, most> events{};
    flush();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int count = epoll_wait(
        epoll_, events.data(), most, static_cast<int>(std::max<std::int64_t>(wait.count(), 0)));
    if (count < 0 && errno != EINTR) {
        give_up("epoll_wait");
    }
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        Client& client = *static_cast<Client*>(event.data.ptr);
        if ((event.events & EPOLLOUT) != 0) {
            client.write();
        }
        if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
            client.read();
        }
    }
    return count != 0;
}

void EventLoop::flush() {
    for (Client* client : unsent_) {
        client->is_listed_ = false;
        if (!client->waits_to_write_) {
            client->write();
        }
    }
    unsent_.clear();
}

void EventLoop::watch(Client& client, int operation) const {
    epoll_event event{};
    event.events = client.waits_to_write_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &client;
    if (epoll_ctl(epoll_, operation, client.socket_, &event) != 0) {
        give_up("epoll_ctl");
    }
}

Client::Client(EventLoop& loop, Version version, Login login)
    : loop_(loop), version_(version), login_(std::move(login)) {}

Client::~Client() {
    close();
    std::erase(loop_.unsent_, this);
}

void Client::connect() {
    try {
        socket_ = testing::connect_to_loopback(loop_.port_);
    } catch (const std::system_error& problem) {
        throw Failure(fmt::format(
            "`--port {}`: no broker there: {}", loop_.port_, problem.code().message()));
    }
    constexpr int on = 1;
    if (setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        give_up("setsockopt");
    }
    loop_.watch(*this, EPOLL_CTL_ADD);
    append_connect(unsent(), version_, login_);
}

void Client::close() {
    if (socket_ >= 0) {
        ::close(std::exchange(socket_, -1));
    }
    ready_ = waits_to_write_ = false;
    received_.clear();
    unsent_.clear();
}

void Client::publish(const Message& message) {
    append_publish(unsent(), version_, message);
}

void Client::subscribe(std::string_view filter, int qos) {
    ready_ = false;
    append_subscribe(unsent(), version_, {.filter = filter, .qos = qos});
}

void Client::ping() {
    append_pingreq(unsent());
}

void Client::disconnect() {
    append_disconnect(unsent());
}

// Goes out in the next turn.
std::string& Client::unsent() {
    if (!std::exchange(is_listed_, true)) {
        loop_.unsent_.push_back(this);
    }
    return unsent_;
}

void Client::write() {
    if (socket_ < 0 || unsent_.empty()) {
        return;
    }
    const ssize_t sent =
        ::send(socket_, unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != ECONNRESET && errno != EPIPE) {
        give_up("send");
    }
    if (sent < 0 && errno != EAGAIN) {
        return;  // read() will find that out too
    }
    unsent_.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    if (waits_to_write_ != !unsent_.empty()) {
        waits_to_write_ = !unsent_.empty();
        loop_.watch(*this, EPOLL_CTL_MOD);
    }
}

void Client::read() {
    if (socket_ < 0) {
        return;
    }
    auto& buffer = loop_.buffer_;
    const ssize_t came = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (came < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (came <= 0) {
        close();
        on_hang_up();
        return;
    }
    std::string_view rest(buffer.data(), static_cast<std::size_t>(came));
    if (!received_.empty()) {
        received_ += rest;
        rest = received_;
    }
    while (const auto packet = take_packet(rest)) {
        take(*packet);
    }
    received_ = std::string(rest);
}

void Client::take(const Packet& packet) {
    constexpr int least_failure = 0x80;
    switch (packet.type) {
        case PacketType::connack:
            if (reason_code(packet) != 0) {
                throw Failure(
                    fmt::format("the broker does not let client id `{}` in: reason code {}",
                                login_.client_id,
                                reason_code(packet)));
            }
            ready_ = true;
            on_ready();
            return;
        case PacketType::suback:
            if (reason_code(packet) >= least_failure) {
                throw Failure(unexpected("refuses the subscription"));
            }
            ready_ = true;
            on_ready();
            return;
        case PacketType::publish: {
            const Message message = read_publish(version_, packet);
            if (message.qos > 0) {
                append_puback(unsent(), message.id);
            }
            on_message(message);
            return;
        }
        case PacketType::puback:
            if (reason_code(packet) >= least_failure) {
                throw Failure(unexpected("denies a message"));
            }
            on_puback(packet_id(packet));
            return;
        case PacketType::pingresp:
            on_pong();
            return;
        default:
            throw Failure(unexpected(
                fmt::format("sent a packet of type {}", static_cast<int>(packet.type))));
    }
}

void Client::on_message(const Message& message) {
    throw Failure(unexpected(fmt::format("sent a message on `{}`", message.topic)));
}

void Client::on_puback(std::uint16_t /*id*/) {
    throw Failure(unexpected("sent a PUBACK"));
}

void Client::on_pong() {
    throw Failure(unexpected("sent a PINGRESP"));
}

void Client::on_hang_up() {
    throw Failure(unexpected("hung up"));
}

std::string Client::unexpected(std::string_view what) const {
    return fmt::format("client id `{}`: the broker {}", login_.client_id, what);
}

}  // namespace pgauth::load
