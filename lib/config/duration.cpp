#include "config/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>

#include "config/text.hpp"

namespace pgauth {

namespace {

using std::chrono::milliseconds;

struct Unit {
    std::string_view name;
    milliseconds length;
};

constexpr std::array units{
    Unit{"d", std::chrono::days(1)},
    Unit{"h", std::chrono::hours(1)},
    Unit{"min", std::chrono::minutes(1)},
    Unit{"s", std::chrono::seconds(1)},
    Unit{"ms", milliseconds(1)},
};

constexpr std::string_view examples = "5s, 500ms, 2min, 1h, 1d";

const Unit* find_unit(std::string_view name) {
    for (const Unit& unit : units) {
        if (unit.name == name) {
            return &unit;
        }
    }
    return nullptr;
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text, DurationRange range) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{} is not a duration: use {}", shown(text), examples));
    }
    if (digits == text.size()) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: a duration needs a unit: {}", shown(text), examples));
    }
    const Unit* unit = find_unit(text.substr(digits));
    if (unit == nullptr) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{} is not a duration: use {}", shown(text), examples));
    }
    std::int64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + digits, count);
    // The first two keep the product from overflowing.
    if (failure != std::errc{} || count > range.most / unit->length ||
        count * unit->length < range.least) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{} is out of range: use {}", shown(text), to_string(range)));
    }
    return count * unit->length;
}

std::string to_string(milliseconds duration) {
    if (duration == milliseconds(0)) {
        return "0s";
    }
    for (const Unit& unit : units) {
        if (duration % unit.length == milliseconds(0)) {
            return fmt::format("{}{}", duration / unit.length, unit.name);
        }
    }
    return fmt::format("{}ms", duration.count());
}

std::string to_string(DurationRange range) {
    return fmt::format("{} to {}", to_string(range.least), to_string(range.most));
}

}  // namespace pgauth
