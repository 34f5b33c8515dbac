// Session: what is remembered of one accepted connection. SessionTable: all of them.
//
//   table.open({.client_id = "press-7-a", .username = "press-7", .token = connection, …});
//   if (const Session* session = table.find(…)) session->rights.decide(…);
//   table.close(connection, "press-7-a");
//
// The client id is the broker's key, but several connections can wear one id for a moment: a
// refused login raises a disconnect under the id of the live session that it tried to be, and a
// will is checked after its connection has gone or has been replaced. So a session is found by
// its client id, and the token (the broker's pointer) only tells one connection from another.
//
// The mistake to avoid: taking a session for that of its token alone. The broker makes up
// connections on its stack, and uses the addresses of old ones again: a token only says where
// to look first, and everything is compared.
//
// Closed sessions stay: durable ones because messages are queued for them, the rest for their
// wills; both bounded, oldest first out.
//
// The sessions of one username, of one set of groups, and those whose time is next are found
// without looking at the others. Their order is that of their opening: who comes in while
// somebody goes through them is not met, or met last.
// Thread safety: none; for the broker's thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "authn/admission.hpp"
#include "authz/rights.hpp"
#include "authz/session_index.hpp"
#include "base/clock.hpp"
#include "base/text_hash.hpp"

namespace pgauth {

// What each access check looks at stands first: it is read from memory as few lines.
struct Session {
    const void* realm = nullptr;  // whose clients: usernames of two databases differ
    const void* token = nullptr;  // the broker's connection; never dereferenced
    bool connected = true;
    bool replaced = false;  // under its client id, and its connection has not ended yet
    bool durable = false;   // the broker may keep it after the connection ends
    // Why it may not be in any more; it has no rights until it is thrown off.
    std::optional<LoginCause> cut = std::nullopt;
    std::optional<std::string> username = std::nullopt;  // none: nameless
    Rights rights;

    std::string client_id;
    std::uint64_t serial = 0;         // SessionTable's: tells sessions apart, in their order
    std::uint64_t closed_serial = 0;  // SessionTable's: tells its closings apart
    const void* keeper = nullptr;     // who opened it and keeps it true; never dereferenced
    std::shared_ptr<const Admission> admission;
    std::optional<Instant> deadline;  // when to look at it again, whatever the tables say
};

// Nameless sessions are those of the empty username.
[[nodiscard]] std::string_view username_or_empty(const Session& session) noexcept;

// None: before all others.
[[nodiscard]] std::tuple<const void*, Instant> due_at(const Session& session) noexcept;

[[nodiscard]] const GroupSet* group_set_of(const Session& session) noexcept;

class SessionTable {
  public:
    // Past these, the sessions that closed first are forgotten.
    static constexpr std::size_t max_closed_durable = 1'000'000;
    static constexpr std::size_t max_departed = 500;

    // Puts `session` in the place of whatever had its client id.
    void open(Session session);

    // Puts in a closed durable session of before this process. Null where its client id has a
    // session already.
    const Session* restore(Session session);

    // Marks the connection closed. `client_id` may be missing where the broker has lost it.
    // Does nothing where the token is not that of the session with this client id.
    void close(const void* token, std::optional<std::string_view> client_id);

    // Whose session a check belongs to: that of this very connection, also just after it has
    // gone or has been replaced; else that of this client id and username, on behalf of which
    // the broker asks through a connection that it made up. Null where there is none.
    // `username` none: the broker does not say, or nameless.
    [[nodiscard]] const Session* find(const void* realm,
                                      std::string_view client_id,
                                      const void* token,
                                      std::optional<std::string_view> username) const;

    // True if this very connection logged in under this client id, whatever its username now.
    [[nodiscard]] bool logged_in(std::string_view client_id, const void* token) const;

    // True if this very connection has a session of this client id and has not ended: it may
    // have been replaced.
    [[nodiscard]] bool is_there(std::string_view client_id, const void* token) const;

    // The session with this client id, if it is connected.
    [[nodiscard]] const Session* find_connected(std::string_view client_id) const;

    // The closed_serial of the durable session that closed last.
    [[nodiscard]] std::uint64_t last_closing() const noexcept { return last_serial_; }

    [[nodiscard]] std::size_t size() const noexcept { return current_.size(); }

    // The serial of the session that was opened last.
    [[nodiscard]] std::uint64_t last_opening() const noexcept { return last_opened_; }

    // To go through sessions, connected and closed ones. The next one in the order of usernames
    // and serials; it may be of another username. Null after the last.
    [[nodiscard]] Session* next(std::string_view username, std::uint64_t serial) const {
        return by_username_.after(username, serial);
    }

    // The next one that has this set of groups; null after the last.
    [[nodiscard]] Session* next_of(const GroupSet& groups, std::uint64_t serial) const;

    // The one of this keeper whose deadline is or was first, if it is not after `now`.
    [[nodiscard]] Session* first_due(const void* keeper, Instant now) const;

    // REQUIRES, both: `session` is one of those that next() gives.
    void set_rights(Session& session, Rights rights) noexcept;
    void set_deadline(Session& session, std::optional<Instant> deadline);

  private:
    [[nodiscard]] static std::size_t hint_of(const void* token) noexcept;

    void put_in_order(Session& session);
    void take_out_of_order(Session& session) noexcept;
    void depart(Session& session);
    void forget_oldest_closed();

    // Where the session of a token was found lately: who asks, asks again. INVARIANT: what is
    // there is in current_, and has a token of this place.
    static constexpr std::size_t hint_places = 1024;
    mutable std::array<const Session*, hint_places> lately_ = {};

    // INVARIANT: connected_ has the client id of every connected session, by its token;
    // closed_ has, oldest first, every closed session of current_, and some that are no more.
    std::unordered_map<std::string, Session, TextHash, std::equal_to<>> current_;
    std::unordered_map<const void*, std::string> connected_;

    struct Closed {
        std::string client_id;
        std::uint64_t serial;
    };

    std::deque<Closed> closed_;
    std::uint64_t last_serial_ = 0;

    // Replaced, or not durable and closed. Looked through by their tokens, for checks that the
    // broker makes on behalf of somebody, so those lie together.
    struct Departed {
        const void* token;  // the session's
        std::unique_ptr<Session> session;
    };

    std::deque<Departed> departed_;

    // INVARIANT: the first two have all of current_; the third has those with a deadline.
    std::uint64_t last_opened_ = 0;
    SessionIndex<&username_or_empty> by_username_;
    SessionIndex<&group_set_of> by_groups_;
    SessionIndex<&due_at> by_deadline_;
};

}  // namespace pgauth
