#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <fmt/format.h>
#include <string>

#include "support/catch.hpp"
#include "support/cutting_proxy.hpp"
#include "support/watched_feed.hpp"

using namespace pgauth;
using namespace pgauth::testing;

namespace {

constexpr std::size_t at_once =
    16;  // each waits for a quarter of a second before it comes back
constexpr std::size_t rounds = 12;

// So that `rounds` rounds of `at_once` cuts are spread over `bytes`.
std::size_t stride_over(std::size_t bytes) {
    return std::max<std::size_t>(1, bytes / (at_once * rounds));
}

using Proxies = std::array<CuttingProxy, at_once>;

std::deque<WatchedFeed> feeds_through(const Proxies& proxies, const TestDatabase& database) {
    std::deque<WatchedFeed> feeds;
    for (const CuttingProxy& proxy : proxies) {
        feeds.emplace_back(DatabaseOptions{.connection = proxy.connection_to(database),
                                           .poll_interval = never});
    }
    return feeds;
}

std::size_t bytes_of_first_load(const TestDatabase& database) {
    CuttingProxy proxy;
    WatchedFeed feed({.connection = proxy.connection_to(database), .poll_interval = never});
    REQUIRE(feed->wait_for_first_load(generous));
    return proxy.passed();
}

void create_clients(TestDatabase& database, int count) {
    database.sql("SELECT mqtt_auth.create_group('presses')");
    for (int i = 0; i < count; ++i) {
        database.sql(
            fmt::format("SELECT mqtt_auth.create_client('press {0}', username => "
                        "'press {0}', secret => '{1}');"
                        "SELECT mqtt_auth.add_to_group('press {0}', 'presses');"
                        "SELECT mqtt_auth.allow('presses', 'write', 'plant/{0}')",
                        i,
                        sesame_secret));
    }
}

std::string successor(std::size_t generation) {
    return fmt::format("generation {}", generation);
}

// In one transaction: it is there, and the one before it is not.
void succeed(TestDatabase& database, std::size_t generation) {
    database.sql(
        fmt::format("BEGIN; SELECT mqtt_auth.delete_client('{}');"
                    "SELECT mqtt_auth.create_client('{}'); COMMIT",
                    successor(generation - 1),
                    successor(generation)));
}

// Fails where it shows half of a succession.
bool shows(const WatchedFeed& feed, std::size_t generation) {
    const auto replica = feed.current();
    const bool is_there = replica->find_client(successor(generation)) != nullptr;
    const bool is_gone = replica->find_client(successor(generation - 1)) == nullptr;
    REQUIRE(is_there == is_gone);
    return is_there;
}

}  // namespace

TEST_CASE("a first load that is cut anywhere is made again, and never shown in part",
          "[postgres]") {
    TestDatabase database;
    create_clients(database, 10);
    const std::size_t bytes = bytes_of_first_load(database);
    const std::size_t stride = stride_over(bytes);
    for (std::size_t first = 0; first + at_once * stride <= bytes; first += at_once * stride) {
        INFO("from byte " << first << " of " << bytes << " in steps of " << stride);
        Proxies proxies;
        for (std::size_t i = 0; i < at_once; ++i) {
            proxies.at(i).cut_after(first + i * stride);
        }
        auto feeds = feeds_through(proxies, database);
        for (WatchedFeed& feed : feeds) {
            REQUIRE(feed->wait_for_first_load(generous));
            CHECK(feed.current()->client_count() == 10);
            CHECK(feed.current()->group_count() == 1);
        }
        for (std::size_t i = 0; i < at_once; ++i) {
            CHECK(eventually([&] { return proxies.at(i).cuts() == 1; }));
            CHECK(eventually([&] { return feeds.at(i).count("connected") == 1; }));
            CHECK(feeds.at(i).count("trying again") == 1);
        }
    }
}

TEST_CASE("a change whose reading is cut anywhere is seen all the same, and whole",
          "[postgres]") {
    TestDatabase database;
    create_clients(database, 10);
    std::size_t generation = 0;
    database.sql("SELECT mqtt_auth.create_client('" + successor(generation) + "')");
    Proxies proxies;
    auto feeds = feeds_through(proxies, database);
    for (WatchedFeed& feed : feeds) {
        REQUIRE(feed->wait_for_first_load(generous));
    }
    const auto succeeds_everywhere = [&] {
        succeed(database, ++generation);
        for (const WatchedFeed& feed : feeds) {
            REQUIRE(eventually([&] { return shows(feed, generation); }));
        }
    };
    const std::size_t before = proxies.front().passed();
    succeeds_everywhere();
    const std::size_t bytes = proxies.front().passed() - before;

    const std::size_t stride = stride_over(bytes);
    for (std::size_t first = 0; first + at_once * stride <= bytes; first += at_once * stride) {
        INFO("from byte " << first << " of " << bytes << " in steps of " << stride);
        for (std::size_t i = 0; i < at_once; ++i) {
            proxies.at(i).cut_after(first + i * stride);
        }
        succeeds_everywhere();
        for (CuttingProxy& proxy : proxies) {
            proxy.cut_no_more();
        }
        succeeds_everywhere();
    }
    int cuts = 0;
    for (const CuttingProxy& proxy : proxies) {
        cuts += proxy.cuts();
    }
    CHECK(cuts > static_cast<int>(bytes / stride / 2));
    for (WatchedFeed& feed : feeds) {
        CHECK(feed.current()->client_count() == 11);
    }
}
