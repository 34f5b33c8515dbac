// TCP on loopback, for servers that tests pretend to be.
//
//   int port = 0;
//   const int listener = listen_on_loopback(port);
//
// All throw std::system_error. The caller closes the sockets. Thread safety: pure.

#pragma once

namespace pgauth::testing {

// A new socket on a free port, which is written to `port`. Nobody can connect to it.
[[nodiscard]] int bind_to_loopback(int& port);

// The same, and the kernel lets everybody connect.
[[nodiscard]] int listen_on_loopback(int& port);

[[nodiscard]] int connect_to_loopback(int port);

}  // namespace pgauth::testing
