// KickQueue: whom the broker is to throw off, and why. One for all plugin instances of a
// process: client ids are the whole broker's.
//
//   kicks.add(session, LoginCause::disabled);                       // any callback
//   while (auto kick = kicks.next(sessions, nobody)) … the broker …   // on a tick
//
// Between the two the connection may have gone, and somebody else may have its client id: such
// a kick is dropped, so only the session that was meant is thrown off. So is one for a session
// that may be in again.
//
// The mistake to avoid: throwing a client off inside its own access check or login. Where the
// broker raises no ticks (2.0.11 with per_listener_settings), the login of another client is
// the time for it.
// Thread safety: none; for the broker's thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "authn/login.hpp"
#include "authz/session_table.hpp"

namespace pgauth {

struct Kick {
    std::string client_id;
    std::optional<std::string> username;
    std::uint64_t serial = 0;  // of the session that is meant
    const void* token = nullptr;
    LoginCause cause = LoginCause::thrown_off;
};

class KickQueue {
  public:
    // Commands that name many sessions wait while so many kicks do.
    static constexpr std::size_t many = 1000;

    void add(const Session& session, LoginCause cause);

    [[nodiscard]] bool has_many() const noexcept { return kicks_.size() >= many; }

    [[nodiscard]] bool empty() const noexcept { return kicks_.empty(); }

    // The next one to throw off, which begins; none where nobody is left, or where it is the
    // one with client id `but`.
    [[nodiscard]] std::optional<Kick> next(const SessionTable& sessions,
                                           std::optional<std::string_view> but);

    // Somebody is thrown off who was not queued, since no session is its.
    void begin(const void* token) noexcept { being_thrown_off_ = token; }

    // The last one has been thrown off.
    void done() noexcept { being_thrown_off_ = nullptr; }

    [[nodiscard]] bool is_being_thrown_off(const void* token) const noexcept {
        return token != nullptr && token == being_thrown_off_;
    }

    void note_tick() noexcept { has_ticks_ = true; }

    // Whether this broker raises ticks, as far as was seen.
    [[nodiscard]] bool has_ticks() const noexcept { return has_ticks_; }

  private:
    std::deque<Kick> kicks_;
    const void* being_thrown_off_ = nullptr;
    bool has_ticks_ = false;
};

}  // namespace pgauth
