#include "sync/secret_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/thread.hpp"
#include "password/hash_password.hpp"
#include "support/catch.hpp"
#include "support/test_database.hpp"
#include "support/waiting.hpp"

using namespace pgauth;
using namespace pgauth::testing;

namespace {

const std::string& stronger_secret() {
    static const std::string secret = hash_password(HashTarget::argon2id, "sesame").value();
    return secret;
}

// A client with a password, and who writes another hash of it.
class Site {
  public:
    explicit Site(const std::string& more = "SELECT mqtt_auth.allow_rehash(true)") {
        database.sql(
            fmt::format("SELECT mqtt_auth.create_client('press-7', secret => '{}'); {}",
                        sesame_secret,
                        more));
    }

    [[nodiscard]] std::string secret() {
        return database.value("SELECT secret FROM mqtt_auth.credentials");
    }

    [[nodiscard]] SecretSwap swap() {
        return {std::stoll(database.value("SELECT id FROM mqtt_auth.credentials")),
                sesame_secret,
                stronger_secret()};
    }

    TestDatabase database;
};

class WatchedWriter {
  public:
    explicit WatchedWriter(const DatabaseOptions& options) : writer_(options) {}

    SecretWriter* operator->() { return &writer_; }

    // As a verifier does, on a thread with file descriptors of its own.
    void add(SecretSwap swap) {
        start_thread("pgauth-verify", {}, [&] { writer_.add(std::move(swap)); }).join();
    }

    [[nodiscard]] std::size_t count(std::string_view part) {
        writer_.begin();
        writer_.log().drain(
            [this](LogLevel, const std::string& line) { lines_.push_back(line); });
        return static_cast<std::size_t>(
            std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
                CHECK(line.find(sesame_secret) == std::string::npos);
                CHECK(line.find(stronger_secret()) == std::string::npos);
                return line.find(part) != std::string::npos;
            }));
    }

    [[nodiscard]] bool says(std::string_view part) {
        return eventually([&] { return count(part) > 0; });
    }

  private:
    SecretWriter writer_;
    std::vector<std::string> lines_;
};

}  // namespace

TEST_CASE("a new hash is written where the old one is", "[postgres][rehash]") {
    Site site;
    WatchedWriter writer({.connection = site.database.connection()});
    CHECK(site.database.plugin_connections() == 0);
    writer.add(site.swap());
    REQUIRE(writer.says("has a new hash"));
    CHECK(site.secret() == stronger_secret());
    CHECK(site.database.value(
              "SELECT rehashed_from LIKE 'SHA256:%' FROM mqtt_auth.credentials") == "t");
}

TEST_CASE("what has changed meanwhile stays as it is", "[postgres][rehash]") {
    Site site;
    SecretSwap swap = site.swap();
    swap.old_secret = "$7$1$another";
    WatchedWriter writer({.connection = site.database.connection()});
    writer.add(swap);
    REQUIRE(writer.says("has changed meanwhile"));
    CHECK(site.secret() == sesame_secret);
}

TEST_CASE("without the privilege that is said once, and nothing changes until it is there",
          "[postgres][rehash]") {
    Site site("");
    WatchedWriter writer({.connection = site.database.connection()});
    writer.add(site.swap());
    REQUIRE(writer.says("mqtt_auth.allow_rehash(true)"));
    writer.add(site.swap());
    writer.add(site.swap());
    site.database.sql("SELECT mqtt_auth.allow_rehash(true)");
    REQUIRE(eventually([&] {
        writer.add(site.swap());
        return writer.count("has a new hash") > 0;
    }));
    CHECK(writer.count("allow_rehash") == 1);
    CHECK(site.secret() == stronger_secret());
}

TEST_CASE("a server that takes no changes is said, and write_connection is used",
          "[postgres][rehash]") {
    Site site;
    const std::string read_only =
        site.database.connection() + " options='-c default_transaction_read_only=on'";
    WatchedWriter reader({.connection = read_only});
    reader.add(site.swap());
    REQUIRE(reader.says("database.write_connection"));
    CHECK(site.secret() == sesame_secret);

    WatchedWriter writer(
        {.connection = read_only, .write_connection = site.database.connection()});
    writer.add(site.swap());
    REQUIRE(writer.says("has a new hash"));
}

TEST_CASE("a database that is away is waited for", "[postgres][rehash]") {
    Site site;
    const SecretSwap swap = site.swap();
    SqlSession admin = site.database.superuser();
    const std::string allow = "ALTER ROLE \"" +
                              site.database.value(
                                  "SELECT rolname FROM pg_roles WHERE "
                                  "pg_has_role(oid, 'mqtt_auth_broker', "
                                  "'member') AND rolcanlogin AND NOT rolsuper "
                                  "LIMIT 1") +
                              "\" ";
    admin.sql(allow + "CONNECTION LIMIT 0");
    WatchedWriter writer({.connection = site.database.connection()});
    writer.add(swap);
    const bool said = writer.says("the database is away");
    admin.sql(allow + "CONNECTION LIMIT -1");
    REQUIRE(said);
    REQUIRE(writer.says("has a new hash"));
    CHECK(writer.count("away") == 1);
    CHECK(site.secret() == stronger_secret());
}

TEST_CASE("the oldest is dropped where too many wait, and that is said once a minute",
          "[postgres][rehash]") {
    WatchedWriter writer({.connection = "host=/nowhere"});
    for (std::size_t i = 0; i < SecretWriter::longest_queue + 10; ++i) {
        writer.add({static_cast<std::int64_t>(i), sesame_secret, stronger_secret()});
    }
    CHECK(writer.says("1 new hashes were dropped"));
    CHECK(writer.count("were dropped") == 1);
}
