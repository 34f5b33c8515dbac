// Interruption: Ctrl-C and SIGTERM ask to stop, and end nothing by themselves, while there is
// something to clean up.
//
//   const Interruption interruption;
//   while (!done) {
//       if (Interruption::is_wanted()) return interrupted();
//       … wait a little …
//   }
//
// The mistake to avoid: a wait without an end while one lives: nobody could stop it.
// Thread safety: one at a time, in the main thread.

#pragma once

#include <array>
#include <csignal>

#include "base/result.hpp"

namespace pgauth::tool {

class Interruption {
  public:
    // SIGPIPE is ignored meanwhile: a broker that ends early is an Error, not our end.
    Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    Interruption(Interruption&&) = delete;
    Interruption& operator=(Interruption&&) = delete;
    ~Interruption();

    [[nodiscard]] static bool is_wanted() noexcept;

  private:
    static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP, SIGPIPE};

    std::array<struct sigaction, signals.size()> before_{};
};

[[nodiscard]] tl::unexpected<Error> interrupted();

}  // namespace pgauth::tool
