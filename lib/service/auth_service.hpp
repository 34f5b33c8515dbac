// AuthService: all of this library that a broker plugin sees: may it connect, may it do that.
//
//   auto service = AuthService::start({{"config", "/etc/mosquitto/pgauth.yaml"}});
//   service->log_in({.client_id = …, .username = …, .password = …, .connection = …});
//   service->check({.client_id = …, .topic = …}, connection);
//   service->disconnected(connection, client_id);
//   service->tick();
//
// Nothing here waits, but for start() (at most `replica.start_wait`), the destructor, and the
// password hash in log_in().
//
// The mistake to avoid: turning LoginOutcome::try_again into "not authorized", which firmware
// takes for final.
// Thread safety: for the thread that called start(), with one exception: log_in() and check()
// may be called from another one (the broker's HTTP API), and then answer from the records
// alone.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "authn/login.hpp"
#include "authz/authorizer.hpp"
#include "base/logger.hpp"
#include "base/result.hpp"
#include "config/load_options.hpp"
#include "config/options.hpp"
#include "service/config_reloader.hpp"
#include "service/recheck_window.hpp"
#include "service/shared_state.hpp"

namespace pgauth {

struct LoginRequest {
    std::string_view client_id;
    std::optional<std::string_view> username;
    std::optional<std::string_view> password;
    std::optional<std::string_view> address;  // none: the broker made this connection up
    const void* connection = nullptr;         // the broker's; tells connections apart
    bool durable = false;                     // its session may outlive the connection
};

class AuthService {
  public:
    // Fails where the configuration is wrong. A database that cannot be reached is no failure.
    [[nodiscard]] static Result<std::unique_ptr<AuthService>> start(
        std::vector<PluginOption> plugin_options);

    [[nodiscard]] LoginDecision log_in(const LoginRequest& request);

    // The decision holds until the next call. `check.renamed` is found out here.
    [[nodiscard]] Decision check(AccessCheck check, const void* connection);

    // `client_id` none: the broker has lost it.
    void disconnected(const void* connection, std::optional<std::string_view> client_id);

    // Reads the configuration again (SIGHUP); what comes of it is taken up on a later call.
    void reload();

    void tick();

    // Hands over every line that waits to be logged, from whatever thread it came. On another
    // thread than the broker's it does nothing, since `write` is for that one.
    void drain_log(const std::function<void(LogLevel, const std::string&)>& write);

  private:
    AuthService(std::vector<PluginOption> plugin_options, Options options);

    [[nodiscard]] Circumstances circumstances() const;
    [[nodiscard]] bool on_broker_thread() const;
    [[nodiscard]] bool is_recheck(const LoginRequest& request);
    [[nodiscard]] bool is_client_id_in_use(const LoginRequest& request) const;
    void open_session(const LoginRequest& request, const LoginDecision& decision);
    void log_login(const LoginRequest& request, const LoginDecision& decision);
    void log_access(const AccessCheck& check, const Decision& decision);
    void catch_up();
    void take_up(Result<Options> options);
    void follow(std::shared_ptr<ReplicaFeed> feed);

    // A copy for whoever is not on the broker's thread.
    struct View {
        std::shared_ptr<const Replica> replica;
        std::optional<SteadyInstant> confirmed_at;
        std::shared_ptr<const Options> options;
    };

    [[nodiscard]] View view() const;
    [[nodiscard]] static LoginDecision judge(const View& view,
                                             const LoginRequest& request,
                                             bool client_id_in_use);

    const std::thread::id broker_thread_ = std::this_thread::get_id();
    std::shared_ptr<SharedState> shared_;
    const Realm& realm_;
    ConfigReloader reloader_;
    LogQueue log_;
    Authorizer authorizer_;
    RecheckWindow recheck_window_;
    std::shared_ptr<const Replica> replica_;  // null before the first load
    std::shared_ptr<ReplicaFeed> next_feed_;  // of a changed database, not loaded yet
    // Of databases that were left; joined at the end, since joining may wait.
    std::vector<std::shared_ptr<ReplicaFeed>> left_feeds_;

    mutable std::mutex mutex_;  // guards the next two against other threads; held for copies
    std::shared_ptr<ReplicaFeed> feed_;
    std::shared_ptr<const Options> options_;
};

}  // namespace pgauth
