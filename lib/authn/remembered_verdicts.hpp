// RememberedVerdicts: passwords that were checked lately, so that a device that comes back, and
// one that is wrong every second, cost microseconds.
//
//   if (const auto check = verdicts.recall(question, now, until)) …  // every secret is known
//   verdicts.remember(question, check, until);                       // it had to be hashed
//
// What is remembered is a KeyedMac of username, secret and password: it gives none of them
// back, holds for this very secret of this very client only, and is worth nothing to another
// process. A secret that was replaced is another one, so its verdicts are out of reach at once.
// Right ones and wrong ones are kept apart: no flood of guesses makes a good password
// forgotten.
//
// The mistake to avoid: letting anybody in for a verdict. It says what a hash would say; all
// other rules are judged at each login.
// Thread safety: none.

#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "authn/password_question.hpp"
#include "base/clock.hpp"
#include "base/keyed_mac.hpp"
#include "base/recent_map.hpp"

namespace pgauth {

class RememberedVerdicts {
  public:
    // Some 50 bytes each.
    static constexpr std::size_t most_right = 1'000'000;
    static constexpr std::size_t most_wrong = 100'000;

    // None where a hash has to be made. A right one is then remembered `until`: for as long as
    // its device comes back.
    // REQUIRES: there is a secret.
    [[nodiscard]] std::optional<PasswordCheck> recall(const PasswordQuestion& question,
                                                      SteadyInstant now,
                                                      SteadyInstant until);

    // `check` is that of the whole question: of a right one, secrets before the fitting one
    // were wrong. What was not computed is not remembered.
    void remember(const PasswordQuestion& question, PasswordCheck check, SteadyInstant until);

  private:
    struct Remembered {
        std::uint64_t second = 0;  // of the tag, whose first half is the key
        SteadyInstant until;
    };

    using Verdicts = RecentMap<Remembered>;

    [[nodiscard]] static Remembered* find(Verdicts& verdicts,
                                          const KeyedMac::Tag& tag,
                                          SteadyInstant now);
    [[nodiscard]] KeyedMac::Tag tag_of(const PasswordQuestion& question,
                                       const std::string& secret) const;

    KeyedMac mac_;
    Verdicts right_{most_right};
    Verdicts wrong_{most_wrong};
};

}  // namespace pgauth
