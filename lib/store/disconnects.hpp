// Disconnects: the commands of mqtt_auth.disconnect() that came in since the last look.
//
//   auto loaded = load_replica(*connection);
//   auto commands = read_disconnects(*connection, before, loaded->position);
//
// Those that were there at the first load are old. What is read here is marked as seen.
// Thread safety: none; one owner of the connection.

#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/pg_connection.hpp"
#include "store/replica_loader.hpp"

namespace pgauth {

struct DisconnectRow {
    std::string kind;  // disconnect_client or disconnect_group
    std::string key;
};

[[nodiscard]] Result<std::vector<DisconnectRow>> read_disconnects(PgConnection& connection,
                                                                  const FeedPosition& before,
                                                                  FeedPosition& after);

}  // namespace pgauth
