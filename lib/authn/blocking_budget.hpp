// BlockingBudget: how much of the broker's time may go into hashes on its own thread, where the
// broker cannot wait for an answer (before 2.1).
//
//   if (budget.admits(expected, options.blocking_budget, now)) { … hash … budget.charge(took);
//   }
//
// It fills up by `limit` in every second, to `limit` at most. A full one (nine tenths will do)
// admits one hash of any cost, and is then in debt; else a hash must fit in what is left, and a
// quarter more. So nobody who is connected waits for longer than the limit, or one hash.
//
// Thread safety: none.

#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"

namespace pgauth {

class BlockingBudget {
  public:
    using Seconds = std::chrono::duration<double>;

    // `expected` none: nothing is known of its cost.
    [[nodiscard]] bool admits(std::optional<Seconds> expected,
                              std::chrono::milliseconds limit,
                              SteadyInstant now);

    void charge(Seconds took) { spent_ += took; }

  private:
    Seconds spent_{0};  // 0: full
    std::optional<SteadyInstant> as_of_;
};

}  // namespace pgauth
