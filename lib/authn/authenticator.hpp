// Authenticator: who is it, may it come in, did it prove it (DESIGN 3.1).
//
//   const Authenticator authenticator(options);
//   const Screening screening = authenticator.screen(*replica, attempt, now);
//   const LoginDecision decision = screening.conclude(check_password(screening, password));
//
// Screening costs microseconds; checking the password costs a hash, and is a step of its own so
// that it can be done elsewhere. Who is refused for another reason than its password is put
// through the same hash before it is told: unknown, disabled and wrong-password attempts look
// alike to the peer, in the answer and in the time that it takes.
//
// The mistake to avoid: acting on a Screening. Only conclude() decides.
// Thread safety: immutable.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authn/authn_options.hpp"
#include "authn/identification.hpp"
#include "authn/login.hpp"
#include "base/clock.hpp"
#include "replica/replica.hpp"

namespace pgauth {

enum class PasswordCheck : std::uint8_t { not_made, right, wrong, not_computed };

class Screening {
  public:
    // The hashes that the password may belong to, one of which is enough; where there is
    // nothing to check, a decoy, whose outcome conclude() ignores. Empty where no hash need be
    // made.
    [[nodiscard]] const std::vector<std::string>& secrets() const noexcept { return secrets_; }

    [[nodiscard]] LoginDecision conclude(PasswordCheck check) const;

  private:
    friend class Authenticator;

    void look_at(const Credential& credential, const LoginAttempt& attempt, UsernameFrom from);
    [[nodiscard]] LoginCause why_unproved(PasswordCheck check) const;

    std::shared_ptr<const Client> client_;
    // Decided already, whatever the password: nothing is hashed.
    std::optional<LoginDecision> settled_;
    // Refused for this, once the hash has been made.
    std::optional<LoginCause> refusal_;
    MethodSet live_;       // methods of which there is a live, enabled credential
    MethodSet satisfied_;  // by the connection itself: certificate, psk
    std::vector<std::string> secrets_;
};

class Authenticator {
  public:
    explicit Authenticator(AuthnOptions options) : options_(std::move(options)) {}

    [[nodiscard]] Screening screen(const Replica& replica,
                                   const LoginAttempt& attempt,
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

// Compares `password` with every hash until one fits. Takes as long as the hashes do.
[[nodiscard]] PasswordCheck check_password(const Screening& screening,
                                           std::string_view password);

}  // namespace pgauth
