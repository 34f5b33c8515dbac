#include "import/foreign_options.hpp"

#include <CLI/CLI.hpp>

#include "database.hpp"

namespace pgauth::tool {

namespace {

Result<DatabaseOptions> foreign_database(const char* option,
                                         const std::string& connection,
                                         const std::string& tls) {
    return database_options({.connection = connection, .tls = tls, .option = option});
}

Result<void> read_csv_files(const ForeignSources& sources, Plan& plan) {
    for (const std::string& file : sources.csv) {
        if (auto read = read_csv(file, sources.emqx_pbkdf2, plan); !read) {
            return read;
        }
    }
    return {};
}

}  // namespace

void add_foreign_options(CLI::App& command, ForeignSources& sources) {
    command
        .add_option("--go-auth-conf",
                    sources.go_auth_conf,
                    "The mosquitto.conf with mosquitto-go-auth or mosquitto-auth-plug on "
                    "PostgreSQL: runs its queries")
        ->type_name("FILE");
    command
        .add_option("--go-auth-users",
                    sources.go_auth_users,
                    "The query that lists its users, where the user query is not plain enough")
        ->type_name("SQL");
    command
        .add_option("--emqx",
                    sources.emqx,
                    "The database with EMQX's mqtt_user and mqtt_acl, as --connection")
        ->type_name("STRING");
    command
        .add_option("--emqx-pbkdf2",
                    sources.emqx_pbkdf2,
                    "How its hashes were made, where that is PBKDF2: sha256:4096, sha512:…")
        ->type_name("DIGEST:ITERATIONS");
    command
        .add_option("--vernemq",
                    sources.vernemq,
                    "The database with VerneMQ's vmq_auth_acl, as --connection")
        ->type_name("STRING");
    command
        .add_option("--csv",
                    sources.csv,
                    "Clients (username, secret, groups, …), or ACL entries (group, permission, "
                    "topic, …), by its header; may be repeated")
        ->type_name("FILE")
        ->expected(1)
        ->take_all();
}

Result<void> read_foreign(const ForeignSources& sources,
                          const std::string& tls,
                          Plan& plan,
                          const ReadProgress& progress) {
    const int named = static_cast<int>(!sources.go_auth_conf.empty()) +
                      static_cast<int>(sources.emqx.has_value()) +
                      static_cast<int>(sources.vernemq.has_value()) +
                      static_cast<int>(!sources.csv.empty());
    if (named > 1) {
        return fail(ErrorKind::invalid_input,
                    std::string(foreign_options) +
                        ": these are different sources: import one after the other");
    }
    if (!sources.go_auth_conf.empty()) {
        return read_go_auth(sources.go_auth_conf, sources.go_auth_users, plan, progress);
    }
    if (sources.emqx) {
        return foreign_database("--emqx", *sources.emqx, tls)
            .and_then([&](const DatabaseOptions& database) {
                return read_emqx(database, sources.emqx_pbkdf2, plan);
            });
    }
    if (sources.vernemq) {
        return foreign_database("--vernemq", *sources.vernemq, tls)
            .and_then(
                [&](const DatabaseOptions& database) { return read_vernemq(database, plan); });
    }
    return read_csv_files(sources, plan);
}

}  // namespace pgauth::tool
