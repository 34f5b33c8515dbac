// Durations as people write them: a whole number and a unit, `5s`.
//
//   parse_duration("500ms", {.least = 100ms, .most = 1h});   // 500 ms
//   parse_duration("5", …);   // "`5`: a duration needs a unit: 5s, 500ms, 2min, 1h, 1d"
//   to_string(90min);         // "90min"
//
// Units: ms, s, min, h, d. There is no `m`, which would be minutes to one reader and months or
// milliseconds to the next; no fractions, no sign, no space before the unit, no `1h30min`.
// Thread safety: pure.

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgauth {

// Both ends belong to it.
struct DurationRange {
    std::chrono::milliseconds least;
    std::chrono::milliseconds most;
};

// The error names `text`, what is wrong with it and what is accepted, but not the place.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                               DurationRange range);

// In the largest unit that needs no fraction: 1h, 90min, 1500ms, 0s.
[[nodiscard]] std::string to_string(std::chrono::milliseconds duration);

// `100ms to 1h`
[[nodiscard]] std::string to_string(DurationRange range);

}  // namespace pgauth
