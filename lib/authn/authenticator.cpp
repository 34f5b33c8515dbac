#include "authn/authenticator.hpp"

#include <algorithm>
#include <utility>

#include "base/result.hpp"
#include "password/password_hash.hpp"
#include "policy/identifier.hpp"

namespace pgauth {

namespace {

LoginDecision refused(LoginCause cause, std::shared_ptr<const Client> client = nullptr) {
    return {LoginOutcome::refused, cause, std::move(client), {}};
}

bool lies_in_networks(const Client& client, const std::optional<IpAddress>& address) {
    const auto holds_address = [&](const Network& network) {
        return address && network.contains(*address);
    };
    return !client.networks ||
           std::any_of(client.networks->begin(), client.networks->end(), holds_address);
}

// Step 2 of DESIGN 3.1, as far as it does not ask for the client id.
std::optional<LoginCause> reason_to_stay_out(const Client& client,
                                             const std::optional<IpAddress>& address,
                                             Instant now) {
    if (client.defective) {
        return LoginCause::defective_row;
    }
    if (!client.enabled) {
        return LoginCause::disabled;
    }
    if (!client.window.contains(now)) {
        return LoginCause::outside_window;
    }
    return lies_in_networks(client, address) ? std::nullopt
                                             : std::optional(LoginCause::wrong_network);
}

// The rest of it.
std::optional<LoginCause> reason_against_client_id(const Client& client,
                                                   const LoginAttempt& attempt) {
    if (client.client_id && !client.client_id->matches(attempt.client_id, client.username)) {
        return LoginCause::wrong_client_id;
    }
    return attempt.client_id_in_use ? std::optional(LoginCause::client_id_in_use)
                                    : std::nullopt;
}

// One identity has one key at a time: of several that are live, the newest.
const Credential* newest_key(const Client& client, Instant now) {
    const Credential* newest = nullptr;
    for (const Credential& credential : client.credentials) {
        if (credential.method == Method::psk && credential.window.contains(now) &&
            (newest == nullptr || newest->id < credential.id)) {
            newest = &credential;
        }
    }
    return newest;
}

bool is_proved(const Credential& credential, const std::vector<Proof>& proofs) {
    return std::any_of(proofs.begin(), proofs.end(), [&](const Proof& proof) {
        return proves(proof, credential);
    });
}

bool can_be_a_password(const std::optional<std::string_view>& password) {
    return password && !password->empty() && password->size() <= max_password_bytes;
}

}  // namespace

std::optional<LoginDecision> Authenticator::settle_without_password(
    const Replica& replica, const Identity& who, const LoginAttempt& attempt) const {
    if (!is_safe_identifier(attempt.client_id) ||
        (attempt.username && !is_safe_identifier(*attempt.username))) {
        return refused(LoginCause::bad_identifier);
    }
    switch (who.by) {
        case Identity::By::revoked_certificate:
            return refused(LoginCause::revoked_certificate);
        case Identity::By::contradiction:
            return refused(LoginCause::contradiction);
        case Identity::By::username:
        case Identity::By::certificate:
            return std::nullopt;
        case Identity::By::unknown_username:
            if (options_.unknown == UnknownUsers::deny) {
                return std::nullopt;
            }
            return LoginDecision{
                attempt.client_id_in_use ? LoginOutcome::try_again : LoginOutcome::handed_on,
                attempt.client_id_in_use ? LoginCause::client_id_in_use
                                         : LoginCause::unknown_client,
                nullptr,
                {}};
        case Identity::By::nothing:
            break;
    }
    if (!options_.anonymous_group || !replica.find_group_by_name(*options_.anonymous_group)) {
        return refused(LoginCause::no_username);
    }
    if (attempt.client_id_in_use) {
        return LoginDecision{
            LoginOutcome::try_again, LoginCause::client_id_in_use, nullptr, {}};
    }
    return LoginDecision{LoginOutcome::accepted, LoginCause::anonymous, nullptr, {}};
}

Screening Screening::settled(LoginDecision decision) {
    Screening screening;
    screening.settled_ = std::move(decision);
    return screening;
}

Screening Authenticator::screen(const Replica& replica,
                                const LoginAttempt& attempt,
                                Instant now) const {
    Screening screening;
    const Identity who = identify(replica, options_, attempt);
    screening.settled_ = settle_without_password(replica, who, attempt);
    if (screening.settled_) {
        return screening;
    }
    screening.client_ = who.client;
    screening.username_ = who.client != nullptr ? std::string_view(who.client->username)
                                                : attempt.username.value_or("");
    if (who.client == nullptr) {
        screening.refusal_ = LoginCause::unknown_client;
    } else {
        screening.refusal_ = reason_to_stay_out(*who.client, attempt.address, now);
        if (!screening.refusal_) {
            screening.refusal_ = reason_against_client_id(*who.client, attempt);
        }
        for (const Credential& credential : who.client->credentials) {
            if (options_.methods.contains(credential.method) &&
                credential.window.contains(now)) {
                screening.look_at(credential, attempt, options_.username_from, now);
            }
        }
    }
    const bool make_hash =
        options_.methods.contains(Method::password) && can_be_a_password(attempt.password);
    if (!make_hash) {
        screening.secrets_.clear();
        screening.credentials_.clear();
    } else if (screening.secrets_.empty() && !replica.decoy_secret().empty()) {
        screening.secrets_.push_back(replica.decoy_secret());
    }
    return screening;
}

// REQUIRES: the credential is live, and its method enabled.
void Screening::look_at(const Credential& credential,
                        const LoginAttempt& attempt,
                        UsernameFrom from,
                        Instant now) {
    live_.insert(credential.method);
    const bool proved_before =
        attempt.proofs != nullptr && is_proved(credential, *attempt.proofs);
    bool satisfied = false;
    switch (credential.method) {
        case Method::password:
            satisfied = proved_before;
            if (attempt.password) {
                secrets_.push_back(credential.secret);
                credentials_.push_back(credential.id);
            }
            break;
        case Method::certificate:
            satisfied = attempt.certificate != nullptr &&
                        (credential.fingerprint.empty()
                             ? username_of(*attempt.certificate, from) == client_->username
                             : attempt.certificate->fingerprint == credential.fingerprint);
            break;
        case Method::psk:
            satisfied = proved_before || (attempt.has_pre_shared_key &&
                                          &credential == newest_key(*client_, now));
            break;
    }
    if (satisfied) {
        satisfied_.insert(credential.method);
        if (credential.method != Method::certificate) {
            proofs_.push_back(proof_of(credential.method, credential.secret));
        }
    }
}

LoginDecision Screening::conclude(PasswordCheck check) const {
    if (settled_) {
        return *settled_;
    }
    if (check.verdict == PasswordCheck::not_computed) {
        return {LoginOutcome::try_again, LoginCause::hash_not_computed, client_, {}};
    }
    MethodSet satisfied = satisfied_;
    std::vector<Proof> proofs = proofs_;
    if (check.verdict == PasswordCheck::right && live_.contains(Method::password)) {
        satisfied.insert(Method::password);
        proofs.push_back(proof_of(Method::password, secrets_.at(check.fitting)));
    }
    const bool proved = client_ != nullptr && !satisfied.empty() &&
                        satisfied.contains_all(client_->required_methods);
    // Only who has proved itself learns that its client id is in use by another.
    if (refusal_ == LoginCause::client_id_in_use && proved) {
        return {LoginOutcome::try_again, *refusal_, client_, satisfied};
    }
    if (refusal_) {
        return refused(*refusal_, client_);
    }
    if (!proved) {
        return refused(satisfied.empty() ? why_unproved(check) : LoginCause::requirement_unmet,
                       client_);
    }
    return {LoginOutcome::accepted, LoginCause::proved, client_, satisfied, std::move(proofs)};
}

// Nothing was satisfied.
LoginCause Screening::why_unproved(PasswordCheck check) const {
    if (live_.empty()) {
        return LoginCause::no_credential;
    }
    if (!live_.contains(Method::password)) {
        return live_.contains(Method::certificate) ? LoginCause::no_certificate
                                                   : LoginCause::no_credential;
    }
    return check.verdict == PasswordCheck::not_made ? LoginCause::no_password
                                                    : LoginCause::wrong_password;
}

LoginDecision Authenticator::judge_again(const Replica& replica,
                                         std::string_view client_id,
                                         std::optional<std::string_view> username,
                                         const Admission& admission,
                                         Instant now) const {
    const LoginAttempt attempt{
        .client_id = client_id,
        .username = username,
        .password = std::nullopt,
        .address = admission.address,
        .certificate = admission.certificate ? &*admission.certificate : nullptr,
        .proofs = &admission.proofs};
    LoginDecision decision = screen(replica, attempt, now).conclude(PasswordCheck::not_made);
    // A certificate may be another client's by now, and a username the next plugin's.
    const bool is_somebody_else =
        decision.client != nullptr && username && decision.client->username != *username;
    if (is_somebody_else || decision.outcome == LoginOutcome::handed_on) {
        return refused(LoginCause::unknown_client);
    }
    if (decision.cause == LoginCause::no_password) {
        decision.cause = LoginCause::credential_gone;
    }
    return decision;
}

tl::expected<std::string, LoginCause> Authenticator::pre_shared_key(
    const Replica& replica,
    std::string_view identity,
    const std::optional<IpAddress>& address,
    Instant now) const {
    const auto client = is_safe_identifier(identity) ? replica.find_client(identity) : nullptr;
    if (client == nullptr) {
        return tl::unexpected(LoginCause::unknown_client);
    }
    if (const auto reason = reason_to_stay_out(*client, address, now)) {
        return tl::unexpected(*reason);
    }
    const Credential* newest = newest_key(*client, now);
    if (newest == nullptr || !options_.methods.contains(Method::psk)) {
        return tl::unexpected(LoginCause::no_credential);
    }
    return newest->secret.substr(pre_shared_key_prefix.size());
}

}  // namespace pgauth
