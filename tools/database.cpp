#include "database.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "base/quote.hpp"
#include "store/connection_parameters.hpp"

namespace pgauth::tool {

void add_database_options(CLI::App& command, DatabaseChoice& choice) {
    command
        .add_option("--connection",
                    choice.connection,
                    "libpq URI or key=value string, without a password; else PG* say where")
        ->type_name("STRING");
    command
        .add_option("--tls",
                    choice.tls,
                    "verify_full (the default), or unverified: as database.tls in pgauth.yaml")
        ->type_name("MODE");
}

Result<DatabaseOptions> database_options(const DatabaseChoice& choice) {
    DatabaseOptions options;
    options.connection = choice.connection;
    if (choice.tls == "unverified") {
        options.tls = DatabaseTls::unverified;
    } else if (choice.tls != "verify_full") {
        return fail(ErrorKind::invalid_input,
                    fmt::format("--tls: {} is no such mode: use verify_full or unverified",
                                quote(choice.tls)));
    }
    const auto parameters = connection_parameters(options);
    if (!parameters) {
        return fail(parameters.error().kind,
                    fmt::format("{}: {}", choice.option, parameters.error().message));
    }
    constexpr std::array<std::string_view, 2> secrets{"password", "sslpassword"};
    for (const std::string_view secret : secrets) {
        if (parameters->contains(std::string(secret))) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{}: it holds a {}, which everybody on this "
                                    "machine can read there: use passfile=…, ~/.pgpass or "
                                    "PGPASSWORD",
                                    choice.option,
                                    secret));
        }
    }
    return options;
}

Result<PgConnection> connect(const DatabaseOptions& options) {
    static const Interrupt never;  // Ctrl-C ends the program, and with it every transaction
    auto connection = PgConnection::open(options, never);
    if (!connection) {
        return fail(
            connection.error().kind,
            fmt::format(
                "database {}: {}", describe_database(options), connection.error().message));
    }
    return connection;
}

Result<PgConnection> connect(const DatabaseChoice& choice) {
    const auto options = database_options(choice);
    return options ? connect(*options) : tl::unexpected(options.error());
}

Result<std::string> ask(PgConnection& connection,
                        const std::string& sql,
                        const std::vector<std::string>& parameters) {
    std::string answer;
    const auto asked = connection.query(
        sql, parameters, [&](const auto& row) { answer = row[0].value_or(""); });
    return asked ? Result<std::string>(answer) : tl::unexpected(asked.error());
}

Result<std::string> role_beside_schema(PgConnection& connection) {
    auto role =
        ask(connection, "SELECT current_user WHERE to_regnamespace('mqtt_auth') IS NOT NULL");
    if (role && role->empty()) {
        return fail(ErrorKind::unusable,
                    "there is no schema mqtt_auth in this database: is it the right one?");
    }
    return role;
}

}  // namespace pgauth::tool
