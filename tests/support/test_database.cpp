#include "support/test_database.hpp"

#include <atomic>
#include <cstdlib>
#include <fmt/format.h>
#include <stdexcept>
#include <unistd.h>

#include <libpq-fe.h>

namespace pgauth::testing {

namespace {

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) {
        throw std::runtime_error(fmt::format(
            "{} is not set: run this test through tests/support/with_postgres", name));
    }
    return value;
}

std::string new_name() {
    static std::atomic<int> last{0};
    return fmt::format("test_{}_{}", getpid(), ++last);
}

}  // namespace

std::string quote_literal(const std::string& text) {
    std::string quoted = "'";
    for (const char letter : text) {
        quoted += letter == '\'' ? "''" : std::string(1, letter);
    }
    return quoted + "'";
}

// --- SqlSession ---------------------------------------------------------------------------

void SqlSession::Closer::operator()(pg_conn* connection) const noexcept {
    PQfinish(connection);
}

SqlSession::SqlSession(const std::string& connection)
    : connection_(PQconnectdb(connection.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
}

std::vector<SqlRow> SqlSession::sql(const std::string& text) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQexec(connection_.get(), text.c_str()), &PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        throw std::runtime_error(text + ": " + PQerrorMessage(connection_.get()));
    }
    std::vector<SqlRow> rows;
    for (int i = 0; i < PQntuples(result.get()); ++i) {
        SqlRow row;
        for (int column = 0; column < PQnfields(result.get()); ++column) {
            row.push_back(
                PQgetisnull(result.get(), i, column) != 0
                    ? std::nullopt
                    : std::optional<std::string>(PQgetvalue(result.get(), i, column)));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string SqlSession::value(const std::string& text) {
    return sql(text).at(0).at(0).value();
}

// --- TestDatabase -------------------------------------------------------------------------

TestDatabase::TestDatabase() : name_(new_name()), admin_("") {
    create();
}

TestDatabase::~TestDatabase() {
    try {
        drop();
    } catch (const std::exception&) {
        // It goes with its PostgreSQL.
        return;
    }
}

void TestDatabase::create() {
    admin_.sql(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE {}",
                           name_,
                           from_environment("PGAUTH_OWNER"),
                           from_environment("PGAUTH_TEMPLATE")));
    owner_.emplace(session());
}

void TestDatabase::drop() {
    owner_.reset();
    admin_.sql(fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
}

void TestDatabase::recreate() {
    drop();
    create();
}

std::string TestDatabase::connection() const {
    return connection_as(from_environment("PGAUTH_PLUGIN_ROLE"));
}

std::string TestDatabase::connection_as(const std::string& role) const {
    return fmt::format("dbname={} user={}", name_, role);
}

std::vector<SqlRow> TestDatabase::sql(const std::string& text) {
    return owner_->sql(text);
}

std::string TestDatabase::value(const std::string& text) {
    return owner_->value(text);
}

SqlSession TestDatabase::session() const {
    return SqlSession(connection_as(from_environment("PGAUTH_OWNER")));
}

SqlSession TestDatabase::superuser() const {
    return SqlSession("dbname=" + name_);
}

void TestDatabase::force(const std::string& text) {
    SqlSession careless = superuser();
    careless.sql(R"(
        DO $$
        DECLARE c record;
        BEGIN
            FOR c IN SELECT conname, conrelid::regclass AS relation FROM pg_constraint
                     WHERE connamespace = 'mqtt_auth'::regnamespace AND contype = 'c' LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.relation, c.conname);
            END LOOP;
        END $$;
        SET session_replication_role = replica;)");
    careless.sql(text);
}

int TestDatabase::plugin_connections() {
    return std::stoi(admin_.value(
        fmt::format("SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND "
                    "application_name = 'mosquitto-pgauth'",
                    name_)));
}

int TestDatabase::plugin_waits_for_lock() {
    return std::stoi(admin_.value(
        fmt::format("SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND "
                    "application_name = 'mosquitto-pgauth' AND wait_event_type = 'Lock'",
                    name_)));
}

void TestDatabase::terminate_plugin_connections() {
    admin_.sql(
        fmt::format("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                    "datname = '{}' AND application_name = 'mosquitto-pgauth'",
                    name_));
}

}  // namespace pgauth::testing
