// AuthService: all of this library that a broker plugin sees: may it connect, may it do that.
//
//   auto service = AuthService::start({{"config", "/etc/mosquitto/pgauth.yaml"}});
//   service->log_in({.client_id = …, .username = …, .password = …, .connection = …});
//   AccessCheck check{.client_id = …, .topic = …};
//   service->check(check, connection, look_up);
//   service->disconnected(connection, client_id);
//   service->tick();
//
// Nothing here waits, but for start() (at most `replica.start_wait`), the destructor, and,
// where the broker cannot wait for an answer, the password hashes in log_in() that
// `password.blocking_budget` allows.
//
// The mistake to avoid: turning LoginOutcome::try_again into "not authorized", which firmware
// takes for final.
// Thread safety: for the thread that called start(), with one exception: log_in() and check()
// may be called from another one (the broker's HTTP API), and then answer from the records
// alone, and wait for a hash where one is needed.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "authn/login.hpp"
#include "authz/authorizer.hpp"
#include "base/logger.hpp"
#include "base/news.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/load_options.hpp"
#include "config/options.hpp"
#include "identity/certificate.hpp"
#include "service/gate.hpp"
#include "service/in_force.hpp"
#include "service/login_desk.hpp"
#include "service/recheck_window.hpp"
#include "service/scram_logins.hpp"
#include "service/session_keeper.hpp"
#include "service/shared_state.hpp"
#include "service/stored_sessions.hpp"
#include "service/unasked_connections.hpp"

namespace pgauth {

// What check() has to know of a connection that it has never heard of.
struct ConnectionDetails {
    std::optional<std::string> address;
    bool durable = false;
    std::optional<Certificate> certificate;
};

using LookUp = std::function<ConnectionDetails()>;

class AuthService {
  public:
    // Fails where the configuration is wrong. A database that cannot be reached is no failure.
    [[nodiscard]] static Result<std::unique_ptr<AuthService>> start(
        std::vector<PluginOption> plugin_options);

    ~AuthService();
    AuthService(const AuthService&) = delete;
    AuthService& operator=(const AuthService&) = delete;
    AuthService(AuthService&&) = delete;
    AuthService& operator=(AuthService&&) = delete;

    // LoginOutcome::later only for a request that can wait.
    [[nodiscard]] LoginDecision log_in(const LoginRequest& request);

    // Has `complete` answer those whose password has been checked by now. To be called after
    // tick(). A client may have gone without a word: what tells is whether the broker makes a
    // call for its connection from within `complete`, at least connected().
    using Completer = std::function<void(const std::string& client_id, bool accepted)>;
    void complete_logins(const Completer& complete);

    // Whether somebody waits for complete_logins().
    [[nodiscard]] bool has_logins_to_complete() const noexcept { return desk_.has_waiting(); }

    // The broker has let it in.
    void connected();

    // Enhanced authentication with scram_method: the client's first message and its last.
    // request.username: what the connection is called already, if anything; A
    // connection that has a session may begin again, and has it still where it proves to be the
    // same client once more. A step without decision and message: the client is out of turn,
    // and will be thrown off. REQUIRES: the broker's thread.
    [[nodiscard]] ScramStep begin_scram(const LoginRequest& request,
                                        std::string_view client_first);
    [[nodiscard]] ScramStep continue_scram(const LoginRequest& request,
                                           std::string_view client_final);

    // Whether the connection has begun to authenticate in this way, and never succeeded.
    [[nodiscard]] bool is_authenticating(const void* connection,
                                         std::string_view client_id) const;

    // The key of a TLS-PSK client, in hexadecimal digits. Where it may not come in, one that
    // nobody has: unknown and disabled identities look like wrong keys to the peer. The rest of
    // its login is judged at its first check, when its client id is known.
    [[nodiscard]] Secret pre_shared_key(std::string_view identity,
                                        std::optional<std::string_view> address,
                                        const void* connection);

    // The decision holds until the next call. `check.renamed` and `being_thrown_off` are found
    // out here (in place: to copy what was just written in smaller pieces stops a processor);
    // `look_up` is called only for a connection that has no session, or had one that ended.
    [[nodiscard]] Decision check(AccessCheck& check,
                                 const void* connection,
                                 const LookUp& look_up);

    // `client_id` none: the broker has lost it.
    void disconnected(const void* connection, std::optional<std::string_view> client_id);

    // For brokers that ask about a will after disconnected() while the certificate can still be
    // seen: what this connection publishes next, before anybody else does anything, is its
    // will.
    void expect_will(const void* connection) noexcept { unasked_.expect_will(connection); }

    // Reads the configuration again (SIGHUP); what comes of it is taken up on a later call.
    void reload();

    void tick();

    // Has `kick` throw off, by their client ids, those that are to go: some of them, so that
    // the others do not wait long. To be called after tick(), and not from within `kick`.
    using Kicker = std::function<void(const std::string& client_id)>;
    void throw_off(const Kicker& kick);

    // The same for connections that the broker let in without asking and that have no rights:
    // for brokers that can throw them off safely.
    void throw_off_unasked(const Kicker& kick);

    // The same where the broker raises no ticks: to be called after the login of `client_id`,
    // which is left alone.
    void throw_off_without_ticks(std::string_view client_id, const Kicker& kick);

    // Hands over every line that waits to be logged, from whatever thread it came. Does nothing
    // on another thread than the broker's, to which its log belongs.
    void drain_log(const std::function<void(LogLevel, const std::string&)>& write);

    // For lines from any thread, written when the log is drained.
    [[nodiscard]] Logger& log() noexcept { return log_; }

  private:
    AuthService(std::vector<PluginOption> plugin_options, Options options);

    [[nodiscard]] bool on_broker_thread() const;
    [[nodiscard]] bool is_recheck(const LoginRequest& request);
    void open_session(const LoginRequest& request, const LoginDecision& decision);
    void forget_waiting(std::string_view client_id);
    void complete_login(const LateLogin& late, const Completer& complete);
    [[nodiscard]] LoginDecision decide_late(const LateLogin& late);
    void open_completing();
    [[nodiscard]] bool is_unasked(const AccessCheck& check,
                                  const void* connection,
                                  const LookUp& look_up);
    [[nodiscard]] const Session* session_of(const LoginRequest& request) const;
    [[nodiscard]] const Session* adopt(const AccessCheck& check,
                                       const void* connection,
                                       const LookUp& look_up);
    [[nodiscard]] const Session* whose_session(AccessCheck& check,
                                               const void* connection,
                                               const LookUp& look_up);
    void log_login(const LoginRequest& request, const LoginDecision& decision);
    void log_scram(LoginRequest request, const ScramStep& step);
    void catch_up();
    void catch_up(Deadlines deadlines);
    void throw_off_but(std::optional<std::string_view> client_id, const Kicker& kick);

    const std::thread::id broker_thread_ = std::this_thread::get_id();
    NewsWatch news_;
    NewsWatch news_for_log_;
    // INVARIANT: where it is set, catch_up() finds nothing before there are news.
    bool is_up_to_date_ = false;
    std::shared_ptr<SharedState> shared_;
    Realm& realm_;
    LogQueue log_;
    InForce in_force_;
    Authorizer authorizer_;
    SessionKeeper keeper_;
    StoredSessions stored_;
    RecheckWindow recheck_window_;
    std::uint64_t closing_at_reload_ = 0;
    UnaskedConnections unasked_;
    LoginDesk desk_;  // after what is in force, to which it hands new hashes to its end

    // Of a login that the broker is being told of: opened with its first call.
    struct Completing {
        const LoginRequest& request;
        const LoginDecision& decision;
    };

    std::optional<Completing> completing_;
    ScramLogins scram_;
    bool warned_of_listener_ = false;
};

}  // namespace pgauth
