// What the new broker is run with: the Plan as a replica file, so that no database is needed
// and nothing is written to one.
//
//   const auto replica = planned_replica(plan, stand_in, supervisor, has_password);
//   const auto settings = write_new_files(*replica, options, directory);
//
// The plugin goes on from the file, since its database is a socket that is not there.
//
// The mistake to avoid: giving a password to a client that will have none.
// Thread safety: none needed.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "comparison/old_access.hpp"
#include "comparison/stand_in.hpp"
#include "comparison/temporary_directory.hpp"
#include "import/plan.hpp"
#include "policy/request.hpp"
#include "replica/replica.hpp"

namespace pgauth::tool {

// Whose password is replaced by a stand-in.
enum class HasPassword : std::uint8_t {
    as_planned,  // who has one
    everybody,   // where the old broker did not ask for one
};

// What the tables would hold, and the supervisor.
[[nodiscard]] std::shared_ptr<const Replica> planned_replica(const Plan& plan,
                                                             const StandIn& stand_in,
                                                             const Supervisor& supervisor,
                                                             HasPassword has_password);

struct NewOptions {
    std::string plugin;  // the path of mosquitto_pgauth.so
    SubscribeMode subscribe = SubscribeMode::covered;
    std::string anonymous_group;  // empty: none
};

// Gives the lines of mosquitto.conf.
[[nodiscard]] Result<std::string> write_new_files(const Replica& replica,
                                                  const NewOptions& options,
                                                  const TemporaryDirectory& directory);

}  // namespace pgauth::tool
