#include "base/keyed_mac.hpp"

#include <set>
#include <string>

#include "base/thread.hpp"
#include "support/catch.hpp"

using namespace pgauth;

TEST_CASE("the same parts have the same tag, and nothing else has", "[mac]") {
    const KeyedMac mac;
    CHECK(mac({"a", "b-c"}) == mac({"a", "b-c"}));
    CHECK_FALSE(mac({"a", "b-c"}) == mac({"a-b", "c"}));
    CHECK_FALSE(mac({"a", ""}) == mac({"a"}));
    CHECK_FALSE(mac({""}) == mac({}));
    CHECK_FALSE(mac({"a"}) == mac({"b"}));
    CHECK_FALSE(mac({std::string(1000, 'x')}) == mac({std::string(1001, 'x')}));
    CHECK(mac({"a"}).first != mac({"a"}).second);
}

TEST_CASE("each has a key of its own", "[mac]") {
    std::set<std::uint64_t> tags;
    for (int i = 0; i < 20; ++i) {
        const KeyedMac mac;
        tags.insert(mac({"a"}).first);
    }
    CHECK(tags.size() == 20);
}

TEST_CASE("two threads may use one at once", "[mac]") {
    const KeyedMac mac;
    const KeyedMac::Tag expected = mac({"a", "b"});
    const auto is_always_the_same = [&] {
        bool is_same = true;
        for (int i = 0; i < 1000; ++i) {
            is_same = is_same && mac({"a", "b"}) == expected;
        }
        return is_same;
    };
    bool is_same_there = false;
    std::thread thread =
        start_thread("pgauth-test", {}, [&] { is_same_there = is_always_the_same(); });
    CHECK(is_always_the_same());
    thread.join();
    CHECK(is_same_there);
}
