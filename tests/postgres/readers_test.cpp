#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/watched_feed.hpp"

using namespace pgauth;
using namespace pgauth::testing;

namespace {

int number_in(const std::string& name) {
    return std::stoi(name);
}

// Reads the newest replica again and again, as the broker's thread and the HTTP API's do.
class Reader {
  public:
    explicit Reader(const ReplicaFeed& feed)
        : thread_([this, &feed] {
              while (!stopped_) {
                  read(feed);
              }
          }) {}

    ~Reader() {
        stopped_ = true;
        thread_.join();
    }

    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    Reader(Reader&&) = delete;
    Reader& operator=(Reader&&) = delete;

    [[nodiscard]] int mistakes() const noexcept { return mistakes_; }

    [[nodiscard]] int versions() const noexcept { return versions_; }

  private:
    void read(const ReplicaFeed& feed) {
        const auto replica = feed.current();
        const int left = number_in(replica->find_client("left")->name);
        const int right = number_in(replica->find_client("right")->name);
        const auto group = replica->find_group_by_name("version " + std::to_string(left));
        const bool whole = left == right && group != nullptr && group->entries.size() == 1;
        const bool forward = left >= last_ && feed.confirmed_at();
        mistakes_ += whole && forward ? 0 : 1;
        versions_ += left == last_ ? 0 : 1;
        last_ = left;
    }

    int last_ = -1;
    std::atomic<bool> stopped_{false};
    std::atomic<int> mistakes_{0};
    std::atomic<int> versions_{0};
    std::thread thread_;
};

}  // namespace

TEST_CASE("every reader sees whole transactions only, and never an older one",
          "[postgres][threads]") {
    TestDatabase database;
    database.sql(R"(
        SELECT mqtt_auth.create_client('0', username => 'left');
        SELECT mqtt_auth.create_client('0', username => 'right');
        SELECT mqtt_auth.create_group('version 0');
        SELECT mqtt_auth.allow('version 0', 'read', 'a'))");
    WatchedFeed feed(database);
    std::vector<std::unique_ptr<Reader>> readers;
    for (int i = 0; i < 4; ++i) {
        readers.push_back(std::make_unique<Reader>(*feed.operator->()));
    }
    SqlSession writer = database.session();
    int version = 0;
    const auto write_another = [&] {
        const std::string text = std::to_string(++version);
        writer.sql("BEGIN");
        writer.sql("UPDATE mqtt_auth.clients SET name = '" + text +
                   "' WHERE username = 'left'");
        writer.sql("UPDATE mqtt_auth.groups SET name = 'version " + text + "'");
        writer.sql("UPDATE mqtt_auth.clients SET name = '" + text +
                   "' WHERE username = 'right'");
        writer.sql("COMMIT");
        if (version == 20) {
            database.terminate_plugin_connections();
        }
    };
    CHECK(eventually([&] {
        write_another();
        return version >= 40 &&
               std::all_of(readers.begin(), readers.end(), [](const auto& reader) {
                   return reader->versions() > 5;
               });
    }));
    CHECK(eventually(
        [&] { return feed->current()->find_client("left")->name == std::to_string(version); }));
    for (const auto& reader : readers) {
        CHECK(reader->mistakes() == 0);
    }
}

TEST_CASE("a replica outlives its feed and its database", "[postgres][threads]") {
    std::shared_ptr<const Replica> replica;
    {
        TestDatabase database;
        database.sql("SELECT mqtt_auth.create_client('press-7')");
        WatchedFeed feed(database);
        replica = feed->current();
        database.sql("SELECT mqtt_auth.delete_client('press-7')");
        REQUIRE(eventually([&] { return !feed.has_client("press-7"); }));
    }
    CHECK(replica->find_client("press-7") != nullptr);
}

TEST_CASE("what was replaced is freed by the feed, once nobody holds it",
          "[postgres][threads]") {
    TestDatabase database;
    WatchedFeed feed(database, std::chrono::milliseconds(100));
    std::weak_ptr<const Replica> replaced = feed->current();
    feed.until_seen(database);
    CHECK(eventually([&] { return replaced.expired(); }));
}
