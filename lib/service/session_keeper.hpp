// SessionKeeper: keeps the sessions that one plugin instance opened true to the newest replica
// (DESIGN 3.4), and throws off whom mqtt_auth.disconnect() names.
//
//   SessionKeeper keeper(sessions, authorizer, kicks);
//   keeper.note(journal.read(cursor));                   // something has changed
//   keeper.work(circumstances, Deadlines::look);         // on every callback
//
// With `apply_changes: immediately` the sessions of changed clients are judged again: groups
// and rights are worked out anew in place, and who could not log in again is cut: it has no
// rights from that moment on, and a kick is queued. A window that runs out is a deadline of the
// session and needs no change in the tables. With `reconnect` only disconnect() acts, and takes
// no rights away: the client may be back at once.
//
// What one change costs is what its own sessions cost. Where any session may have changed, all
// are gone through, in slices: no longer than `slice` at a time, and with nine times as long a
// pause after each.
//
// The mistake to avoid: calling work() with a session at hand, whose rights it may exchange.
// Thread safety: none; for the broker's thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authz/authorizer.hpp"
#include "authz/group_set.hpp"
#include "authz/session_table.hpp"
#include "base/clock.hpp"
#include "service/kick_queue.hpp"
#include "sync/change_journal.hpp"

namespace pgauth {

// Whether windows that run out are looked for, which needs the time of day.
enum class Deadlines : std::uint8_t { look, skip };

class SessionKeeper {
  public:
    static constexpr std::chrono::milliseconds slice{5};

    SessionKeeper(SessionTable& sessions, Authorizer& authorizer, KickQueue& kicks)
        : sessions_(sessions), authorizer_(authorizer), kicks_(kicks) {}

    // Where memory runs out, as note_everything(), and what is to be disconnected stays.
    void note(Changes changes) noexcept;

    // Any session may have changed: the options have, or the database is another one.
    void note_everything() noexcept;

    // Makes `session`, not opened yet, one of this keeper.
    void take_over(Session& session, const AuthzOptions& options, Instant now) const;

    // Whether there is anything to be done, deadlines apart.
    [[nodiscard]] bool has_work() const noexcept;

    // Does some of what is to be done, or nothing while it pauses.
    // REQUIRES: circumstances.replica is as new as what was noted.
    void work(const Circumstances& circumstances, Deadlines deadlines) noexcept;

    // Does the next bit of it. False: nothing is left.
    bool step(const Circumstances& circumstances, Instant now);

  private:
    // mqtt_auth.disconnect(), as far as it has come.
    struct Command {
        Disconnect whom;
        std::uint64_t last = 0;  // whoever came later is not meant
        std::uint64_t serial = 0;
        // A group's sets, those that are left; none: not looked up yet.
        std::optional<std::vector<std::shared_ptr<const GroupSet>>> sets = std::nullopt;
    };

    void look_at_changed(const Circumstances& circumstances, Instant now);
    void carry_out(const Circumstances& circumstances);
    [[nodiscard]] Session* next_named(Command& command, const Circumstances& circumstances);
    void look_at_next_of_all(const Circumstances& circumstances, Instant now);
    void look_at(Session& session, const Circumstances& circumstances, Instant now);
    void forget_changes() noexcept;

    SessionTable& sessions_;
    Authorizer& authorizer_;
    KickQueue& kicks_;

    std::deque<std::string> changed_;   // usernames
    std::uint64_t changed_serial_ = 0;  // of the first of them: how far it has come
    std::deque<Command> commands_;

    // Going through all sessions: where it is, and whether it has to start again after that.
    struct Round {
        std::string username;
        std::uint64_t serial = 0;
    };

    std::optional<Round> round_;
    bool round_is_due_ = false;

    SteadyInstant resume_at_{};
};

}  // namespace pgauth
