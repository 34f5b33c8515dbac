#include "authn/blocking_budget.hpp"

#include <algorithm>

namespace pgauth {

bool BlockingBudget::admits(std::optional<Seconds> expected,
                            std::chrono::milliseconds limit,
                            SteadyInstant now) {
    const double share = Seconds(limit) / Seconds(1);
    spent_ = std::max(Seconds(0), spent_ - share * Seconds(now - as_of_.value_or(now)));
    as_of_ = now;
    if (limit.count() == 0) {
        return false;
    }
    constexpr double as_good_as_full = 0.1;
    constexpr double when_busy = 1.25;  // a hash takes longer where others want the processor
    return spent_ <= as_good_as_full * Seconds(limit) ||
           (expected && spent_ + when_busy * *expected <= Seconds(limit));
}

}  // namespace pgauth
