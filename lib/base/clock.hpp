// The two clocks. Instant: a point in calendar time, to compare with valid_from and
// valid_until. SteadyInstant: for measuring how long something takes or has been; never jumps.
//
// Functions that depend on the time take it as an argument, so that tests choose it; only
// service/ and sync/ ask what time it is.

#pragma once

#include <chrono>

namespace pgauth {

using Instant = std::chrono::system_clock::time_point;
using SteadyInstant = std::chrono::steady_clock::time_point;

}  // namespace pgauth
