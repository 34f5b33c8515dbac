// DatabaseOptions: which PostgreSQL to read, and how (`database:` in pgauth.yaml,
// `replica.file`). Thread safety: a value.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pgauth {

// Whether a server that is neither behind a socket nor on loopback must show a certificate
// that names it.
enum class DatabaseTls : std::uint8_t { verify_full, unverified };

struct DatabaseOptions {
    // A libpq URI or key=value string; empty where the PG* environment variables say it all.
    std::string connection;
    DatabaseTls tls = DatabaseTls::verify_full;
    // How often to look for changes where the database cannot notify. 100 ms to 1 h.
    std::chrono::milliseconds poll_interval{5000};
    // Where the last good copy of its tables is kept; empty: nowhere.
    std::string replica_file = {};
    // As `connection`, for what is written; empty: that one.
    std::string write_connection = {};

    bool operator==(const DatabaseOptions&) const = default;
};

// The same database, where it can be written to.
[[nodiscard]] inline DatabaseOptions for_writing(DatabaseOptions options) {
    if (!options.write_connection.empty()) {
        options.connection = options.write_connection;
    }
    return options;
}

}  // namespace pgauth
