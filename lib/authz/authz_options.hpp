// AuthzOptions: how rights are read (`authorization:` in pgauth.yaml).
// Thread safety: a value.

#pragma once

#include <cstdint>

#include "policy/request.hpp"

namespace pgauth {

// Whether a client id counts in group rules and `%c` for every client, or only for clients
// whose row says which client ids they may use.
enum class ClientIdTrust : std::uint8_t { believed, bound };

struct AuthzOptions {
    SubscribeMode subscribe = SubscribeMode::covered;
    ClientIdTrust client_ids = ClientIdTrust::believed;

    bool operator==(const AuthzOptions&) const = default;
};

}  // namespace pgauth
