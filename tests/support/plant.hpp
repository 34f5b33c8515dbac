// Plant: a small database for the plugin's tests, the same at the beginning of each.
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
// The mistake to avoid: changing the schema, since the next test gets it as it is left.
// REQUIRES: runs under tests/support/with_postgres.
// Thread safety: none.

#pragma once

#include <memory>
#include <string>

#include "support/fake_broker.hpp"
#include "support/test_database.hpp"

namespace pgauth::testing {

class Plant {
  public:
    Plant();
    ~Plant();

    Plant(const Plant&) = delete;
    Plant& operator=(const Plant&) = delete;
    Plant(Plant&&) = delete;
    Plant& operator=(Plant&&) = delete;

    [[nodiscard]] TestDatabase& database() noexcept { return *database_; }

    // For the plugin; `more` beside the connection.
    [[nodiscard]] PluginOptions options(const PluginOptions& more = {}) const;

    // Waits until the plugin sees what was committed before this call: reads a topic that is
    // allowed with it.
    void until_seen(LoadedPlugin& plugin);

  private:
    std::unique_ptr<TestDatabase> database_;
    int seen_ = 0;
};

// A connection of `username` with a client id of the same name.
[[nodiscard]] mosquitto connection_of(const std::string& username);

}  // namespace pgauth::testing
