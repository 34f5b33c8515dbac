#include "service/gate.hpp"

#include <chrono>

#include "authn/identification.hpp"
#include "policy/network.hpp"

namespace pgauth {

namespace {

std::optional<IpAddress> address_in(const std::optional<std::string_view>& text) {
    const auto address = IpAddress::parse(text.value_or(""));
    return address ? std::optional(*address) : std::nullopt;
}

bool is_in_use_by_another(const View& view,
                          const LoginAttempt& attempt,
                          const LoginRequest& request,
                          const void* realm,
                          const Session* holder) {
    const AuthnOptions& options = view.options->authn;
    if (holder == nullptr || options.takeover == Takeover::any ||
        holder->token == request.connection) {
        return false;
    }
    const Identity who = identify(*view.replica, options, attempt);
    const auto username =
        who.client ? std::optional<std::string_view>(who.client->username) : request.username;
    return holder->realm != realm || holder->username != username;
}

}  // namespace

std::optional<LoginCause> reason_to_wait(const View& view) {
    if (view.replica == nullptr) {
        return LoginCause::replica_not_ready;
    }
    const auto& max_age = view.options->authn.max_age;
    const bool too_old = max_age && view.confirmed_at &&
                         std::chrono::steady_clock::now() - *view.confirmed_at > *max_age;
    return too_old ? std::optional(LoginCause::replica_too_old) : std::nullopt;
}

LoginAttempt attempt_of(const LoginRequest& request) {
    return {.client_id = request.client_id,
            .username = request.username,
            .password = request.password,
            .address = address_in(request.address),
            .certificate = request.certificate,
            .has_pre_shared_key = request.has_pre_shared_key,
            .proofs = request.proofs};
}

Screening screen(const View& view,
                 const LoginRequest& request,
                 const void* realm,
                 const Session* holder) {
    if (const auto cause = reason_to_wait(view)) {
        return Screening::settled({LoginOutcome::try_again, *cause, nullptr, {}});
    }
    LoginAttempt attempt = attempt_of(request);
    attempt.client_id_in_use = is_in_use_by_another(view, attempt, request, realm, holder);
    return Authenticator(view.options->authn)
        .screen(*view.replica, attempt, std::chrono::system_clock::now());
}

LoginDecision judge(const View& view,
                    const LoginRequest& request,
                    const void* realm,
                    const Session* holder) {
    return screen(view, request, realm, holder).conclude(PasswordCheck::not_made);
}

tl::expected<std::string, LoginCause> pre_shared_key(const View& view,
                                                     std::string_view identity,
                                                     std::optional<std::string_view> address) {
    if (const auto cause = reason_to_wait(view)) {
        return tl::unexpected(*cause);
    }
    return Authenticator(view.options->authn)
        .pre_shared_key(
            *view.replica, identity, address_in(address), std::chrono::system_clock::now());
}

}  // namespace pgauth
