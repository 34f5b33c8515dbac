#include "authn/authenticator.hpp"

#include <algorithm>
#include <utility>

#include "password/password_hash.hpp"
#include "policy/identifier.hpp"

namespace pgauth {

namespace {

LoginDecision refused(LoginCause cause, std::shared_ptr<const Client> client = nullptr) {
    return {LoginOutcome::refused, cause, std::move(client), {}};
}

// Step 2 of DESIGN 3.1, in its order.
std::optional<LoginCause> reason_to_stay_out(const Client& client,
                                             const LoginAttempt& attempt,
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
    if (client.client_id && !client.client_id->matches(attempt.client_id, client.username)) {
        return LoginCause::wrong_client_id;
    }
    const auto holds_address = [&](const Network& network) {
        return attempt.address && network.contains(*attempt.address);
    };
    if (client.networks &&
        std::none_of(client.networks->begin(), client.networks->end(), holds_address)) {
        return LoginCause::wrong_network;
    }
    return attempt.client_id_in_use ? std::optional(LoginCause::client_id_in_use)
                                    : std::nullopt;
}

bool can_be_a_password(const std::optional<std::string_view>& password) {
    return password && !password->empty() && password->size() <= max_password_bytes;
}

}  // namespace

std::optional<LoginDecision> Authenticator::settle_without_password(
    const Replica& replica, const LoginAttempt& attempt) const {
    if (!is_safe_identifier(attempt.client_id) ||
        (attempt.username && !is_safe_identifier(*attempt.username))) {
        return refused(LoginCause::bad_identifier);
    }
    if (attempt.username) {
        return std::nullopt;
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

Screening Authenticator::screen(const Replica& replica,
                                const LoginAttempt& attempt,
                                Instant now) const {
    Screening screening;
    screening.settled_ = settle_without_password(replica, attempt);
    if (screening.settled_) {
        return screening;
    }
    const auto client = replica.find_client(*attempt.username);
    if (client == nullptr && options_.unknown == UnknownUsers::defer) {
        screening.settled_ =
            LoginDecision{LoginOutcome::handed_on, LoginCause::unknown_client, nullptr, {}};
        return screening;
    }
    const bool password_enabled = options_.methods.contains(Method::password);
    const bool make_hash = password_enabled && can_be_a_password(attempt.password);
    if (client == nullptr) {
        screening.refusal_ = LoginCause::unknown_client;
    } else {
        screening.client_ = client;
        screening.refusal_ = reason_to_stay_out(*client, attempt, now);
        for (const Credential& credential : client->credentials) {
            if (password_enabled && credential.method == Method::password &&
                credential.window.contains(now)) {
                screening.has_password_credential_ = true;
                if (make_hash) {
                    screening.secrets_.push_back(credential.secret);
                }
            }
        }
    }
    if (make_hash && screening.secrets_.empty() && !replica.decoy_secret().empty()) {
        screening.secrets_.push_back(replica.decoy_secret());
    }
    return screening;
}

LoginDecision Screening::conclude(PasswordCheck check) const {
    if (settled_) {
        return *settled_;
    }
    if (check == PasswordCheck::not_computed) {
        return {LoginOutcome::try_again, LoginCause::hash_not_computed, client_, {}};
    }
    MethodSet satisfied;
    if (check == PasswordCheck::right && has_password_credential_) {
        satisfied.insert(Method::password);
    }
    std::optional<LoginCause> unproved;
    if (!has_password_credential_) {
        unproved = LoginCause::no_credential;
    } else if (satisfied.empty()) {
        unproved = check == PasswordCheck::not_made ? LoginCause::no_password
                                                    : LoginCause::wrong_password;
    } else if (!satisfied.contains_all(client_->required_methods)) {
        unproved = LoginCause::requirement_unmet;
    }
    // Only who has proved itself learns that its client id is in use by another.
    if (refusal_ == LoginCause::client_id_in_use && !unproved) {
        return {LoginOutcome::try_again, *refusal_, client_, satisfied};
    }
    if (refusal_ || unproved) {
        return refused(refusal_ ? *refusal_ : *unproved, client_);
    }
    return {LoginOutcome::accepted, LoginCause::proved, client_, satisfied};
}

PasswordCheck check_password(const Screening& screening, std::string_view password) {
    PasswordCheck check = PasswordCheck::not_made;
    for (const std::string& secret : screening.secrets()) {
        const auto hash = PasswordHash::parse(secret);
        if (!hash) {
            continue;  // not in a Replica: ReplicaBuilder keeps none that cannot be read
        }
        switch (hash->verify(password)) {
            case PasswordVerdict::right:
                return PasswordCheck::right;
            case PasswordVerdict::wrong:
                check = check == PasswordCheck::not_computed ? check : PasswordCheck::wrong;
                break;
            case PasswordVerdict::not_computed:
                check = PasswordCheck::not_computed;
                break;
        }
    }
    return check;
}

}  // namespace pgauth
