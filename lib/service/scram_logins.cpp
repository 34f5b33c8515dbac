#include "service/scram_logins.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace pgauth {

namespace {

LoginDecision turned_away(LoginOutcome outcome, LoginCause cause) {
    return {outcome, cause, nullptr, {}};
}

ScramStep refused(LoginCause cause, std::string username = {}) {
    return {turned_away(LoginOutcome::refused, cause), {}, std::move(username)};
}

LoginCause cause_of(ScramError error) {
    switch (error) {
        case ScramError::invalid_proof:
            return LoginCause::wrong_password;
        case ScramError::no_resources:
            return LoginCause::hash_not_computed;
        default:
            return LoginCause::bad_scram_message;
    }
}

template <typename Answer>
PasswordCheck::Verdict verdict_of(const tl::expected<Answer, ScramError>& proof) {
    return proof                                        ? PasswordCheck::right
           : proof.error() == ScramError::invalid_proof ? PasswordCheck::wrong
                                                        : PasswordCheck::not_computed;
}

// The decision on somebody whose last message was not what it should be. What else speaks
// against it comes first, as it does with passwords.
LoginDecision without_proof(LoginDecision judged, ScramError error, bool had_verifier) {
    const LoginCause cause = error == ScramError::invalid_proof && !had_verifier
                                 ? LoginCause::no_scram_verifier
                                 : cause_of(error);
    if (cause == LoginCause::hash_not_computed) {
        return turned_away(LoginOutcome::try_again, cause);
    }
    const bool only_unproved = judged.outcome == LoginOutcome::accepted ||
                               judged.cause == LoginCause::no_password ||
                               judged.cause == LoginCause::client_id_in_use;
    if (only_unproved) {
        return {LoginOutcome::refused, cause, std::move(judged.client), {}};
    }
    return judged;
}

}  // namespace

ScramStep ScramLogins::begin(const View& view,
                             const LoginRequest& request,
                             std::string_view client_first,
                             SteadyInstant now) {
    drop(connections_[request.connection]);
    auto first = ScramClientFirst::parse(client_first);
    if (!first) {
        return refused(LoginCause::bad_scram_message);
    }
    if (request.username && *request.username != first->username) {
        return refused(LoginCause::two_usernames, first->username);
    }
    if (const auto cause = reason_to_wait(view)) {
        return {turned_away(LoginOutcome::try_again, *cause), {}, first->username};
    }
    LoginAttempt attempt = attempt_of(request);
    attempt.username = first->username;
    ScramOffer offer = scram_offer(
        *view.replica, view.options->authn, attempt, *decoy_, std::chrono::system_clock::now());
    if (offer.handed_on) {
        return {turned_away(LoginOutcome::handed_on, LoginCause::unknown_client),
                {},
                first->username};
    }
    const ScramVerifier& shown = offer.verifiers.front();
    std::string username = first->username;
    ScramChallenge challenge(
        *std::move(first), shown.salt, shown.iterations, make_scram_nonce());
    ScramStep step{std::nullopt, challenge.message(), username};
    remember(request.connection,
             {.serial = ++last_serial_,
              .begun = now,
              .client_id = std::string(request.client_id),
              .username = std::move(username),
              .challenge = std::move(challenge),
              .offer = std::move(offer)});
    return step;
}

ScramStep ScramLogins::conclude(const View& view,
                                const LoginRequest& request,
                                const void* realm,
                                const Session* holder,
                                std::string_view client_final,
                                SteadyInstant now,
                                PasswordChecks& checks) {
    Connection& connection = connections_[request.connection];
    if (!is_pending(request.connection, now)) {
        drop(connection);
        return refused(LoginCause::no_conversation);
    }
    const Pending pending = *std::move(connection.pending);
    drop(connection);
    if (pending.client_id != request.client_id) {
        return refused(LoginCause::no_conversation, pending.username);
    }
    const Attempt attempt{pending.username, attempt_of(request).address};
    if (!checks.take_attempt(attempt)) {
        return {turned_away(LoginOutcome::try_again, LoginCause::too_many_attempts),
                {},
                pending.username};
    }
    const auto proof = pending.challenge.check(client_final, pending.offer.verifiers);
    checks.note_attempt(attempt, verdict_of(proof));
    std::vector<Proof> proofs;
    if (proof) {
        proofs.push_back(proof_of(Method::password, pending.offer.secrets.at(proof->fitting)));
    }
    LoginRequest shown = request;
    shown.username = pending.username;
    shown.password = std::nullopt;
    shown.proofs = &proofs;
    LoginDecision decision = judge(view, shown, realm, holder);
    if (!proof) {
        const bool had_verifier = !pending.offer.secrets.front().empty();
        return {without_proof(std::move(decision), proof.error(), had_verifier),
                {},
                pending.username};
    }
    // Its secret may have been taken away while it answered.
    if (decision.outcome == LoginOutcome::accepted &&
        !decision.satisfied.contains(Method::password)) {
        return refused(LoginCause::wrong_password, pending.username);
    }
    connection.succeeded = connection.succeeded || decision.outcome == LoginOutcome::accepted;
    return {std::move(decision), proof->message, pending.username};
}

void ScramLogins::remember(const void* connection, Pending pending) {
    forget_oldest(pending.begun);
    order_.emplace_back(connection, pending.serial);
    connections_[connection].pending = std::move(pending);
    ++pending_;
}

void ScramLogins::drop(Connection& connection) {
    pending_ -= connection.pending ? 1U : 0U;
    connection.pending.reset();
}

// Whose turn it is to go; null where that was concluded.
ScramLogins::Connection* ScramLogins::oldest() {
    const auto [connection, serial] = order_.front();
    const auto found = connections_.find(connection);
    const bool is_pending = found != connections_.end() && found->second.pending &&
                            found->second.pending->serial == serial;
    return is_pending ? &found->second : nullptr;
}

// Makes room for one more.
void ScramLogins::forget_oldest(SteadyInstant now) {
    while (!order_.empty()) {
        Connection* connection = oldest();
        if (connection != nullptr) {
            if (pending_ < max_pending && now - connection->pending->begun <= patience) {
                return;
            }
            drop(*connection);
        }
        order_.pop_front();
    }
}

bool ScramLogins::is_pending(const void* connection, SteadyInstant now) const {
    const auto found = connections_.find(connection);
    return found != connections_.end() && found->second.pending &&
           now - found->second.pending->begun <= patience;
}

bool ScramLogins::has_begun(const void* connection) const {
    return connections_.contains(connection);
}

bool ScramLogins::has_not_succeeded(const void* connection) const {
    const auto found = connections_.find(connection);
    return found != connections_.end() && !found->second.succeeded;
}

void ScramLogins::forget(const void* connection) {
    const auto found = connections_.find(connection);
    if (found != connections_.end()) {
        drop(found->second);
        connections_.erase(found);
    }
}

}  // namespace pgauth
