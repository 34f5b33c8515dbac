// RecheckWindow: the moment after a SIGHUP in which the broker asks for every session again.
//
//   window.open(now);                        // the reload event
//   if (window.is_open(now)) …               // a login that is the re-check of somebody
//   already in window.close();                          // the next turn of the broker's loop
//
// The broker re-checks all sessions right behind the reload, within the same turn of its loop.
// Only then do a known connection or a missing address mean "already in"; at any other time a
// connection that looks like an old one is a new one at a used address.
// Where the broker raises no ticks (2.0.11 with per_listener_settings), the window ends at the
// first access check that no disconnect explains, or when nothing was re-checked for a second.
// Thread safety: none; for the broker's thread.

#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"

namespace pgauth {

class RecheckWindow {
  public:
    static constexpr std::chrono::seconds longest_pause{1};

    void open(SteadyInstant now) {
        last_event_ = now;
        disconnects_seen_ = false;
    }

    void close() { last_event_.reset(); }

    [[nodiscard]] bool is_open(SteadyInstant now) const {
        return last_event_ && now - *last_event_ <= longest_pause;
    }

    void note_recheck(SteadyInstant now) { last_event_ = now; }

    void note_disconnect() { disconnects_seen_ = true; }

    // A client that is thrown off has its will published, and delivered: those checks belong
    // to the same turn of the loop.
    void note_access_check() {
        if (!disconnects_seen_) {
            close();
        }
    }

  private:
    std::optional<SteadyInstant> last_event_;
    bool disconnects_seen_ = false;
};

}  // namespace pgauth
