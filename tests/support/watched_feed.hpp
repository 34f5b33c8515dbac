// WatchedFeed: a ReplicaFeed, and everything that it has logged.
//
//   WatchedFeed feed({.connection = database.connection()});
//   database.sql("SELECT mqtt_auth.create_group('presses')");
//   REQUIRE(eventually([&] { return feed->current()->group_count() == 1; }));
//   CHECK(feed.count("connected to") == 1);
//
// Thread safety: none, but for what ReplicaFeed says of itself.

#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/test_database.hpp"
#include "support/waiting.hpp"
#include "sync/replica_feed.hpp"

namespace pgauth::testing {

// Nothing is found by polling, so that what is found was notified.
inline constexpr std::chrono::hours never{1};

class WatchedFeed {
  public:
    explicit WatchedFeed(DatabaseOptions options) : feed_(std::move(options)) {}

    // Of `database`, and loaded once.
    explicit WatchedFeed(const TestDatabase& database,
                         std::chrono::milliseconds poll_interval = never)
        : feed_({.connection = database.connection(), .poll_interval = poll_interval}) {
        if (!feed_.wait_for_first_load(generous)) {
            throw std::runtime_error("the tables were not loaded:\n" + text());
        }
    }

    ReplicaFeed* operator->() { return &feed_; }

    [[nodiscard]] std::shared_ptr<const Replica> current() const { return feed_.current(); }

    [[nodiscard]] bool has_client(const std::string& username) const {
        const auto replica = feed_.current();
        return replica != nullptr && replica->find_client(username) != nullptr;
    }

    // Waits until what was committed before this call is seen.
    void until_seen(TestDatabase& database) {
        const std::string marker = "seen " + std::to_string(++seen_);
        database.sql("SELECT mqtt_auth.create_client('" + marker + "')");
        if (!eventually([&] { return has_client(marker); })) {
            throw std::runtime_error("a change was not seen:\n" + text());
        }
    }

    // Waits until the database was asked `times` more, and whatever came of it is there.
    void until_asked(int times) {
        for (int i = 0; i < times; ++i) {
            const auto before = feed_.confirmed_at();
            if (!eventually([&] { return feed_.confirmed_at() != before; })) {
                throw std::runtime_error("the database was not asked again:\n" + text());
            }
        }
    }

    [[nodiscard]] const std::vector<std::string>& lines() {
        feed_.log().drain(
            [this](LogLevel, const std::string& line) { lines_.push_back(line); });
        return lines_;
    }

    // How many lines have `part` in them.
    [[nodiscard]] std::size_t count(std::string_view part) {
        const auto& all = lines();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const std::string& line) {
                return line.find(part) != std::string::npos;
            }));
    }

    [[nodiscard]] std::string text() {
        std::string text;
        for (const std::string& line : lines()) {
            text += line + "\n";
        }
        return text;
    }

  private:
    ReplicaFeed feed_;
    std::vector<std::string> lines_;
    int seen_ = 0;
};

}  // namespace pgauth::testing
