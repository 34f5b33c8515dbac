// Authenticator: who is it, may it come in, did it prove it (DESIGN 3.1).
//
//   const Authenticator authenticator(options);
//   const Screening screening = authenticator.screen(*replica, attempt, now);
//   const LoginDecision decision = screening.conclude(check);     // of screening.secrets()
//
// Screening costs microseconds; checking the password costs a hash, and is a step of its own so
// that it can be done elsewhere. Who is refused for another reason than its password is put
// through the same hash before it is told: unknown, disabled and wrong-password attempts look
// alike to the peer, in the answer and in the time that it takes.
//
// The mistake to avoid: acting on a Screening. Only conclude() decides.
// Thread safety: immutable.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authn/admission.hpp"
#include "authn/authn_options.hpp"
#include "authn/identification.hpp"
#include "authn/login.hpp"
#include "authn/password_question.hpp"
#include "base/clock.hpp"
#include "replica/replica.hpp"

namespace pgauth {

class Screening {
  public:
    // Nothing is left to find out.
    [[nodiscard]] static Screening settled(LoginDecision decision);

    // The hashes that the password may belong to, one of which is enough; where there is
    // nothing to check, a decoy, whose outcome conclude() ignores. Empty where no hash need be
    // made.
    [[nodiscard]] const std::vector<std::string>& secrets() const noexcept { return secrets_; }

    // Of each of them, the id of its credential. Empty for a decoy.
    [[nodiscard]] const std::vector<std::int64_t>& credentials() const noexcept {
        return credentials_;
    }

    // Whose secrets they are: the client's username, or the one that was sent.
    [[nodiscard]] const std::string& username() const noexcept { return username_; }

    // Who it is, or would be; none where that is nobody who is registered.
    [[nodiscard]] const std::shared_ptr<const Client>& client() const noexcept {
        return client_;
    }

    // `check` is that of secrets(), not_made where there are none.
    [[nodiscard]] LoginDecision conclude(PasswordCheck check) const;

  private:
    friend class Authenticator;

    void look_at(const Credential& credential,
                 const LoginAttempt& attempt,
                 UsernameFrom from,
                 Instant now);
    [[nodiscard]] LoginCause why_unproved(PasswordCheck check) const;

    std::shared_ptr<const Client> client_;
    std::string username_;
    // Decided already, whatever the password: nothing is hashed.
    std::optional<LoginDecision> settled_;
    // Refused for this, once the hash has been made.
    std::optional<LoginCause> refusal_;
    MethodSet live_;       // methods of which there is a live, enabled credential
    MethodSet satisfied_;  // by the connection itself: certificate, psk
    std::vector<std::string> secrets_;
    std::vector<std::int64_t> credentials_;
    std::vector<Proof> proofs_;  // of pre-shared keys, and of what was proved before
};

class Authenticator {
  public:
    explicit Authenticator(AuthnOptions options) : options_(std::move(options)) {}

    [[nodiscard]] Screening screen(const Replica& replica,
                                   const LoginAttempt& attempt,
                                   Instant now) const;

    // Whether a session may still be in: what its login would come to if it showed again what
    // it showed then, under the client id and the username that it has. By the same rules, so
    // that who is thrown off is refused when it comes back, and the other way round.
    [[nodiscard]] LoginDecision judge_again(const Replica& replica,
                                            std::string_view client_id,
                                            std::optional<std::string_view> username,
                                            const Admission& admission,
                                            Instant now) const;

    // The key that a TLS-PSK client of this identity must have, in hexadecimal digits; where it
    // may not come in, why not. What is known only later (the client id) is for screen() to
    // say.
    [[nodiscard]] tl::expected<std::string, LoginCause> pre_shared_key(
        const Replica& replica,
        std::string_view identity,
        const std::optional<IpAddress>& address,
        Instant now) const;

  private:
    [[nodiscard]] std::optional<LoginDecision> settle_without_password(
        const Replica& replica, const Identity& who, const LoginAttempt& attempt) const;

    AuthnOptions options_;
};

}  // namespace pgauth
