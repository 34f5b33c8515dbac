// DatabaseChoice: which database a command is to use, as its options and PG* say.
//
//   add_database_options(*command, choice);
//   Result<PgConnection> connection = connect(choice);
//
// As with psql, the PG* environment variables and ~/.pgpass count; a password in an argument
// does not: everybody on the machine can read it there.
//
// The mistake to avoid: a connection string in a message. describe_database() says where.
// Thread safety: none needed.

#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/database_options.hpp"
#include "store/interrupt.hpp"
#include "store/pg_connection.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace pgauth::tool {

struct DatabaseChoice {
    std::string connection;               // --connection
    std::string tls = "verify_full";      // --tls
    const char* option = "--connection";  // what messages call it
};

void add_database_options(CLI::App& command, DatabaseChoice& choice);

[[nodiscard]] Result<DatabaseOptions> database_options(const DatabaseChoice& choice);

// Errors say which database it is.
[[nodiscard]] Result<PgConnection> connect(const DatabaseOptions& options);
[[nodiscard]] Result<PgConnection> connect(const DatabaseChoice& choice);

// One row of one text; empty for null and where there is no row.
[[nodiscard]] Result<std::string> ask(PgConnection& connection,
                                      const std::string& sql,
                                      const std::vector<std::string>& parameters = {});

// Whom it is connected as. Fails where there is no schema mqtt_auth.
[[nodiscard]] Result<std::string> role_beside_schema(PgConnection& connection);

}  // namespace pgauth::tool
