// Window: the time in which a client or a credential is valid (`valid_from`, `valid_until`).
//
//   Window{.from = opens, .until = nullopt}.contains(now)
//
// Half open: valid at `from`, no longer valid at `until`. An end that is not set is unlimited.
// Thread safety: a value.

#pragma once

#include <optional>

#include "base/clock.hpp"

namespace pgauth {

struct Window {
    std::optional<Instant> from;
    std::optional<Instant> until;

    [[nodiscard]] bool contains(Instant now) const noexcept {
        return (!from || *from <= now) && (!until || now < *until);
    }

    bool operator==(const Window&) const = default;
};

}  // namespace pgauth
