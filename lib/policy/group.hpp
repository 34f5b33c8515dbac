// Group: a named set of permissions that clients inherit.
// Thread safety: immutable once it is in a Replica.

#pragma once

#include <string>
#include <vector>

#include "policy/acl_entry.hpp"
#include "policy/client.hpp"

namespace pgauth {

struct Group {
    GroupId id;
    std::string name;
    std::vector<AclEntry> entries;
};

}  // namespace pgauth
