// CuttingProxy: between a feed and PostgreSQL on loopback; cuts the connection after so many
// bytes of what the server says.
//
//   CuttingProxy proxy;
//   proxy.cut_after(17);                       // from now on; later connections are whole
//   WatchedFeed feed({.connection = proxy.connection_to(database)});
//   REQUIRE(eventually([&] { return proxy.cuts() == 1; }));
//   proxy.passed()                             // bytes of the server that came through
//
// For one connection at a time.
// Thread safety: all of it.

#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "support/test_database.hpp"

namespace pgauth::testing {

class CuttingProxy {
  public:
    CuttingProxy();
    ~CuttingProxy();

    CuttingProxy(const CuttingProxy&) = delete;
    CuttingProxy& operator=(const CuttingProxy&) = delete;
    CuttingProxy(CuttingProxy&&) = delete;
    CuttingProxy& operator=(CuttingProxy&&) = delete;

    // What the plugin is told to connect with.
    [[nodiscard]] std::string connection_to(const TestDatabase& database) const;

    void cut_after(std::size_t bytes);
    void cut_no_more();

    [[nodiscard]] int cuts() const noexcept { return cuts_.load(); }

    [[nodiscard]] std::size_t passed() const noexcept { return passed_.load(); }

  private:
    void run();
    void pass_on(int client, int server);
    [[nodiscard]] bool pass_some_on(int client, int server);
    [[nodiscard]] std::size_t take(std::size_t count);

    int port_ = 0;  // before listener_, which sets it
    int listener_;
    std::atomic<bool> ends_{false};
    std::atomic<std::size_t> passed_{0};
    std::atomic<int> cuts_{0};
    std::mutex mutex_;                 // guards the next one
    std::optional<std::size_t> left_;  // bytes until the cut
    std::thread thread_;               // last: everything above is there before it starts
};

}  // namespace pgauth::testing
