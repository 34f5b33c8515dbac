// AuthzOptions: how rights are read, and when (`authorization:` and `sessions.apply_changes` in
// pgauth.yaml).
// Thread safety: a value.

#pragma once

#include <cstdint>

#include "policy/request.hpp"

namespace pgauth {

// Whether a client id counts in group rules and `%c` for every client, or only for clients
// whose row says which client ids they may use.
enum class ClientIdTrust : std::uint8_t { believed, bound };

// When a change of what belongs to a client acts: from its next connection on, or on the
// sessions that it has.
enum class ApplyChanges : std::uint8_t { reconnect, immediately };

struct AuthzOptions {
    SubscribeMode subscribe = SubscribeMode::covered;
    ClientIdTrust client_ids = ClientIdTrust::believed;
    ApplyChanges apply_changes = ApplyChanges::reconnect;

    bool operator==(const AuthzOptions&) const = default;
};

}  // namespace pgauth
