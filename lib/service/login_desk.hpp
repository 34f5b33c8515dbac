// LoginDesk: logins whose password has to be checked, from the question to the answer.
//
//   LoginDecision decision = desk.decide(view, request, &realm, holder);
//   if (decision.outcome == LoginOutcome::later) …         // on a later call:
//   for (const LateLogin& late : desk.take_late()) …       // who may be answered now
//
// What is known is answered at once. Else a hash has to be made: where the broker can wait for
// an answer, by the verifiers; where it cannot, on its own thread as long as the budget for
// that lasts, and past it by the verifiers again, while the client is sent away and finds the
// verdict when it comes back.
//
// A late answer is for a client id, as the broker has it, but only for the connection that
// asked last under it: a new login makes what an older one waits for void.
//
// The mistake to avoid: acting on what was true when the login began. Everything but the
// password is judged anew when it is answered.
// Thread safety: decide_here() may be called from any thread; the rest is for the broker's.

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "authn/blocking_budget.hpp"
#include "authn/password_checks.hpp"
#include "base/clock.hpp"
#include "service/gate.hpp"

namespace pgauth {

// A login that waited for its verdict. Its own copy of what was shown.
class LateLogin {
  public:
    explicit LateLogin(const LoginRequest& request);

    [[nodiscard]] const std::string& client_id() const noexcept { return client_id_; }

    // With the password where it has been checked.
    [[nodiscard]] LoginRequest request() const;

    // None where the time was over before its password was checked.
    [[nodiscard]] const std::optional<PasswordCheck>& check() const noexcept { return check_; }

    // What is now known of the secrets of `screening`; not_computed where they are others than
    // those that were checked.
    [[nodiscard]] PasswordCheck check_of(const Screening& screening) const;

  private:
    friend class LoginDesk;

    std::string client_id_;
    std::optional<std::string> username_;
    std::optional<std::string> address_;
    const void* connection_ = nullptr;
    bool durable_ = false;
    std::optional<Certificate> certificate_;

    std::uint64_t attempt_ = 0;
    // Once it was checked.
    std::vector<std::string> secrets_;
    Secret password_;
    std::optional<PasswordCheck> check_;
};

class LoginDesk {
  public:
    // From the login to the answer, several times as long as anybody should wait for a hash:
    // what is answered then is "not authorized". The broker keeps the client id to itself
    // meanwhile.
    static constexpr std::chrono::seconds longest_wait{10};

    // `write_swap`: see PasswordChecks.
    // REQUIRES: `budget` outlives it.
    LoginDesk(const PasswordOptions& options,
              BlockingBudget& budget,
              PasswordChecks::SwapWriter write_swap = {})
        : checks_(options, std::move(write_swap)), budget_(budget) {}

    void set(const PasswordOptions& options) { checks_.set(options); }

    // REQUIRES: no desk of this process has anybody waiting under the client id.
    [[nodiscard]] LoginDecision decide(const View& view,
                                       const LoginRequest& request,
                                       const void* realm,
                                       const Session* holder);

    // Nobody waits under this client id any more.
    void forget(std::string_view client_id);

    // For whoever may wait for a hash.
    [[nodiscard]] LoginDecision decide_here(const View& view,
                                            const LoginRequest& request,
                                            const void* realm);

    // Logins that can be answered, some at a time, so that the others do not wait long.
    [[nodiscard]] std::vector<LateLogin> take_late();

    // For logins that prove a password in another way.
    [[nodiscard]] PasswordChecks& checks() noexcept { return checks_; }

    [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }

  private:
    [[nodiscard]] LoginDecision wait_for(const LoginRequest& request,
                                         const Screening& screening,
                                         PasswordQuestion question);
    [[nodiscard]] LoginDecision check_or_send_away(const View& view,
                                                   const Screening& screening,
                                                   PasswordQuestion question);

    // One of those that wait, if it still does.
    struct Ticket {
        std::string client_id;
        std::uint64_t attempt = 0;
    };

    void note_finished();
    [[nodiscard]] LateLogin* find(const Ticket& ticket);

    PasswordChecks checks_;
    BlockingBudget& budget_;
    std::uint64_t last_attempt_ = 0;
    std::map<std::string, LateLogin, std::less<>> waiting_;  // by client id
    std::unordered_multimap<std::uint64_t, Ticket> asked_;   // by the number of their question
    std::deque<std::pair<SteadyInstant, Ticket>> deadlines_;
    std::deque<Ticket> checked_;
};

}  // namespace pgauth
