// ScramLogins: the logins by SCRAM that are under way, between their first message and their
// last (MQTT 5.0, 4.12: enhanced authentication).
//
//   ScramLogins logins(shared->scram_decoy());
//   ScramStep step = logins.begin(view, request, client_first, now);
//   if (!step.decision) … send step.message, wait for the client …
//   step = logins.conclude(view, request, realm, holder, client_final, now, checks);
//   … step.decision, always …
//
// The first message is answered in the same way whoever sends it; whether the client may come
// in is judged at the end, by the rules for any login and by the tables of that moment. A proof
// stands for a password there. Whoever fails to make one is refused, also where a certificate
// alone would have done: it can hardly be told that it has succeeded.
//
// How many there are is bounded, and how long: past max_pending the oldest is forgotten, rather
// than the newest turned away, which would let a thousand idle connections lock out the rest.
// That a connection authenticates in this way is remembered as long as it lasts, until
// forget().
//
// The mistake to avoid: using the address of a connection after it has ended.
// Standard: MQTT 5.0, 3.15 and 4.12; RFC 5802.
// Thread safety: none; for the broker's thread.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "authn/login.hpp"
#include "authn/password_checks.hpp"
#include "authn/scram_offer.hpp"
#include "base/clock.hpp"
#include "password/scram_conversation.hpp"
#include "password/scram_decoy.hpp"
#include "service/gate.hpp"

namespace pgauth {

// The Authentication Method of MQTT 5.0, as it is registered for SASL.
inline constexpr std::string_view scram_method = "SCRAM-SHA-256";

struct ScramStep {
    std::optional<LoginDecision> decision;  // none: the client is to answer `message`
    std::string message;                    // also of a login that is accepted
    std::string username = {};              // in the client's messages; empty where unreadable
};

class ScramLogins {
  public:
    static constexpr std::size_t max_pending = 1000;
    static constexpr std::chrono::seconds patience{10};

    // `decoy`: outlives this.
    explicit ScramLogins(const ScramDecoy& decoy) : decoy_(&decoy) {}

    // `request.username`: what the connection is called already, if anything.
    [[nodiscard]] ScramStep begin(const View& view,
                                  const LoginRequest& request,
                                  std::string_view client_first,
                                  SteadyInstant now);

    // Has a decision. `realm`, `holder`: as for judge(). `checks`: whose limits count for those
    // who prove nothing.
    [[nodiscard]] ScramStep conclude(const View& view,
                                     const LoginRequest& request,
                                     const void* realm,
                                     const Session* holder,
                                     std::string_view client_final,
                                     SteadyInstant now,
                                     PasswordChecks& checks);

    // Whether conclude() has something to conclude.
    [[nodiscard]] bool is_pending(const void* connection, SteadyInstant now) const;

    // Whether the connection has begun one, however long ago.
    [[nodiscard]] bool has_begun(const void* connection) const;

    // Whether it has, and was never accepted.
    [[nodiscard]] bool has_not_succeeded(const void* connection) const;

    // The connection has ended or is another one, or it logs in in another way.
    void forget(const void* connection);

  private:
    struct Pending {
        std::uint64_t serial = 0;
        SteadyInstant begun;
        std::string client_id;
        std::string username;
        ScramChallenge challenge;
        ScramOffer offer;
    };

    struct Connection {
        std::optional<Pending> pending;
        bool succeeded = false;
    };

    [[nodiscard]] Connection* oldest();
    void drop(Connection& connection);
    void remember(const void* connection, Pending pending);
    void forget_oldest(SteadyInstant now);

    const ScramDecoy* decoy_;
    std::unordered_map<const void*, Connection> connections_;
    // Oldest first, and some that are concluded.
    std::deque<std::pair<const void*, std::uint64_t>> order_;
    std::size_t pending_ = 0;  // INVARIANT: how many of connections_ have one
    std::uint64_t last_serial_ = 0;
};

}  // namespace pgauth
