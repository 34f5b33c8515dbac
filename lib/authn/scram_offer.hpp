// scram_offer(): what a client that authenticates by SCRAM is challenged with, and what its
// proof may then be of.
//
//   const ScramOffer offer = scram_offer(*replica, options, attempt, decoy, now);
//   if (offer.handed_on) …                              // the next plugin's
//   … offer.verifiers.front().salt …                    // the challenge
//   … offer.secrets.at(proof.fitting) …                 // the credential that was proved
//
// Unlike a password, a proof can be checked only against the salt that its challenge had. So it
// is the newest live verifier of the client that counts, and with it those that share its salt
// and iterations, so that a password can be changed without a day on which all do.
//
// Who has no verifier, or does not exist, is challenged with a decoy. Whether the client may
// come in is not asked here: that is for the end of the conversation.
//
// The mistake to avoid: refusing somebody at this point. What it may not know it would learn.
// Thread safety: pure.

#pragma once

#include <string>
#include <vector>

#include "authn/authn_options.hpp"
#include "authn/login.hpp"
#include "base/clock.hpp"
#include "password/scram_decoy.hpp"
#include "password/scram_verifier.hpp"
#include "replica/replica.hpp"

namespace pgauth {

struct ScramOffer {
    // INVARIANT: unless it is handed on, at least one; all of the same salt and iterations.
    std::vector<ScramVerifier> verifiers;
    // Of each verifier, the secret as it is stored. Empty for a decoy, which nothing fits.
    std::vector<std::string> secrets;
    bool handed_on = false;
};

// REQUIRES: attempt.username is set.
[[nodiscard]] ScramOffer scram_offer(const Replica& replica,
                                     const AuthnOptions& options,
                                     const LoginAttempt& attempt,
                                     const ScramDecoy& decoy,
                                     Instant now);

}  // namespace pgauth
