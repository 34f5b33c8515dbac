// What a dynamic-security.json says, in the order in which that plugin looks at it; and what
// becomes of its rights here.
//
//   Roles of a client by priority, then its groups by priority, in each the roles by priority,
//   in each the entries by priority: the first entry of the right kind whose topic matches
//   decides, and where none does the default of that kind.
//
// A role that a client has itself becomes a group here, a group stays one and has the entries
// of its roles. Their priorities are chosen so that one order holds for all clients; a client
// whose own order is another one gets entries of its own.
//
// The mistake to avoid: taking subscribe and receive for one thing. There a message arrives
// where both allow it; here `read` is both. See receive rules in dynamic_security_rights.cpp.
// Thread safety: none needed.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "import/plan.hpp"

namespace pgauth::tool::dynsec {

struct Rule {
    std::string topic;  // as an entry here can have it
    Effect effect = Effect::deny;
    std::string place;
};

// First to last, as they are looked at.
struct Rules {
    std::vector<Rule> send = {};
    std::vector<Rule> receive = {};
    std::vector<Rule> subscribe = {};
};

// What becomes a group here: a role that clients have themselves, or a group.
struct Unit {
    std::string group_name;
    std::string description = {};
    bool is_role = false;
    Rules rules = {};
};

struct Policy {
    std::vector<Unit> units;
    // Of each client the units that it has, first to last.
    std::map<std::string, std::vector<std::size_t>> clients;
    bool send_by_default = false;
    bool receive_by_default = false;
    bool subscribe_by_default = false;
};

// Groups, memberships and entries. Clients are in the Plan already.
void add_rights(const Policy& policy, Plan& plan);

}  // namespace pgauth::tool::dynsec
