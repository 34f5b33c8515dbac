#include "store/connection_parameters.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/pg_environment.hpp"

using pgauth::connection_parameters;
using pgauth::DatabaseTls;
using pgauth::ErrorKind;
using pgauth::testing::PgEnvironment;

namespace {

std::map<std::string, std::string> parameters_of(const std::string& connection,
                                                 DatabaseTls tls = DatabaseTls::verify_full) {
    const auto parameters = connection_parameters({.connection = connection, .tls = tls});
    INFO(connection);
    REQUIRE(parameters);
    return {parameters->begin(), parameters->end()};
}

}  // namespace

TEST_CASE("a server that is not on this machine must show a certificate that names it",
          "[store]") {
    const PgEnvironment none;
    for (const std::string connection : {"host=db.example",
                                         "postgresql://broker@db.example/mqtt",
                                         "host=10.1.2.3",
                                         "host=2001:db8::1",
                                         "hostaddr=10.1.2.3",
                                         "host=localhost hostaddr=10.1.2.3",
                                         "host=db.example hostaddr=127.0.0.1",
                                         "host=localhost,db.example",
                                         "host=/run/postgresql,db.example",
                                         "postgresql://db1.example,db2.example/mqtt",
                                         "host=localhost.evil.example",
                                         "host=127.evil.example",
                                         "host=127.0.0.1.evil.example",
                                         "service=mqtt",
                                         "host=db.example sslmode=verify-full"}) {
        INFO(connection);
        CHECK(parameters_of(connection)["sslmode"] == "verify-full");
    }
}

TEST_CASE("a server behind a socket or on loopback need not use TLS", "[store]") {
    const PgEnvironment none;
    for (const std::string connection : {"",
                                         "dbname=mqtt",
                                         "postgresql:///mqtt",
                                         "host=/run/postgresql",
                                         "host=@postgresql",
                                         "host=localhost",
                                         "host=127.0.0.1",
                                         "host=127.1.2.3",
                                         "host=::1",
                                         "postgresql://[::1]/mqtt",
                                         "host=localhost,/run/postgresql,::1",
                                         "host=localhost hostaddr=127.0.0.1"}) {
        INFO(connection);
        CHECK_FALSE(parameters_of(connection).contains("sslmode"));
    }
    CHECK(parameters_of("host=localhost sslmode=disable")["sslmode"] == "disable");
}

TEST_CASE("asking for less than a verified server is an error, not a downgrade", "[store]") {
    const PgEnvironment none;
    for (const std::string mode :
         {"disable", "allow", "prefer", "require", "verify-ca", "verify_full", ""}) {
        INFO(mode);
        const auto parameters =
            connection_parameters({.connection = "host=db.example sslmode='" + mode + "'"});
        if (mode.empty()) {
            CHECK(parameters);  // as if it were not there
            continue;
        }
        REQUIRE_FALSE(parameters);
        CHECK(parameters.error().kind == ErrorKind::invalid_input);
        CHECK(parameters.error().message ==
              "sslmode `" + mode +
                  "` does not verify the server: use sslmode=verify-full, or write "
                  "database.tls: unverified");
    }
    CHECK_FALSE(connection_parameters({.connection = "postgresql://db.example/?ssl=true"}));
}

TEST_CASE("unverified, written out, leaves sslmode alone", "[store]") {
    const PgEnvironment none;
    constexpr auto unverified = DatabaseTls::unverified;
    CHECK_FALSE(parameters_of("host=db.example", unverified).contains("sslmode"));
    CHECK(parameters_of("host=db.example sslmode=disable", unverified)["sslmode"] == "disable");
}

TEST_CASE("what the string leaves open the PG* variables say", "[store]") {
    struct Row {
        std::map<std::string, std::string> environment;
        std::string connection;
        std::optional<std::string> sslmode;  // nothing: refused; empty: not set
    };

    const std::vector<Row> rows{
        {{{"PGHOST", "db.example"}}, "dbname=mqtt", "verify-full"},
        {{{"PGHOST", "db.example"}}, "host=localhost", ""},
        {{{"PGHOST", "db.example"}}, "host=''", "verify-full"},  // as if it were not there
        {{{"PGHOST", "/run/postgresql"}}, "", ""},
        {{{"PGHOSTADDR", "10.1.2.3"}}, "host=localhost", "verify-full"},
        {{{"PGSERVICE", "mqtt"}}, "host=localhost", "verify-full"},
        {{{"PGSSLMODE", "require"}}, "host=db.example", std::nullopt},
        {{{"PGSSLMODE", "require"}}, "host=localhost", ""},
        {{{"PGSSLMODE", "verify-full"}}, "host=db.example", ""},  // libpq reads it itself
        {{{"PGSSLMODE", "require"}}, "host=db.example sslmode=verify-full", "verify-full"},
        {{{"PGSSLMODE", "verify-full"}}, "host=db.example sslmode=require", std::nullopt},
    };
    for (const Row& row : rows) {
        INFO(row.connection << " sslmode " << row.sslmode.value_or("refused"));
        const PgEnvironment environment(row.environment);
        const auto parameters = connection_parameters({.connection = row.connection});
        REQUIRE(parameters.has_value() == row.sslmode.has_value());
        if (parameters) {
            const std::map<std::string, std::string> by_name(parameters->begin(),
                                                             parameters->end());
            const auto sslmode = by_name.find("sslmode");
            CHECK((sslmode == by_name.end() ? "" : sslmode->second) == row.sslmode);
        }
    }
}

TEST_CASE("what the plugin adds gives way to what the string says", "[store]") {
    const PgEnvironment none;
    const auto defaults = parameters_of("dbname=mqtt");
    CHECK(defaults.at("dbname") == "mqtt");
    CHECK(defaults.at("application_name") == "mosquitto-pgauth");
    CHECK(defaults.at("client_encoding") == "UTF8");
    CHECK(defaults.at("connect_timeout") == "10");
    const auto said =
        parameters_of("postgresql://u@localhost/mqtt?application_name=x&connect_timeout=3");
    CHECK(said.at("user") == "u");
    CHECK(said.at("application_name") == "x");
    CHECK(said.at("connect_timeout") == "3");
    CHECK(said.at("client_encoding") == "UTF8");
}

TEST_CASE("no error shows the connection string, which may hold a password", "[store]") {
    const PgEnvironment none;
    for (const std::string connection :
         {"host=db.example password=hunter2 colour=red",
          "host=db.example password=hunter2 colour",
          "password='hunter2",
          "hunter2",
          "postgresql://broker:hunter2@[db.example/mqtt",
          "postgresql://broker:hunter2@db.example/mqtt?colour=red",
          "postgresql://broker:%zzhunter2@db.example/mqtt",
          "postgresql://broker:hunter2@db.example/mqtt?sslmode=require"}) {
        INFO(connection);
        const auto parameters = connection_parameters({.connection = connection});
        REQUIRE_FALSE(parameters);
        CHECK(parameters.error().kind == ErrorKind::invalid_input);
        CHECK(parameters.error().message.find("hunter2") == std::string::npos);
    }
}
