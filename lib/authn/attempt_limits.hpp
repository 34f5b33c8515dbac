// AttemptLimits: how often somebody may be wrong, asked before anything is hashed.
//
//   if (!limits.take(attempt, options, now)) … turned away …
//   limits.note(attempt, PasswordCheck::wrong, options, now);       // once it is known
//
// Three token buckets. Each wrong password takes a token from all of them, which comes back
// after `back_off`; whenever a bucket runs dry, `back_off` doubles for it, up to an hour, until
// it has been full again.
//
//   a username from an address        per_client         a device with a wrong password
//   a username from anywhere          10 × per_client    guesses at one client, spread out
//   an address, whatever usernames    per_address        one host that tries many clients
//
// Where a username has succeeded from an address, only the first counts there: so nobody who
// guesses at a username locks its owner out, and no bad device locks out its neighbours behind
// the same address. A device that has run out does not reach the bucket of its address any
// more, so it alone cannot empty that one. What is remembered is answered without asking here.
// An IPv6 address counts with its /64, which is what one site has.
//
// The mistake to avoid: telling somebody "not authorized" for being too early.
// Thread safety: none.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "authn/password_options.hpp"
#include "authn/password_question.hpp"
#include "base/clock.hpp"
#include "base/keyed_mac.hpp"
#include "base/recent_map.hpp"
#include "policy/network.hpp"

namespace pgauth {

struct Attempt {
    std::string_view username;
    std::optional<IpAddress> address;
};

class AttemptLimits {
  public:
    // Buckets of each kind. Some 70 bytes each.
    static constexpr std::size_t most = 100'000;

    // False where it has to wait. What is taken comes back with note() of another verdict than
    // wrong.
    [[nodiscard]] bool take(const Attempt& attempt,
                            const AttemptOptions& options,
                            SteadyInstant now);

    void note(const Attempt& attempt,
              PasswordCheck::Verdict verdict,
              const AttemptOptions& options,
              SteadyInstant now);

    // How many buckets and successes are kept.
    [[nodiscard]] std::size_t size() const noexcept {
        return pairs_.size() + usernames_.size() + addresses_.size() + succeeded_.size();
    }

  private:
    struct Bucket {
        double taken = 0;
        unsigned times_dry = 0;
        SteadyInstant as_of;

        void refill(const AttemptOptions& options, SteadyInstant now);
        void take(double capacity);
        void give_back();

        [[nodiscard]] bool has_one(double capacity) const { return taken + 1 <= capacity; }
    };

    struct Keys {
        std::uint64_t pair;
        std::uint64_t username;
        std::uint64_t address;
    };

    [[nodiscard]] Keys keys_of(const Attempt& attempt) const;

    KeyedMac mac_;
    RecentMap<Bucket> pairs_{most};
    RecentMap<Bucket> usernames_{most};
    RecentMap<Bucket> addresses_{most};
    RecentMap<char> succeeded_{1'000'000};  // pairs
};

}  // namespace pgauth
