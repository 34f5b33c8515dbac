// AuthzOptions: how rights are read (`authorization:` in pgauth.yaml).
// Thread safety: a value.

#pragma once

#include <cstdint>

namespace pgauth {

// Which subscriptions are granted: only those that lie wholly inside what is allowed, or all
// that overlap it, every delivery being checked in either case.
enum class SubscribeMode : std::uint8_t { covered, overlapping };

// Whether a client id counts in group rules and `%c` for every client, or only for clients
// whose row says which client ids they may use.
enum class ClientIdTrust : std::uint8_t { believed, bound };

struct AuthzOptions {
    SubscribeMode subscribe = SubscribeMode::covered;
    ClientIdTrust client_ids = ClientIdTrust::believed;

    bool operator==(const AuthzOptions&) const = default;
};

}  // namespace pgauth
