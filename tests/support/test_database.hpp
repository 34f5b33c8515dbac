// TestDatabase: a database of its own for one test, with the schema in it.
//
//   TestDatabase database;
//   database.sql("SELECT mqtt_auth.create_group('presses')");
//   ReplicaFeed feed({.connection = database.connection()});
//   SqlSession other = database.session();             // for transactions that stay open
//
// REQUIRES: the process runs under tests/support/with_postgres; else the constructor says so.
// Thread safety: none; sessions are independent of each other.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace pgauth::testing {

// What a statement selected, as text; null is none.
using SqlRow = std::vector<std::optional<std::string>>;

// As a literal of SQL.
[[nodiscard]] std::string quote_literal(const std::string& text);

class SqlSession {
  public:
    // `connection`: for libpq, completed by PG*.
    explicit SqlSession(const std::string& connection);

    // Runs one statement or several, and gives the rows of the last. Throws where one fails.
    // NOLINTNEXTLINE(modernize-use-nodiscard): most statements select nothing
    std::vector<SqlRow> sql(const std::string& text);

    // The first column of the only row.
    [[nodiscard]] std::string value(const std::string& text);

  private:
    struct Closer {
        void operator()(pg_conn* connection) const noexcept;
    };

    std::unique_ptr<pg_conn, Closer> connection_;
};

class TestDatabase {
  public:
    TestDatabase();

    // Drops it, whoever is connected.
    ~TestDatabase();

    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;
    TestDatabase(TestDatabase&&) = delete;
    TestDatabase& operator=(TestDatabase&&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    // What the plugin is told to connect with.
    [[nodiscard]] std::string connection() const;
    [[nodiscard]] std::string connection_as(const std::string& role) const;

    // As the owner of the database, in a session of its own.
    std::vector<SqlRow> sql(const std::string& text);
    [[nodiscard]] std::string value(const std::string& text);

    [[nodiscard]] SqlSession session() const;
    [[nodiscard]] SqlSession superuser() const;

    // With every constraint and every ordinary trigger of the schema out of the way: what a
    // careless restore can do. Change triggers fire always.
    void force(const std::string& text);

    // How many connections the plugin has here, and how many of them wait for a lock.
    [[nodiscard]] int plugin_connections();
    [[nodiscard]] int plugin_waits_for_lock();

    // As an administrator's `pg_terminate_backend`.
    void terminate_plugin_connections();

    // Makes it anew, empty but for the schema: another database behind the same name.
    void recreate();

  private:
    void create();
    void drop();

    std::string name_;
    SqlSession admin_;
    std::optional<SqlSession> owner_;
};

// Of password "sesame", cheap to check.
inline constexpr const char* sesame_secret =
    "$7$101$bW9zcXVpdHRvLXBn$Ae/ij8GwRDjPib7rh8k0bVCym3/AAMBWawvGSMIP4xuWAtb79OisY5/"
    "jkBpl3imQ/lE0rFCWQNlCi9vVesvV3g==";

}  // namespace pgauth::testing
