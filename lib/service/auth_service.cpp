#include "service/auth_service.hpp"

#include <chrono>
#include <fmt/format.h>
#include <utility>

#include "authn/authenticator.hpp"
#include "base/quote.hpp"
#include "policy/network.hpp"

namespace pgauth {

namespace {

using std::chrono::steady_clock;

LoginDecision try_again(LoginCause cause) {
    return {LoginOutcome::try_again, cause, nullptr, {}};
}

std::string quote_or_none(const std::optional<std::string_view>& text) {
    return text ? quote(*text) : "none";
}

std::string_view verb(LoginOutcome outcome) {
    switch (outcome) {
        case LoginOutcome::accepted:
            return "accepted";
        case LoginOutcome::refused:
            return "refused";
        case LoginOutcome::try_again:
            return "turned away for now";
        case LoginOutcome::handed_on:
            return "handed on";
    }
    return "unknown";
}

bool is_too_old(const AuthnOptions& options, const std::optional<SteadyInstant>& confirmed_at) {
    return options.max_age && confirmed_at &&
           steady_clock::now() - *confirmed_at > *options.max_age;
}

ConnectionFacts::Transport transport_of(const LoginRequest& request, MethodSet satisfied) {
    ConnectionFacts::Transport transport;
    transport.methods = satisfied;
    if (const auto address = IpAddress::parse(request.address.value_or(""))) {
        transport.address = *address;
    }
    return transport;
}

}  // namespace

Result<std::unique_ptr<AuthService>> AuthService::start(
    std::vector<PluginOption> plugin_options) {
    auto options = load_options(plugin_options);
    if (!options) {
        return tl::unexpected(options.error());
    }
    const auto start_wait = options->start_wait;
    // make_unique cannot reach the private constructor.
    std::unique_ptr<AuthService> service(
        new AuthService(std::move(plugin_options), *std::move(options)));
    service->feed_->wait_for_first_load(start_wait);
    service->catch_up();
    return service;
}

AuthService::AuthService(std::vector<PluginOption> plugin_options, Options options)
    : shared_(SharedState::get()),
      realm_(shared_->realm(options.database)),
      reloader_(std::move(plugin_options)),
      feed_(shared_->realm(options.database).feed()),
      options_(std::make_shared<const Options>(std::move(options))) {}

bool AuthService::on_broker_thread() const {
    return std::this_thread::get_id() == broker_thread_;
}

Circumstances AuthService::circumstances() const {
    return {replica_.get(), options_->authn, options_->authz};
}

AuthService::View AuthService::view() const {
    const std::lock_guard lock(mutex_);
    return {feed_->current(), feed_->confirmed_at(), options_};
}

LoginDecision AuthService::log_in(const LoginRequest& request) {
    if (!on_broker_thread()) {
        return judge(view(), request, false);
    }
    catch_up();
    if (is_recheck(request)) {
        return {LoginOutcome::accepted, LoginCause::already_in, nullptr, {}};
    }
    LoginDecision decision = judge(view(), request, is_client_id_in_use(request));
    if (decision.outcome == LoginOutcome::accepted) {
        open_session(request, decision);
    }
    log_login(request, decision);
    return decision;
}

LoginDecision AuthService::judge(const View& view,
                                 const LoginRequest& request,
                                 bool client_id_in_use) {
    if (view.replica == nullptr) {
        return try_again(LoginCause::replica_not_ready);
    }
    if (is_too_old(view.options->authn, view.confirmed_at)) {
        return try_again(LoginCause::replica_too_old);
    }
    LoginAttempt attempt{.client_id = request.client_id,
                         .username = request.username,
                         .password = request.password,
                         .address = transport_of(request, {}).address,
                         .client_id_in_use = client_id_in_use};
    const Authenticator authenticator(view.options->authn);
    const Screening screening =
        authenticator.screen(*view.replica, attempt, std::chrono::system_clock::now());
    return screening.conclude(check_password(screening, request.password.value_or("")));
}

// Somebody already in, of whom a SIGHUP makes the broker ask again.
bool AuthService::is_recheck(const LoginRequest& request) {
    const auto now = steady_clock::now();
    if (!recheck_window_.is_open(now)) {
        return false;
    }
    const Session* session = shared_->sessions().find(
        &realm_, request.client_id, request.connection, request.username);
    const bool already_in =
        !request.address || (session != nullptr && session->token == request.connection);
    if (already_in) {
        recheck_window_.note_recheck(now);
    }
    return already_in;
}

bool AuthService::is_client_id_in_use(const LoginRequest& request) const {
    const Session* session = shared_->sessions().find_connected(request.client_id);
    return session != nullptr && options_->authn.takeover == Takeover::same_client &&
           session->token != request.connection &&
           (session->realm != &realm_ || session->username != request.username);
}

void AuthService::open_session(const LoginRequest& request, const LoginDecision& decision) {
    Session session;
    session.realm = &realm_;
    session.client_id = request.client_id;
    session.username = request.username;
    session.token = request.connection;
    session.durable = request.durable;
    session.rights = authorizer_.settle(circumstances(),
                                        decision.client,
                                        request.client_id,
                                        transport_of(request, decision.satisfied));
    shared_->sessions().open(std::move(session));
}

Decision AuthService::check(AccessCheck check, const void* connection) {
    if (!on_broker_thread()) {
        const View now = view();
        std::optional<Rights> rights;
        Decision decision = Authorizer::judge_by_record(
            {now.replica.get(), now.options->authn, now.options->authz}, check, rights);
        decision.entry = nullptr;  // `rights` and what it points at end here
        return decision;
    }
    catch_up();
    recheck_window_.note_access_check();
    SessionTable& sessions = shared_->sessions();
    const Session* session =
        sessions.find(&realm_, check.client_id, connection, check.username);
    // On behalf of a session the broker asks through a connection without an address. One that
    // has an address is somebody else, who never logged in here.
    if (session != nullptr && session->token != connection && check.has_address) {
        session = nullptr;
    }
    check.renamed = session == nullptr && sessions.logged_in(check.client_id, connection);
    const Decision decision = authorizer_.authorize(circumstances(), session, check);
    log_access(check, decision);
    return decision;
}

void AuthService::disconnected(const void* connection,
                               std::optional<std::string_view> client_id) {
    catch_up();
    recheck_window_.note_disconnect();
    shared_->sessions().close(connection, client_id);
}

void AuthService::reload() {
    catch_up();
    recheck_window_.open(steady_clock::now());
    reloader_.request();
}

void AuthService::tick() {
    recheck_window_.close();
    catch_up();
}

// Takes up what other threads have finished: at the start of every callback, since some brokers
// raise no ticks.
void AuthService::catch_up() {
    if (auto reloaded = reloader_.take()) {
        take_up(*std::move(reloaded));
    }
    if (next_feed_ != nullptr && next_feed_->generation() != 0) {
        follow(std::exchange(next_feed_, nullptr));
    }
    const std::uint64_t generation = replica_ == nullptr ? 0 : replica_->generation();
    if (feed_->generation() != generation) {
        replica_ = feed_->current();
    }
}

void AuthService::take_up(Result<Options> options) {
    if (!options) {
        log_.log(LogLevel::error,
                 options.error().message + ": the running configuration stays in force");
        return;
    }
    if (*options == *options_) {
        log_.log(LogLevel::notice, "configuration read again: nothing has changed");
        return;
    }
    // The clients go on being judged by the replica of the old database until the new one's is
    // there.
    const bool other_database = options->database != options_->database;
    next_feed_ = other_database ? shared_->realm(options->database).feed() : next_feed_;
    {
        const std::lock_guard lock(mutex_);
        options_ = std::make_shared<const Options>(*std::move(options));
    }
    authorizer_.forget_records();
    log_.log(LogLevel::notice, "configuration read again: taken up");
}

void AuthService::follow(std::shared_ptr<ReplicaFeed> feed) {
    {
        const std::lock_guard lock(mutex_);
        feed_.swap(feed);
    }
    if (feed.use_count() == 1) {
        feed->stop();
    }
    left_feeds_.push_back(std::move(feed));
}

void AuthService::log_login(const LoginRequest& request, const LoginDecision& decision) {
    const bool accepted = decision.outcome == LoginOutcome::accepted;
    // While nothing is loaded the feed says so, once a minute: not once for each attempt.
    const bool quiet = accepted || decision.outcome == LoginOutcome::handed_on ||
                       decision.cause == LoginCause::replica_not_ready;
    log_.log(quiet ? LogLevel::debug : LogLevel::notice,
             fmt::format("{} client id {} username {} from {}: {}",
                         verb(decision.outcome),
                         quote(request.client_id),
                         quote_or_none(request.username),
                         request.address.value_or("nowhere"),
                         explain(decision.cause)));
}

void AuthService::log_access(const AccessCheck& check, const Decision& decision) {
    // A refused delivery is nobody's mistake, and there may be millions of them.
    if (decision.allowed || decision.cause == Cause::handed_on ||
        check.action == Action::receive) {
        return;
    }
    log_.log(LogLevel::info,
             fmt::format("client id {} username {}: {} {} {}",
                         quote(check.client_id),
                         quote_or_none(check.username),
                         to_string(check.action),
                         quote(check.topic),
                         explain(decision)));
}

void AuthService::drain_log(const std::function<void(LogLevel, const std::string&)>& write) {
    if (!on_broker_thread()) {
        return;
    }
    log_.drain(write);
    feed_->log().drain(write);
    if (next_feed_ != nullptr) {
        next_feed_->log().drain(write);
    }
}

}  // namespace pgauth
