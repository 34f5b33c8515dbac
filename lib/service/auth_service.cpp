#include "service/auth_service.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <fmt/format.h>
#include <utility>

#include "authn/admission.hpp"
#include "base/quote.hpp"
#include "service/log_lines.hpp"

namespace pgauth {

using std::chrono::steady_clock;

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
    service->in_force_.wait_for_first_load(start_wait);
    service->catch_up();
    return service;
}

AuthService::AuthService(std::vector<PluginOption> plugin_options, Options options)
    : shared_(SharedState::get()),
      realm_(shared_->realm(options.database)),
      in_force_(*shared_, std::move(plugin_options), std::move(options)),
      keeper_(shared_->sessions(), authorizer_, shared_->kicks()),
      stored_(realm_, shared_->sessions()),
      desk_(in_force_.options().authn.password,
            shared_->blocking_budget(),
            [this](SecretSwap swap) { in_force_.write(std::move(swap)); }),
      scram_(shared_->scram_decoy()) {
    shared_->instances().push_back(this);
}

AuthService::~AuthService() {
    std::erase(shared_->instances(), this);
}

bool AuthService::on_broker_thread() const {
    return std::this_thread::get_id() == broker_thread_;
}

LoginDecision AuthService::log_in(const LoginRequest& request) {
    if (!on_broker_thread()) {
        return desk_.decide_here(in_force_.view(), request, &realm_);
    }
    catch_up();
    unasked_.begin(request.connection);
    forget_waiting(request.client_id);
    if (is_recheck(request)) {
        return {LoginOutcome::accepted, LoginCause::already_in, nullptr, {}};
    }
    scram_.forget(request.connection);
    const Session* holder = shared_->sessions().find_connected(request.client_id);
    LoginDecision decision = desk_.decide(in_force_.view(), request, &realm_, holder);
    if (decision.outcome == LoginOutcome::accepted) {
        open_session(request, decision);
    }
    log_login(request, decision);
    return decision;
}

// The broker answers late by client id alone, on whatever listener.
void AuthService::forget_waiting(std::string_view client_id) {
    for (AuthService* instance : shared_->instances()) {
        instance->desk_.forget(client_id);
    }
}

void AuthService::complete_logins(const Completer& complete) {
    for (const LateLogin& late : desk_.take_late()) {
        bool is_answered = false;
        try {
            complete_login(late, [&](const std::string& client_id, bool accepted) {
                is_answered = true;
                complete(client_id, accepted);
            });
        } catch (const std::exception& problem) {
            completing_.reset();
            log_.log(LogLevel::error, problem.what());
            if (!is_answered) {
                complete(late.client_id(), false);
            }
        }
    }
}

void AuthService::complete_login(const LateLogin& late, const Completer& complete) {
    const LoginRequest request = late.request();
    LoginDecision decision = decide_late(late);
    const bool accepted = decision.outcome == LoginOutcome::accepted;
    if (!accepted) {
        log_login(request, decision);
        complete(late.client_id(), false);
        return;
    }
    completing_.emplace(Completing{request, decision});
    is_up_to_date_ = false;
    complete(late.client_id(), true);
    if (std::exchange(completing_, std::nullopt)) {
        decision = {LoginOutcome::try_again, LoginCause::left, decision.client, {}};
    }
    log_login(request, decision);
}

// The rules may say something else by now, and somebody else may have the client id.
LoginDecision AuthService::decide_late(const LateLogin& late) {
    if (!late.check()) {
        return {LoginOutcome::try_again, LoginCause::not_in_time, nullptr, {}};
    }
    const LoginRequest request = late.request();
    const Session* holder = shared_->sessions().find_connected(request.client_id);
    const Screening screening = screen(in_force_.view(), request, &realm_, holder);
    return screening.conclude(late.check_of(screening));
}

void AuthService::connected() {
    catch_up();
}

// The broker makes calls for a connection, or for the one that it takes over from: so it is
// still there.
void AuthService::open_completing() {
    if (const auto completing = std::exchange(completing_, std::nullopt)) {
        unasked_.begin(completing->request.connection);
        open_session(completing->request, completing->decision);
    }
}

// Somebody already in, of whom a SIGHUP makes the broker ask again.
bool AuthService::is_recheck(const LoginRequest& request) {
    const auto now = steady_clock::now();
    if (!recheck_window_.is_open(now)) {
        return false;
    }
    const Session* session = shared_->sessions().find(
        &realm_, request.client_id, request.connection, request.username);
    // Who has gone since the reload is back under a used address: nobody asks about that one.
    const bool is_there =
        session != nullptr && session->token == request.connection &&
        shared_->sessions().logged_in(request.client_id, request.connection) &&
        (session->connected || session->closed_serial <= closing_at_reload_);
    const bool already_in = !request.address || is_there;
    if (already_in) {
        recheck_window_.note_recheck(now);
    }
    return already_in;
}

void AuthService::open_session(const LoginRequest& request, const LoginDecision& decision) {
    Session session;
    session.realm = &realm_;
    session.client_id = request.client_id;
    session.username =
        decision.client ? std::optional(decision.client->username) : std::nullopt;
    session.token = request.connection;
    session.durable = request.durable;
    session.admission = admission_of(attempt_of(request), decision);
    session.rights = authorizer_.settle(in_force_.circumstances(),
                                        decision.client,
                                        request.client_id,
                                        transport_of(*session.admission, decision.satisfied));
    keeper_.take_over(session, in_force_.options().authz, std::chrono::system_clock::now());
    stored_.note(session, *in_force_.replica(), in_force_.feed().keeper());
    shared_->sessions().open(std::move(session));
}

// That of this very connection, or null.
const Session* AuthService::session_of(const LoginRequest& request) const {
    const Session* holder = shared_->sessions().find_connected(request.client_id);
    return holder != nullptr && holder->token == request.connection ? holder : nullptr;
}

ScramStep AuthService::begin_scram(const LoginRequest& request, std::string_view client_first) {
    catch_up();
    unasked_.begin(request.connection);
    forget_waiting(request.client_id);
    if (session_of(request) == nullptr) {
        scram_.forget(request.connection);
    }
    ScramStep step = scram_.begin(in_force_.view(), request, client_first, steady_clock::now());
    if (step.decision) {
        log_scram(request, step);
    }
    return step;
}

ScramStep AuthService::continue_scram(const LoginRequest& request,
                                      std::string_view client_final) {
    catch_up();
    const auto now = steady_clock::now();
    if (!scram_.has_begun(request.connection)) {
        return {
            LoginDecision{LoginOutcome::handed_on, LoginCause::no_conversation, nullptr, {}},
            {}};
    }
    const Session* own = session_of(request);
    // An AUTH packet without content: brokers to 2.1.2 ask about it in any state, and would
    // lose track of the session if this were a refusal.
    if (own != nullptr && !scram_.is_pending(request.connection, now)) {
        shared_->kicks().add(*own, LoginCause::no_conversation);
        return {};
    }
    const Session* holder = shared_->sessions().find_connected(request.client_id);
    ScramStep step = scram_.conclude(
        in_force_.view(), request, &realm_, holder, client_final, now, desk_.checks());
    LoginDecision& decision = *step.decision;
    if (decision.outcome == LoginOutcome::accepted && own != nullptr &&
        decision.client->username != own->username) {
        decision = {LoginOutcome::refused, LoginCause::two_usernames, nullptr, {}};
    }
    if (decision.outcome == LoginOutcome::accepted) {
        open_session(request, decision);
    }
    log_scram(request, step);
    return step;
}

bool AuthService::is_authenticating(const void* connection, std::string_view client_id) const {
    return scram_.has_not_succeeded(connection) &&
           !shared_->sessions().is_there(client_id, connection);
}

Secret AuthService::pre_shared_key(std::string_view identity,
                                   std::optional<std::string_view> address,
                                   const void* connection) {
    catch_up();
    unasked_.begin(connection);
    scram_.forget(connection);
    auto key = pgauth::pre_shared_key(in_force_.view(), identity, address);
    if (key) {
        unasked_.note_pre_shared_key(connection, identity);
        Secret digits(*key);
        wipe(*key);
        return digits;
    }
    log_.log(LogLevel::notice, line_of_key(identity, address, key.error()));
    constexpr std::size_t key_bytes = 32;
    return random_hex(key_bytes);
}

// Whether the broker has let this connection in without asking. It may have the client id and
// the username of a session that has ended, and even its address; but what has ended shows no
// certificate any more, and has no key.
bool AuthService::is_unasked(const AccessCheck& check,
                             const void* connection,
                             const LookUp& look_up) {
    const bool is_will =
        unasked_.take_expected_will(connection) && check.action == Action::publish;
    if (is_will || !check.has_address ||
        shared_->sessions().is_there(check.client_id, connection)) {
        return false;
    }
    return unasked_.knows(connection) || look_up().certificate.has_value();
}

// A connection that the broker has let in without asking: after a TLS-PSK handshake, or because
// its listener takes the username from the certificate. It is judged now, once.
const Session* AuthService::adopt(const AccessCheck& check,
                                  const void* connection,
                                  const LookUp& look_up) {
    if (unasked_.is_refused(connection, check.client_id)) {
        return nullptr;
    }
    unasked_.forget_stranger(connection);
    const ConnectionDetails details = look_up();
    // Who has shown a certificate has not come by TLS-PSK.
    const bool has_key = !details.certificate &&
                         unasked_.has_pre_shared_key(connection, check.username.value_or(""));
    if (!has_key && !details.certificate) {
        return nullptr;
    }
    LoginRequest request{.client_id = check.client_id,
                         .username = check.username,
                         .password = std::nullopt,
                         .address = details.address,
                         .connection = connection,
                         .durable = details.durable,
                         .certificate = details.certificate ? &*details.certificate : nullptr,
                         .has_pre_shared_key = has_key};
    if (!has_key && !std::exchange(warned_of_listener_, true)) {
        log_.log(LogLevel::warning,
                 fmt::format("client id {} was let in without a question: its listener sets "
                             "use_identity_as_username or use_subject_as_username: set "
                             "require_certificate true without them",
                             quote(check.client_id)));
    }
    LoginDecision decision = judge(in_force_.view(),
                                   request,
                                   &realm_,
                                   shared_->sessions().find_connected(check.client_id));
    // The broker goes by the username that it took, so that must be the client's.
    if (decision.outcome == LoginOutcome::accepted &&
        (decision.client == nullptr || decision.client->username != check.username)) {
        decision = {LoginOutcome::refused, LoginCause::contradiction, nullptr, {}};
    }
    log_login(request, decision);
    if (decision.outcome != LoginOutcome::accepted) {
        unasked_.refuse(connection, check.client_id);
        return nullptr;
    }
    open_session(request, decision);
    return shared_->sessions().find(&realm_, check.client_id, connection, check.username);
}

// The session that a check belongs to, or null. Finds out whether the connection was renamed.
const Session* AuthService::whose_session(AccessCheck& check,
                                          const void* connection,
                                          const LookUp& look_up) {
    SessionTable& sessions = shared_->sessions();
    const Session* session =
        sessions.find(&realm_, check.client_id, connection, check.username);
    const bool is_its_own = session != nullptr && session->token == connection &&
                            (session->connected || session->replaced);
    if (!is_its_own) {
        // On behalf of a session the broker asks through a connection without an address. One
        // that has an address is somebody else, who never logged in here.
        const bool is_somebody_else = session != nullptr && session->token != connection;
        if (is_unasked(check, connection, look_up)) {
            session =
                in_force_.replica() == nullptr ? nullptr : adopt(check, connection, look_up);
        } else if (check.has_address &&
                   (is_somebody_else || unasked_.is_stranger(connection))) {
            session = nullptr;
        } else {
            check.renamed =
                session == nullptr && sessions.logged_in(check.client_id, connection);
            if (session == nullptr && !check.has_address && !check.renamed) {
                session = stored_.find(check, authorizer_, in_force_.feed().keeper());
            }
        }
    }
    return session;
}

Decision AuthService::check(AccessCheck& check, const void* connection, const LookUp& look_up) {
    if (!on_broker_thread()) {
        const View now = in_force_.view();
        std::optional<Rights> rights;
        Decision decision = Authorizer::judge_by_record(
            {now.replica.get(), now.options->authn, now.options->authz}, check, rights);
        decision.entry = nullptr;  // `rights` and what it points at end here
        return decision;
    }
    catch_up();
    recheck_window_.note_access_check();
    const Session* session = whose_session(check, connection, look_up);
    check.being_thrown_off =
        check.action == Action::subscribe && shared_->kicks().is_being_thrown_off(connection);
    const Decision decision = authorizer_.authorize(in_force_.circumstances(), session, check);
    if (is_told(check, decision)) {
        log_.log(LogLevel::info, line_of(check, decision));
    }
    return decision;
}

void AuthService::disconnected(const void* connection,
                               std::optional<std::string_view> client_id) {
    catch_up();
    recheck_window_.note_disconnect();
    unasked_.end(connection, client_id && shared_->sessions().is_there(*client_id, connection));
    scram_.forget(connection);
    shared_->sessions().close(connection, client_id);
}

void AuthService::reload() {
    catch_up();
    recheck_window_.open(steady_clock::now());
    closing_at_reload_ = shared_->sessions().last_closing();
    in_force_.request_options();
}

void AuthService::tick() {
    unasked_.expect_will(nullptr);
    recheck_window_.close();
    shared_->kicks().note_tick();
    catch_up(Deadlines::look);
}

void AuthService::throw_off(const Kicker& kick) {
    throw_off_but(std::nullopt, kick);
}

void AuthService::throw_off_unasked(const Kicker& kick) {
    for (const void* connection : unasked_.take_refused()) {
        const auto client_id = unasked_.refused_client_id(connection);
        // Somebody who proved itself may have taken the client id since.
        if (client_id && shared_->sessions().find_connected(*client_id) == nullptr) {
            shared_->kicks().begin(connection);
            kick(*client_id);
            shared_->kicks().done();
        }
    }
}

void AuthService::throw_off_without_ticks(std::string_view client_id, const Kicker& kick) {
    // While the broker goes through its sessions none may go.
    if (on_broker_thread() && !shared_->kicks().has_ticks() &&
        !recheck_window_.is_open(steady_clock::now())) {
        // The listeners of the others may be idle.
        for (AuthService* instance : shared_->instances()) {
            instance->catch_up(Deadlines::look);
        }
        throw_off_but(client_id, kick);
    }
}

void AuthService::throw_off_but(std::optional<std::string_view> client_id, const Kicker& kick) {
    KickQueue& kicks = shared_->kicks();
    constexpr int at_a_time = 100;
    for (int i = 0; i < at_a_time && !kicks.empty(); ++i) {
        const auto next = kicks.next(shared_->sessions(), client_id);
        if (!next) {
            return;
        }
        kick(next->client_id);
        kicks.done();
        log_.log(LogLevel::notice, line_of(*next));
    }
}

// Takes up what other threads have finished: at the start of every callback, since some brokers
// raise no ticks.
void AuthService::catch_up() {
    if (is_up_to_date_ && !news_.any()) {
        return;
    }
    // Without ticks any callback has to look whose time has come.
    catch_up(shared_->kicks().has_ticks() ? Deadlines::skip : Deadlines::look);
}

void AuthService::catch_up(Deadlines deadlines) {
    is_up_to_date_ = false;
    open_completing();
    if (in_force_.take_up_options(log_)) {
        desk_.set(in_force_.options().authn.password);
        authorizer_.forget_records();
        keeper_.note_everything();
        log_.log(LogLevel::notice, "configuration read again: taken up");
    }
    if (in_force_.take_up_database()) {
        keeper_.note_everything();
    }
    if (auto changes = in_force_.take_changes()) {
        keeper_.note(*std::move(changes));
    }
    in_force_.take_replica();
    in_force_.begin_writing();
    keeper_.work(in_force_.circumstances(), deadlines);
    is_up_to_date_ = shared_->kicks().has_ticks() && !keeper_.has_work();
}

void AuthService::log_login(const LoginRequest& request, const LoginDecision& decision) {
    log_.log(level_of(decision), line_of(request, decision));
}

void AuthService::log_scram(LoginRequest request, const ScramStep& step) {
    if (!step.username.empty()) {
        request.username = step.username;
    }
    log_login(request, *step.decision);
}

void AuthService::drain_log(const std::function<void(LogLevel, const std::string&)>& write) {
    if (!on_broker_thread() || !news_for_log_.any()) {
        return;
    }
    log_.drain(write);
    in_force_.drain_log(write);
}

}  // namespace pgauth
