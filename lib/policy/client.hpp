// Client: a registered identity that may connect, with all that its rows say.
//
// A Client is what a session is settled on when it is accepted: sessions keep the Client that
// let them in, and later edits make a new one. So a Client never changes once it is in a
// Replica.
//
// The mistake to avoid: a client is known by its `username`. The MQTT client id is what a
// connection says of itself; `client_id` below is only the pattern that it must match.
// Thread safety: immutable once published.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/acl_entry.hpp"
#include "policy/method.hpp"
#include "policy/network.hpp"
#include "policy/text_pattern.hpp"
#include "policy/window.hpp"
#include "topic/placeholders.hpp"

namespace pgauth {

// Identifies a group whatever it is called: renaming one takes nobody's rights away.
using GroupId = std::string;

// What the secret of a psk credential starts with; the key in hexadecimal digits follows.
inline constexpr std::string_view pre_shared_key_prefix = "psk:";

struct Credential {
    std::int64_t id = 0;
    Method method = Method::password;
    std::string secret;  // password: a hash that password/ can parse; psk: `psk:` + hex
    std::string
        fingerprint;  // certificate: `SHA256:` + 64 hex; empty: any certificate of its name
    // `SHA256:` + 64 hex of the secret of the same password that this one replaced; or empty
    std::string rehashed_from;
    Window window;
};

struct Client {
    std::string username;
    std::string name;
    bool enabled = false;
    std::optional<ClientIdPattern> client_id;  // none: any client id
    MethodSet required_methods;
    std::optional<std::vector<Network>> networks;  // none: from anywhere
    Window window;
    Attributes attributes;
    std::vector<Credential> credentials;
    std::vector<GroupId> groups;    // explicit memberships
    std::vector<AclEntry> entries;  // its own
    // Set where a row of `clients` makes no sense: the client is refused.
    bool defective = false;
};

}  // namespace pgauth
