// The sources of `pgauth import`, a file each: each adds what it finds to a Plan.
//
//   const Result<void> read = read_password_file("/etc/mosquitto/passwd", plan);
//
// A source that cannot be read at all is an Error with its place, the value and what is
// accepted. One line or row that makes no sense is a note, Verdict::lost, and the rest is read.
//
// The mistake to avoid: more rights than the old access control gave. What is not understood is
// denied, and noted.
// Thread safety: none needed.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "import/plan.hpp"
#include "store/database_options.hpp"

namespace pgauth::tool {

// --- Mosquitto's own ------------------------------------------------------------------------

[[nodiscard]] Result<void> read_password_file(const std::string& path, Plan& plan);
[[nodiscard]] Result<void> read_acl_file(const std::string& path, Plan& plan);
[[nodiscard]] Result<void> read_dynamic_security(const std::string& path, Plan& plan);

// --- other plugins, brokers and tables ------------------------------------------------------

// Told now and then how much of what takes long has been read.
using ReadProgress =
    std::function<void(std::string_view what, std::size_t done, std::size_t all)>;

// mosquitto-go-auth or mosquitto-auth-plug, as configured in that mosquitto.conf: its queries
// are run on the database that it names, for everybody whom `users_query` gives (one column).
// Where that is empty the user query has to be simple enough to tell.
[[nodiscard]] Result<void> read_go_auth(const std::string& mosquitto_conf,
                                        const std::string& users_query,
                                        Plan& plan,
                                        const ReadProgress& progress);

// mqtt_user and mqtt_acl. `pbkdf2`: `sha256:4096` where that is how its hashes were made.
[[nodiscard]] Result<void> read_emqx(const DatabaseOptions& database,
                                     const std::string& pbkdf2,
                                     Plan& plan);

// vmq_auth_acl.
[[nodiscard]] Result<void> read_vernemq(const DatabaseOptions& database, Plan& plan);

// Clients, or ACL entries where it has a column `topic`. `pbkdf2` as above, for a file of EMQX.
[[nodiscard]] Result<void> read_csv(const std::string& path,
                                    const std::string& pbkdf2,
                                    Plan& plan);

}  // namespace pgauth::tool
