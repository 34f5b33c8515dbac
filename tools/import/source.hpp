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

#include <string>

#include "base/result.hpp"
#include "import/plan.hpp"

namespace pgauth::tool {

// --- Mosquitto's own ------------------------------------------------------------------------

[[nodiscard]] Result<void> read_password_file(const std::string& path, Plan& plan);
[[nodiscard]] Result<void> read_acl_file(const std::string& path, Plan& plan);
[[nodiscard]] Result<void> read_dynamic_security(const std::string& path, Plan& plan);

// --- other plugins, brokers and tables ------------------------------------------------------

// mosquitto-go-auth or mosquitto-auth-plug, as configured in that mosquitto.conf: its queries
// are run on the database that it names.
[[nodiscard]] Result<void> read_go_auth(const std::string& mosquitto_conf, Plan& plan);

// `connection`: a connection string of libpq.
[[nodiscard]] Result<void> read_emqx(const std::string& connection, Plan& plan);
[[nodiscard]] Result<void> read_vernemq(const std::string& connection, Plan& plan);

[[nodiscard]] Result<void> read_csv(const std::string& path, Plan& plan);

}  // namespace pgauth::tool
