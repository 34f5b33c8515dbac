// Options: everything that pgauth.yaml and the plugin options can say, one member a room.
// Thread safety: a value; published as a whole.

#pragma once

#include <chrono>

#include "authn/authn_options.hpp"
#include "authz/authz_options.hpp"
#include "store/database_options.hpp"

namespace pgauth {

struct Options {
    DatabaseOptions database;
    AuthnOptions authn;
    AuthzOptions authz;
    // How long the start of the broker may wait for the first load of the replica. 0 to 5 min.
    std::chrono::milliseconds start_wait{5000};

    bool operator==(const Options&) const = default;
};

}  // namespace pgauth
