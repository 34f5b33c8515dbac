#include "config/duration.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"

using pgauth::parse_duration;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST_CASE("a duration is a whole number and a unit", "[config]") {
    struct Row {
        std::string text;
        milliseconds duration;
    };

    const std::vector<Row> rows{
        {"0ms", 0ms},
        {"500ms", 500ms},
        {"5s", 5s},
        {"007s", 7s},
        {"2min", 2min},
        {"1h", 1h},
        {"36500d", std::chrono::days(36500)},
    };
    for (const Row& row : rows) {
        const auto parsed = parse_duration(row.text, {0ms, std::chrono::days(36500)});
        CAPTURE(row.text);
        REQUIRE(parsed);
        CHECK(*parsed == row.duration);
    }
}

TEST_CASE("what is not a duration within the range is refused", "[config]") {
    struct Row {
        std::string text;
        std::string error;
    };

    const std::string not_one = " is not a duration: use 5s, 500ms, 2min, 1h, 1d";
    const std::string out_of_range = " is out of range: use 1s to 90min";
    const std::vector<Row> rows{
        {"", "``" + not_one},
        {"s", "`s`" + not_one},
        {"-5s", "`-5s`" + not_one},
        {"+5s", "`+5s`" + not_one},
        {"1.5s", "`1.5s`" + not_one},
        {"5 s", "`5 s`" + not_one},
        {"5S", "`5S`" + not_one},
        {"5m", "`5m`" + not_one},
        {"1h30min", "`1h30min`" + not_one},
        {"0x5s", "`0x5s`" + not_one},
        {"0", "`0`: a duration needs a unit: 5s, 500ms, 2min, 1h, 1d"},
        {"999ms", "`999ms`" + out_of_range},
        {"5400001ms", "`5400001ms`" + out_of_range},
        {"91min", "`91min`" + out_of_range},
        {"9223372036854775807d", "`9223372036854775807d`" + out_of_range},
        {"99999999999999999999s", "`99999999999999999999s`" + out_of_range},
    };
    for (const Row& row : rows) {
        const auto parsed = parse_duration(row.text, {1s, 90min});
        CHECK((parsed ? "no error" : parsed.error().message) == row.error);
    }
}

TEST_CASE("a duration is written in the largest unit that fits", "[config]") {
    CHECK(pgauth::to_string(milliseconds(0)) == "0s");
    CHECK(pgauth::to_string(1500ms) == "1500ms");
    CHECK(pgauth::to_string(90min) == "90min");
    CHECK(pgauth::to_string(48h) == "2d");
}
