#include "authn/login.hpp"

#include "base/digest.hpp"

namespace pgauth {

Proof proof_of(Method method, std::string_view secret) {
    return {method, first_bits_of_sha256(secret)};
}

bool proves(const Proof& proof, const Credential& credential) {
    return proof == proof_of(credential.method, credential.secret) ||
           (proof.method == credential.method &&
            first_bits_in(credential.rehashed_from) == proof.secret);
}

std::string_view explain(LoginCause cause) noexcept {
    switch (cause) {
        case LoginCause::proved:
            return "its credentials were satisfied";
        case LoginCause::already_in:
            return "its session is already in";
        case LoginCause::anonymous:
            return "it has the rights of the anonymous group";
        case LoginCause::unknown_client:
            return "no client has this username";
        case LoginCause::no_username:
            return "it sent no username, and authentication.anonymous_group names no group";
        case LoginCause::revoked_certificate:
            return "its certificate is in revoked_certificates";
        case LoginCause::contradiction:
            return "its certificate is one client's and its username another's";
        case LoginCause::bad_identifier:
            return "a username or client id may not hold `+`, `#` or control characters";
        case LoginCause::defective_row:
            return "its row in clients makes no sense (named in the log when it was loaded)";
        case LoginCause::disabled:
            return "the client is disabled";
        case LoginCause::outside_window:
            return "it is outside valid_from and valid_until";
        case LoginCause::wrong_client_id:
            return "the client id does not match the client's client_id pattern";
        case LoginCause::wrong_network:
            return "its address lies in none of the client's networks";
        case LoginCause::client_id_in_use:
            return "another client is connected under this client id";
        case LoginCause::no_credential:
            return "the client has no live credential of an enabled method";
        case LoginCause::no_password:
            return "it sent no password, or one that is too long";
        case LoginCause::wrong_password:
            return "wrong password";
        case LoginCause::no_certificate:
            return "it showed no certificate that a live credential of the client accepts";
        case LoginCause::requirement_unmet:
            return "not every method in required_methods was satisfied";
        case LoginCause::credential_gone:
            return "the credential that let it in is no longer valid";
        case LoginCause::thrown_off:
            return "mqtt_auth.disconnect() was called";
        case LoginCause::no_scram_verifier:
            return "it came by SCRAM, and has no live password of the kind SCRAM-SHA-256";
        case LoginCause::bad_scram_message:
            return "its SCRAM message makes no sense, or asks for what is not offered";
        case LoginCause::two_usernames:
            return "the username in its SCRAM messages is not the one that it has";
        case LoginCause::no_conversation:
            return "it continued no authentication: none had begun, or it took too long";
        case LoginCause::hash_not_computed:
            return "the password hash could not be computed: out of memory";
        case LoginCause::being_checked:
            return "its password is being checked";
        case LoginCause::too_many_waiting:
            return "too many passwords are waiting to be checked";
        case LoginCause::too_many_attempts:
            return "too many wrong passwords came with this username or from this address";
        case LoginCause::not_in_time:
            return "its password could not be checked in time";
        case LoginCause::left:
            return "it had gone before its password was checked";
        case LoginCause::replica_not_ready:
            return "the tables have not been loaded yet";
        case LoginCause::replica_too_old:
            return "the replica is older than replica.max_age";
    }
    return "unknown";
}

}  // namespace pgauth
