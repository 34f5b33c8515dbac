#include "store/connection_attempts.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/pg_environment.hpp"

using namespace pgauth;
using pgauth::testing::PgEnvironment;
using std::chrono::seconds;

namespace {

std::vector<ConnectionAttempt> attempts_of(const std::string& connection) {
    const auto parameters =
        connection_parameters({.connection = connection, .tls = DatabaseTls::unverified});
    INFO(connection);
    REQUIRE(parameters);
    return connection_attempts(*parameters);
}

// As `host hostaddr port`, `-` where that is left to libpq.
std::string server_of(const ConnectionAttempt& attempt) {
    std::string server;
    for (const char* keyword : {"host", "hostaddr", "port"}) {
        const auto found = attempt.parameters.find(keyword);
        server += (server.empty() ? "" : " ") +
                  (found == attempt.parameters.end() ? "-" : found->second);
    }
    return server;
}

std::vector<std::string> servers_of(const std::string& connection) {
    std::vector<std::string> servers;
    for (const ConnectionAttempt& attempt : attempts_of(connection)) {
        servers.push_back(server_of(attempt));
    }
    return servers;
}

}  // namespace

TEST_CASE("each host of a list is an attempt of its own, in the order of the list", "[store]") {
    struct Row {
        std::map<std::string, std::string> environment;
        std::string connection;
        std::vector<std::string> servers;
    };

    const std::vector<Row> rows{
        {{}, "dbname=mqtt", {"- - -"}},
        {{}, "host=a", {"a - -"}},
        {{}, "host=a port=1", {"a - 1"}},
        {{}, "host=a,b", {"a - -", "b - -"}},
        {{}, "host=a,b port=1", {"a - 1", "b - 1"}},
        {{}, "host=a,b port=1,2", {"a - 1", "b - 2"}},
        {{}, "host=a,b,c port=1,,3", {"a - 1", "b - 5432", "c - 3"}},
        {{}, "host=a,/run/postgresql port=1,2", {"a - 1", "/run/postgresql - 2"}},
        {{}, "host=a,a port=1,2", {"a - 1", "a - 2"}},
        {{}, "hostaddr=10.0.0.1,10.0.0.2", {"- 10.0.0.1 -", "- 10.0.0.2 -"}},
        {{}, "host=a,b hostaddr=10.0.0.1,10.0.0.2", {"a 10.0.0.1 -", "b 10.0.0.2 -"}},
        {{}, "host=a,b hostaddr=10.0.0.1,", {"a 10.0.0.1 -", "b  -"}},
        {{}, "postgresql://a,b/mqtt", {"a - 5432", "b - 5432"}},
        {{}, "postgresql://a,b:2/mqtt", {"a - 5432", "b - 2"}},
        {{}, "postgresql://[::1]:1,b:2/mqtt", {"::1 - 1", "b - 2"}},
        {{{"PGHOST", "a,b"}}, "", {"a - -", "b - -"}},
        {{{"PGHOST", "a,b"}}, "host=''", {"a - -", "b - -"}},
        {{{"PGHOST", "a,b"}, {"PGPORT", "1,2"}}, "dbname=mqtt", {"a - 1", "b - 2"}},
        {{{"PGHOST", "a,b"}}, "host=c", {"c - -"}},
        {{{"PGPORT", "1"}}, "host=a,b", {"a - 1", "b - 1"}},
        {{{"PGPORT", "1"}}, "host=a,b port=2,", {"a - 2", "b - 5432"}},
        {{{"PGHOSTADDR", "10.0.0.1,10.0.0.2"}}, "host=a,b", {"a 10.0.0.1 -", "b 10.0.0.2 -"}},
    };
    for (const Row& row : rows) {
        const PgEnvironment environment(row.environment);
        INFO(row.connection);
        CHECK(servers_of(row.connection) == row.servers);
    }
}

TEST_CASE("what cannot be taken apart is left to libpq as it is", "[store]") {
    struct Row {
        std::map<std::string, std::string> environment;
        std::string connection;
        std::string server;
    };

    const std::vector<Row> rows{
        {{}, "host=a,b port=1,2,3", "a,b - 1,2,3"},
        {{}, "host=a,b,c port=1,2", "a,b,c - 1,2"},
        {{}, "host=a port=1,2", "a - 1,2"},
        {{}, "host=a,b hostaddr=10.0.0.1", "a,b 10.0.0.1 -"},
        {{}, "host=a,", "a, - -"},
        {{}, "host=,", ", - -"},
        {{{"PGHOST", "a,b"}, {"PGSERVICE", "mqtt"}}, "", "- - -"},
        {{{"PGHOST", "a,b"}}, "service=mqtt", "- - -"},
    };
    for (const Row& row : rows) {
        const PgEnvironment environment(row.environment);
        INFO(row.connection);
        CHECK(servers_of(row.connection) == std::vector{row.server});
    }
}

TEST_CASE("hosts in the string count beside a service", "[store]") {
    const PgEnvironment none;
    CHECK(servers_of("service=mqtt host=a,b") == std::vector<std::string>{"a - -", "b - -"});
}

TEST_CASE("everything else is the same in every attempt", "[store]") {
    const PgEnvironment none;
    const std::string rest = "dbname=mqtt password=hunter2 target_session_attrs=read-write ";
    for (ConnectionAttempt& attempt : attempts_of(rest + "host=a,b port=1,2")) {
        attempt.parameters.erase("host");
        attempt.parameters.erase("port");
        CHECK(attempt.parameters == attempts_of(rest)[0].parameters);
    }
}

TEST_CASE("each host has its own time, of 1 to 10 s", "[store]") {
    const std::vector<std::pair<std::string, seconds>> rows{
        {"", seconds(10)},
        {"connect_timeout=1", seconds(1)},
        {"connect_timeout=3", seconds(3)},
        {"connect_timeout=10", seconds(10)},
        {"connect_timeout=11", seconds(10)},
        {"connect_timeout=99999999999999999999", seconds(10)},
        {"connect_timeout=0", seconds(10)},
        {"connect_timeout=-1", seconds(10)},
        {"connect_timeout=''", seconds(10)},
        {"connect_timeout=soon", seconds(10)},
    };
    const PgEnvironment none;
    for (const auto& [text, timeout] : rows) {
        INFO(text);
        for (const std::string hosts : {" host=a", " host=a,b"}) {
            for (const ConnectionAttempt& attempt : attempts_of(text + hosts)) {
                CHECK(attempt.timeout == timeout);
            }
        }
    }
}

TEST_CASE("prefer-standby tries all as standbys first", "[store]") {
    const PgEnvironment environment(
        PgEnvironment::Variables{{"PGTARGETSESSIONATTRS", "prefer-standby"}});
    for (const std::string said : {"", " target_session_attrs=prefer-standby"}) {
        std::vector<std::string> tried;
        for (const ConnectionAttempt& attempt : attempts_of("host=a,b" + said)) {
            tried.push_back(attempt.parameters.at("host") + " " +
                            attempt.parameters.at("target_session_attrs"));
        }
        CHECK(tried == std::vector<std::string>{"a standby", "b standby", "a any", "b any"});
    }
    CHECK(attempts_of("host=a").size() == 1);
    CHECK(attempts_of("host=a,b target_session_attrs=primary").size() == 2);
}

TEST_CASE("load balancing tries all, in any order", "[store]") {
    const PgEnvironment environment(PgEnvironment::Variables{{"PGLOADBALANCEHOSTS", "random"}});
    std::set<std::vector<std::string>> orders;
    for (int i = 0; i < 100; ++i) {
        auto servers = servers_of("host=a,b");
        orders.insert(servers);
        std::sort(servers.begin(), servers.end());
        CHECK(servers == std::vector<std::string>{"a - -", "b - -"});
    }
    CHECK(orders.size() == 2);
}
