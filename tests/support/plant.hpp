// Plant: a small database that the plugin's tests share, and a plugin loaded on it.
//
//   Plant plant;
//   LoadedPlugin plugin(plant.options());
//   mosquitto press = connection_of("press-7");
//
// | client          | may                                                   |
// |-----------------|-------------------------------------------------------|
// | press-7 press-8 | group presses: readWrite plant/%u/#, read news        |
// | boss            | own: read plant/#                                     |
// | idle            | nothing                                               |
// | retired         | disabled                                              |
//
// All have the password "sesame". `guests` is a group for nameless sessions: read news.
// REQUIRES: runs under tests/support/with_postgres.
// Thread safety: none.

#pragma once

#include <string>

#include "support/fake_broker.hpp"
#include "support/test_database.hpp"

namespace pgauth::testing {

class Plant {
  public:
    Plant();

    [[nodiscard]] TestDatabase& database() noexcept { return database_; }

    // For the plugin; `more` beside the connection.
    [[nodiscard]] PluginOptions options(const PluginOptions& more = {}) const;

    // Waits until the plugin sees what was committed before this call: reads a topic that is
    // allowed with it.
    void until_seen(LoadedPlugin& plugin);

  private:
    TestDatabase database_;
    int seen_ = 0;
};

// A connection of `username` with a client id of the same name.
[[nodiscard]] mosquitto connection_of(const std::string& username);

}  // namespace pgauth::testing
