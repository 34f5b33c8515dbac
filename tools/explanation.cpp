#include "explanation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "authn/authenticator.hpp"
#include "authz/authorizer.hpp"
#include "policy/identifier.hpp"

namespace pgauth::tool {

namespace {

// Fewest first: the first that lets it in is the one that is gone by.
constexpr std::array<MethodSet, 8> combinations{
    MethodSet{},
    MethodSet{Method::password},
    MethodSet{Method::certificate},
    MethodSet{Method::psk},
    MethodSet{Method::password, Method::certificate},
    MethodSet{Method::password, Method::psk},
    MethodSet{Method::certificate, Method::psk},
    MethodSet{Method::password, Method::certificate, Method::psk}};

constexpr std::string_view some_password = "assumed to be right";

// One that would satisfy this credential; nobody has signed it.
Certificate certificate_for(const Credential& credential,
                            const Client& client,
                            UsernameFrom from) {
    Certificate made;
    made.fingerprint = credential.fingerprint;
    const AlternativeNames names{.usable = {client.username}, .unusable = 0};
    switch (from) {
        case UsernameFrom::common_name:
            made.common_name = client.username;
            break;
        case UsernameFrom::san_dns:
            made.dns_names = names;
            break;
        case UsernameFrom::san_uri:
            made.uris = names;
            break;
        case UsernameFrom::san_email:
            made.emails = names;
            break;
        case UsernameFrom::subject:
            made.subject = client.username;
            break;
    }
    return made;
}

// None where the client has no grant for one that is good now.
std::optional<Certificate> assumed_certificate(const Replica& replica,
                                               const Client* client,
                                               UsernameFrom from,
                                               Instant now) {
    if (client == nullptr) {
        return std::nullopt;
    }
    for (const Credential& credential : client->credentials) {
        if (credential.method == Method::certificate && credential.window.contains(now) &&
            !replica.is_revoked(credential.fingerprint)) {
            return certificate_for(credential, *client, from);
        }
    }
    return std::nullopt;
}

struct Login {
    LoginAttempt attempt;
    LoginDecision decision;
};

class Explainer {
  public:
    Explainer(const Replica& replica,
              const Options& options,
              const Question& question,
              Instant now)
        : replica_(replica),
          options_(options),
          question_(question),
          now_(now),
          authenticator_(options.authn) {
        const LoginAttempt shown = attempt_with({}, question.client_id.value_or(""));
        who_ = identify(replica, options.authn, shown);
        client_id_ = question.client_id.value_or(who_.client ? who_.client->username : "");
        assumed_certificate_ =
            assumed_certificate(replica, who_.client.get(), options.authn.username_from, now);
    }

    Explanation explain() {
        Explanation told;
        told.identified_by = who_.by;
        told.client_id = client_id_;
        const Login login = log_in(told);
        told.login = login.decision;
        tell_rights(login, told);
        return told;
    }

  private:
    [[nodiscard]] LoginAttempt attempt_with(MethodSet methods,
                                            std::string_view client_id) const {
        LoginAttempt attempt;
        attempt.client_id = client_id;
        attempt.username = question_.username;
        attempt.address = question_.address;
        attempt.certificate = question_.certificate ? &*question_.certificate : nullptr;
        if (methods.contains(Method::password)) {
            attempt.password = some_password;
        }
        if (methods.contains(Method::certificate) && attempt.certificate == nullptr &&
            assumed_certificate_) {
            attempt.certificate = &*assumed_certificate_;
        }
        attempt.has_pre_shared_key = methods.contains(Method::psk);
        return attempt;
    }

    [[nodiscard]] Login log_in_with(MethodSet methods) const {
        const LoginAttempt attempt = attempt_with(methods, client_id_);
        const Screening screening = authenticator_.screen(replica_, attempt, now_);
        return {
            attempt,
            screening.conclude(methods.contains(Method::password) ? PasswordCheck::right
                                                                  : PasswordCheck::not_made)};
    }

    // By the methods that were named, or by the first combination that lets it in; where none
    // does, with all: what is left is the reason that no proof can change.
    [[nodiscard]] Login log_in(Explanation& told) const {
        for (const MethodSet methods : combinations) {
            const bool is_shown =
                question_.certificate && methods.contains(Method::certificate);
            const bool is_more =
                std::any_of(told.ways_in.begin(), told.ways_in.end(), [&](MethodSet enough) {
                    return methods.contains_all(enough);
                });
            if (!is_shown && !is_more &&
                log_in_with(methods).decision.outcome == LoginOutcome::accepted) {
                told.ways_in.push_back(methods);
            }
        }
        told.assumed = question_.methods      ? *question_.methods
                       : told.ways_in.empty() ? combinations.back()
                                              : told.ways_in.front();
        return log_in_with(told.assumed);
    }

    void tell_rights(const Login& login, Explanation& told) const {
        const LoginDecision& decision = login.decision;
        const bool is_nameless = decision.cause == LoginCause::anonymous;
        if (decision.outcome == LoginOutcome::handed_on ||
            (decision.client == nullptr && !is_nameless)) {
            told.may = question_.action ? std::optional(false) : std::nullopt;
            told.reason = pgauth::explain(decision.cause);
            return;
        }
        const auto admission = admission_of(login.attempt, decision);
        const ConnectionFacts::Transport transport = transport_of(
            *admission,
            decision.outcome == LoginOutcome::accepted ? decision.satisfied : told.assumed);
        told.groups = groups(decision.client.get(), transport);
        if (question_.action) {
            judge(decision.client, transport, told);
        }
    }

    [[nodiscard]] std::vector<GroupSource> groups(
        const Client* client, const ConnectionFacts::Transport& transport) const {
        if (client == nullptr) {
            return {{options_.authn.anonymous_group.value_or(""), ""}};
        }
        ConnectionFacts facts;
        facts.username = client->username;
        facts.client_name = client->name;
        facts.client_id = client_id_that_counts(options_.authz, client, client_id_);
        facts.transport = &transport;
        return sources_of(replica_, *client, facts);
    }

    void judge(const std::shared_ptr<const Client>& client,
               const ConnectionFacts::Transport& transport,
               Explanation& told) const {
        Authorizer authorizer;
        const Circumstances circumstances{&replica_, options_.authn, options_.authz};
        Session session;
        session.client_id = client_id_;
        session.username = client == nullptr ? std::nullopt : std::optional(client->username);
        session.rights = authorizer.settle(circumstances, client, client_id_, transport);
        const bool may_be_there = is_safe_identifier(client_id_);
        const Decision decision = authorizer.authorize(circumstances,
                                                       may_be_there ? &session : nullptr,
                                                       {.client_id = client_id_,
                                                        .username = session.username,
                                                        .action = *question_.action,
                                                        .topic = question_.topic,
                                                        .qos = question_.qos,
                                                        .retain = question_.retain});
        told.may = decision.allowed;
        told.reason = pgauth::explain(decision);
        if (decision.entry != nullptr) {
            told.entry = *decision.entry;
        }
    }

    const Replica& replica_;
    const Options& options_;
    const Question& question_;
    Instant now_;
    Authenticator authenticator_;
    Identity who_;
    std::string client_id_;
    std::optional<Certificate> assumed_certificate_;
};

}  // namespace

Explanation explain(const Replica& replica,
                    const Options& options,
                    const Question& question,
                    Instant now) {
    return Explainer(replica, options, question, now).explain();
}

}  // namespace pgauth::tool
