#include "authn/identification.hpp"

#include <algorithm>
#include <utility>

namespace pgauth {

namespace {

bool holds_unpinned_certificate(const Client& client) {
    return std::any_of(
        client.credentials.begin(), client.credentials.end(), [](const auto& credential) {
            return credential.method == Method::certificate && credential.fingerprint.empty();
        });
}

std::shared_ptr<const Client> client_of(const Replica& replica,
                                        const Certificate& certificate,
                                        UsernameFrom username_from) {
    if (auto pinned = replica.find_client_by_fingerprint(certificate.fingerprint)) {
        return pinned;
    }
    const auto name = username_of(certificate, username_from);
    auto named = name ? replica.find_client(*name) : nullptr;
    return named != nullptr && holds_unpinned_certificate(*named) ? named : nullptr;
}

}  // namespace

Identity identify(const Replica& replica,
                  const AuthnOptions& options,
                  const LoginAttempt& attempt) {
    using By = Identity::By;
    if (attempt.certificate != nullptr &&
        replica.is_revoked(attempt.certificate->fingerprint)) {
        return {By::revoked_certificate, nullptr};
    }
    auto named = attempt.username ? replica.find_client(*attempt.username) : nullptr;
    if (attempt.certificate != nullptr && options.methods.contains(Method::certificate)) {
        if (auto shown = client_of(replica, *attempt.certificate, options.username_from)) {
            // A username that nobody has is ignored beside a certificate that identifies a
            // client.
            return named != nullptr && named->username != shown->username
                       ? Identity{By::contradiction, nullptr}
                       : Identity{By::certificate, std::move(shown)};
        }
    }
    if (named != nullptr) {
        return {By::username, std::move(named)};
    }
    return {attempt.username ? By::unknown_username : By::nothing, nullptr};
}

}  // namespace pgauth
