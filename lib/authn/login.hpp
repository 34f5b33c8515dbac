// LoginAttempt: what a connection shows of itself. LoginDecision: is it let in, and why.
//
// A refusal is an answer, not an error. `refused` is final for the peer; `try_again` is for
// what may be different in a minute, and must never reach firmware as "not authorized". Thread
// safety: values; an attempt refers to the text that it was made from.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/certificate.hpp"
#include "policy/client.hpp"
#include "policy/method.hpp"
#include "policy/network.hpp"

namespace pgauth {

// That a connection knew a secret: the hash that its password fitted, or its pre-shared key.
struct Proof {
    Method method = Method::password;
    std::uint64_t secret = 0;  // the first bits of its SHA-256

    bool operator==(const Proof&) const = default;
};

[[nodiscard]] Proof proof_of(Method method, std::string_view secret);

// Whether it is of the secret of `credential`, or of the one that this was rehashed from: both
// are of the same password.
[[nodiscard]] bool proves(const Proof& proof, const Credential& credential);

struct LoginAttempt {
    std::string_view client_id;
    std::optional<std::string_view> username;
    std::optional<std::string_view> password;
    std::optional<IpAddress> address;
    const Certificate* certificate = nullptr;  // none was presented
    // The TLS handshake proved that it has the pre-shared key of the client that it names.
    bool has_pre_shared_key = false;
    // A connected session of another client has this client id.
    bool client_id_in_use = false;
    // What it has proved stands for its password and its key: by SCRAM, or, where it is in,
    // when it came in.
    const std::vector<Proof>* proofs = nullptr;
};

// later: its password is being checked, and the answer is given when that is done.
enum class LoginOutcome : std::uint8_t { accepted, refused, try_again, handed_on, later };

enum class LoginCause : std::uint8_t {
    proved,          // accepted: its credentials say so
    already_in,      // accepted: the broker asks again about a session that it has
    anonymous,       // accepted: nameless, with the rights of the anonymous group
    unknown_client,  // no client has this username
    no_username,     // nameless, and there is no anonymous group
    revoked_certificate,
    contradiction,   // a certificate of one client beside the username of another
    bad_identifier,  // a username or client id with `+`, `#` or control characters
    defective_row,   // its row in `clients` makes no sense
    disabled,
    outside_window,    // before valid_from or after valid_until
    wrong_client_id,   // the client id does not match the pattern of the row
    wrong_network,     // the address lies in none of its networks
    client_id_in_use,  // by a connected session of another client
    no_credential,     // none that is live and of an enabled method
    no_password,       // none was sent, or one that no hash can belong to
    wrong_password,
    no_certificate,     // none, or none that satisfies its credential now
    requirement_unmet,  // a required method was not satisfied
    credential_gone,    // of a session that is in: what it proved is no live credential now
    thrown_off,         // of a session that is in: mqtt_auth.disconnect() was called
    no_scram_verifier,  // it has live passwords, and none that SCRAM can prove
    bad_scram_message,  // what it sent is no SCRAM, or asks for what is not offered
    two_usernames,      // that of its SCRAM messages is not the one that it has
    no_conversation,    // none that this continues: it took too long, or it never began
    hash_not_computed,  // out of memory while hashing
    being_checked,      // later, or try_again: its password is being hashed
    too_many_waiting,   // for a hash, of all clients
    too_many_attempts,  // with wrong passwords, by this username or this address
    not_in_time,        // its password was not hashed within the time that brokers wait
    left,               // gone before its password was checked
    replica_not_ready,  // the tables were never loaded
    replica_too_old,    // older than replica.max_age
};

struct LoginDecision {
    LoginOutcome outcome = LoginOutcome::refused;
    LoginCause cause = LoginCause::unknown_client;
    std::shared_ptr<const Client> client;  // who it is, or would have been; none if anonymous
    MethodSet satisfied;
    std::vector<Proof> proofs = {};  // accepted: of the methods with a secret
};

// The reason in words, for logs: "wrong password".
[[nodiscard]] std::string_view explain(LoginCause cause) noexcept;

}  // namespace pgauth
