// EventLoop: many MQTT connections to one broker on one thread. Client: one of them.
//
//   class Listener : public Client { void on_message(const Message& message) override { … } };
//   EventLoop loop(1883);
//   Listener listener(loop, Version::v5, {.client_id = "a"});
//   listener.connect();                       // on_ready() is called when the broker has let
//   it in loop.run([&] { return listener.is_ready(); }, "the login");
//
// What a client sends is gathered and goes out once a turn, so that a thousand small packets
// are not a thousand calls of the kernel. A client must not outlive its loop, nor be destroyed
// by a callback. Everything that a broker should not do is a Failure. Thread safety: none;
// several loops may run in as many threads.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/packets.hpp"

namespace pgauth::load {

using Clock = std::chrono::steady_clock;

class Client;

class EventLoop {
  public:
    explicit EventLoop(int port);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    EventLoop(EventLoop&&) = delete;
    EventLoop& operator=(EventLoop&&) = delete;

    // Deals with what comes until is_done(), or until `end`. Throws where nothing comes for
    // `patience`: `what` says what was waited for.
    void run(const std::function<bool()>& is_done,
             std::string_view what,
             std::optional<Clock::time_point> end = std::nullopt);

    // Connects them, no more at a time than a broker's backlog takes, until all are ready.
    void connect_all(const std::vector<Client*>& clients);

    static constexpr std::chrono::seconds patience{20};

  private:
    friend class Client;

    // Those of one turn, or none where nothing came by `until`.
    bool turn(Clock::time_point until);
    void flush();
    void watch(Client& client, int operation) const;

    // What one client gets, so that the others are not kept waiting.
    static constexpr std::size_t read_at_a_time = 65536;

    int port_;
    int epoll_;
    std::vector<Client*> unsent_;  // each once
    std::vector<char> buffer_;
};

class Client {
  public:
    Client(EventLoop& loop, Version version, Login login);
    virtual ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    Client(Client&&) = delete;
    Client& operator=(Client&&) = delete;

    // REQUIRES: not connected.
    void connect();

    // Let in, and where it has subscribed, that was answered too.
    [[nodiscard]] bool is_ready() const noexcept { return ready_; }

    [[nodiscard]] Version version() const noexcept { return version_; }

    // REQUIRES, all: connected.
    void publish(const Message& message);
    void subscribe(std::string_view filter, int qos);
    void ping();
    void disconnect();

  protected:
    // Those that a client does not expect are failures.
    virtual void on_ready() {}  // after connect() and after subscribe()

    virtual void on_message(const Message& message);
    virtual void on_puback(std::uint16_t id);
    virtual void on_pong();
    virtual void on_hang_up();  // the connection is closed: connect() again, if you like

  private:
    friend class EventLoop;

    void read();
    void write();
    void take(const Packet& packet);
    void close();
    std::string& unsent();
    [[nodiscard]] std::string unexpected(std::string_view what) const;

    EventLoop& loop_;
    Version version_;
    Login login_;
    int socket_ = -1;
    bool ready_ = false;
    bool waits_to_write_ = false;
    bool is_listed_ = false;  // in unsent_ of the loop
    std::string received_;    // not whole yet
    std::string unsent_;
};

}  // namespace pgauth::load
