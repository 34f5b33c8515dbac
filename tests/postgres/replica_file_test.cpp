#include "replica/replica_file.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "store/connection_parameters.hpp"
#include "support/catch.hpp"
#include "support/watched_feed.hpp"

using namespace pgauth;
using namespace pgauth::testing;
using std::chrono::milliseconds;

namespace {

// A name of its own, and no file at the end.
class FileName {
  public:
    FileName()
        : name_(std::filesystem::temp_directory_path() /
                fmt::format("pgauth-replica-{}-{}", getpid(), ++last_)) {}

    ~FileName() { std::filesystem::remove(name_); }

    FileName(const FileName&) = delete;
    FileName& operator=(const FileName&) = delete;
    FileName(FileName&&) = delete;
    FileName& operator=(FileName&&) = delete;

    [[nodiscard]] std::string text() const { return name_; }

    [[nodiscard]] bool exists() const { return std::filesystem::exists(name_); }

  private:
    static inline int last_ = 0;
    std::filesystem::path name_;
};

DatabaseOptions options_of(const TestDatabase& database, const FileName& file) {
    DatabaseOptions options;
    options.connection = database.connection();
    options.poll_interval = milliseconds(100);
    options.replica_file = file.text();
    return options;
}

// The connection string stays the same, and nobody answers it.
void lock_out(TestDatabase& database) {
    database.superuser().sql("ALTER DATABASE " + database.name() + " CONNECTION LIMIT 0");
    database.terminate_plugin_connections();
}

std::string create(const std::string& username) {
    return "SELECT mqtt_auth.create_client('" + username + "')";
}

}  // namespace

TEST_CASE("the last good copy is used where the database gives nothing at the start",
          "[postgres]") {
    TestDatabase database;
    const FileName file;
    database.sql(create("press-7"));
    { const WatchedFeed feed(options_of(database, file)); }
    {
        WatchedFeed feed(options_of(database, file));
        REQUIRE(feed->wait_for_first_load(generous));
        database.sql(create("press-8"));
        REQUIRE(eventually([&] { return feed.has_client("press-8"); }));
        feed->keeper()->note({"a", "press-7", {Method::password}, {}, {}});
    }  // what is unwritten is written
    lock_out(database);
    WatchedFeed feed(options_of(database, file));
    REQUIRE(feed->wait_for_first_load(generous));
    CHECK(feed.has_client("press-7"));
    CHECK(feed.has_client("press-8"));
    CHECK(feed->confirmed_at() < std::chrono::steady_clock::now());
    INFO(feed.text());
    CHECK(feed.count("going on from replica file") == 1);
    const auto restored = feed->keeper()->take_restored();
    REQUIRE(restored != nullptr);
    CHECK(restored->at("a").username == "press-7");
    CHECK(feed->keeper()->take_restored() == nullptr);
    // And left for the tables as soon as they can be had.
    database.superuser().sql("ALTER DATABASE " + database.name() + " CONNECTION LIMIT -1");
    database.sql(create("press-9"));
    CHECK(eventually([&] { return feed.has_client("press-9"); }));
}

TEST_CASE("where the database answers, its tables are what counts", "[postgres]") {
    TestDatabase database;
    const FileName file;
    database.sql(create("press-7"));
    {
        WatchedFeed feed(options_of(database, file));
        REQUIRE(feed->wait_for_first_load(generous));
    }
    REQUIRE(file.exists());
    database.sql("SELECT mqtt_auth.delete_client('press-7')");
    WatchedFeed feed(options_of(database, file));
    REQUIRE(feed->wait_for_first_load(generous));
    CHECK_FALSE(feed.has_client("press-7"));
    CHECK(feed.count("going on from replica file") == 0);
}

TEST_CASE("a change is written while the feed goes on", "[postgres]") {
    TestDatabase database;
    const FileName file;
    WatchedFeed feed(options_of(database, file));
    REQUIRE(feed->wait_for_first_load(generous));
    REQUIRE(eventually([&] { return file.exists(); }));
    const ReplicaFile reader(file.text(), describe_database(options_of(database, file)));
    database.sql(create("press-7"));
    CHECK(eventually([&] {
        const auto last = reader.read();
        return last && *last && (*last)->replica->find_client("press-7") != nullptr;
    }));
}

TEST_CASE("a replica file that is refused is named once, and replaced when there is a copy",
          "[postgres]") {
    TestDatabase database;
    const FileName file;
    {
        WatchedFeed feed(options_of(database, file));
        REQUIRE(feed->wait_for_first_load(generous));
    }
    std::filesystem::resize_file(file.text(), 40);
    lock_out(database);
    WatchedFeed feed(options_of(database, file));
    REQUIRE(eventually([&] { return feed.count("is not used") == 1; }));
    CHECK_FALSE(feed->wait_for_first_load(milliseconds(0)));
    database.superuser().sql("ALTER DATABASE " + database.name() + " CONNECTION LIMIT -1");
    REQUIRE(feed->wait_for_first_load(generous));
    const ReplicaFile reader(file.text(), describe_database(options_of(database, file)));
    CHECK(eventually([&] { return reader.read().has_value(); }));
    CHECK(feed.count("is not used") == 1);
}
