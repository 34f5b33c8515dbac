#include "base/recent_map.hpp"

#include <random>

#include "support/catch.hpp"

using namespace pgauth;

TEST_CASE("a recent map keeps what is used, and no more than it may", "[base]") {
    constexpr std::size_t capacity = 10'000;
    RecentMap<int> map(capacity);
    std::mt19937_64 random(1);
    const std::uint64_t kept = random();
    map.at(kept) = 7;
    const std::uint64_t unused = random();
    map.at(unused) = 8;
    for (std::size_t i = 0; i < 10 * capacity; ++i) {
        map.at(random()) = 1;
        REQUIRE(map.find(kept) != nullptr);
        // Each of its shards may have one more in each generation.
        REQUIRE(map.size() <= capacity + 128);
    }
    CHECK(*map.find(kept) == 7);
    CHECK(map.find(unused) == nullptr);
    CHECK(map.size() >= capacity / 2);
}

TEST_CASE("what is erased from a recent map is gone from both generations", "[base]") {
    RecentMap<int> map(128);
    for (const std::uint64_t key : {0U, 64U, 128U}) {
        map.at(key) = 1;  // of one shard, whose young generation holds two
    }
    for (const std::uint64_t key : {0U, 64U, 128U}) {
        CHECK(map.find(key) != nullptr);
        map.erase(key);
        CHECK(map.find(key) == nullptr);
    }
    CHECK(map.size() == 0);
}
