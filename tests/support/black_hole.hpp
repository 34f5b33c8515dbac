// BlackHole: a server on loopback that lets everybody connect and never says a word, as behind
// a firewall that has forgotten a connection, or a machine that hangs.
//
//   BlackHole hole;
//   options.connection = hole.connection();
//   REQUIRE(eventually([&] { return hole.has_visitor(); }));
//
// Thread safety: none.

#pragma once

#include <string>

namespace pgauth::testing {

class BlackHole {
  public:
    BlackHole();
    ~BlackHole();

    BlackHole(const BlackHole&) = delete;
    BlackHole& operator=(const BlackHole&) = delete;
    BlackHole(BlackHole&&) = delete;
    BlackHole& operator=(BlackHole&&) = delete;

    [[nodiscard]] int port() const noexcept { return port_; }

    [[nodiscard]] int descriptor() const noexcept { return socket_; }

    // For libpq.
    [[nodiscard]] std::string connection() const;

    [[nodiscard]] bool has_visitor() const;

    // Hangs up on everybody who waits, and gives how many.
    int turn_away();

  private:
    int port_ = 0;  // before socket_, which sets it
    int socket_;
};

// Of a port of loopback where nobody listens.
[[nodiscard]] std::string refused_connection();

}  // namespace pgauth::testing
