#include "authn/scram_offer.hpp"

#include <algorithm>
#include <utility>

#include "authn/identification.hpp"

namespace pgauth {

namespace {

struct Live {
    std::int64_t id;
    const std::string* secret;
    ScramVerifier verifier;
};

// Newest first.
std::vector<Live> live_verifiers(const Client& client, Instant now) {
    std::vector<Live> live;
    for (const Credential& credential : client.credentials) {
        if (credential.method != Method::password || !credential.window.contains(now)) {
            continue;
        }
        if (auto verifier = ScramVerifier::parse(credential.secret)) {
            live.push_back({credential.id, &credential.secret, *std::move(verifier)});
        }
    }
    std::ranges::sort(live, std::ranges::greater(), &Live::id);
    return live;
}

bool is_challenged_alike(const ScramVerifier& one, const ScramVerifier& other) {
    return one.salt == other.salt && one.iterations == other.iterations;
}

ScramCost commonest_cost(const Replica& replica) {
    const auto verifier = ScramVerifier::parse(replica.commonest_scram_verifier());
    return verifier ? cost_of(*verifier) : ScramCost();
}

}  // namespace

ScramOffer scram_offer(const Replica& replica,
                       const AuthnOptions& options,
                       const LoginAttempt& attempt,
                       const ScramDecoy& decoy,
                       Instant now) {
    ScramOffer offer;
    const Identity who = identify(replica, options, attempt);
    if (!options.methods.contains(Method::password) ||
        (who.by == Identity::By::unknown_username && options.unknown == UnknownUsers::defer)) {
        offer.handed_on = true;
        return offer;
    }
    // Made for everybody, so that it takes no longer for those who need it.
    ScramVerifier nobodys =
        decoy.verifier_for(attempt.username.value_or(""), commonest_cost(replica));
    if (who.client != nullptr) {
        for (Live& live : live_verifiers(*who.client, now)) {
            if (offer.verifiers.empty() ||
                is_challenged_alike(offer.verifiers.front(), live.verifier)) {
                offer.verifiers.push_back(std::move(live.verifier));
                offer.secrets.push_back(*live.secret);
            }
        }
    }
    if (offer.verifiers.empty()) {
        offer.verifiers.push_back(std::move(nobodys));
        offer.secrets.emplace_back();
    }
    return offer;
}

}  // namespace pgauth
