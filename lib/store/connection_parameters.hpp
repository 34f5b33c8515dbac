// What libpq is told to connect with: the connection string, and what this plugin adds to it.
//
// `database.tls: verify_full` means: a server that is neither behind a socket nor on loopback
// must show a certificate that names it. Where the string leaves `sslmode` open it is set;
// where the string asks for less, that is an error rather than a silent downgrade. Thread
// safety: pure, but for the PG* environment variables that it reads.

#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "store/database_options.hpp"

namespace pgauth {

using ConnectionParameters = std::map<std::string, std::string>;

// Keywords and values for PQconnectStartParams. Fails with invalid_input where libpq cannot
// read the connection string, or where it asks for less than `tls`. Errors leave it to the
// caller to name the key, and never show the connection string, which may hold a password.
[[nodiscard]] Result<ConnectionParameters> connection_parameters(
    const DatabaseOptions& options);

// The first of the two alone.
[[nodiscard]] Result<void> check_connection_string(const std::string& connection);

// Which database that is, in a line without a secret: `mqtt at db.example:5432`.
[[nodiscard]] std::string describe_database(const DatabaseOptions& options);

// What libpq will use for `keyword`: the value given, unless it is empty, else that of the
// environment variable. A service file, which libpq would ask in between, is not read.
[[nodiscard]] std::string effective_value(const ConnectionParameters& parameters,
                                          const char* keyword,
                                          const char* variable);

}  // namespace pgauth
