// PgConnection: one connection to PostgreSQL, none of whose waits lasts longer than it was
// told.
//
//   auto connection = PgConnection::open(options, interrupt);
//   connection->query("SELECT name FROM mqtt_auth.broker_groups", [&](const Row& row) { … });
//   connection->wait_for_notification(5s)       // true where something was notified
//
// After an error the connection is of no more use: open another one. But where the server
// refused what query() or execute() asked, `ROLLBACK TO SAVEPOINT …` still works.
// Rows arrive one by one; a Row is valid only during the call.
// Thread safety: none; one owner, and its socket is that of the thread that opened it
// (base/thread.hpp): it ends there. The Interrupt may be raised from anywhere.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "store/database_options.hpp"
#include "store/interrupt.hpp"

struct pg_conn;
struct pg_result;

namespace pgauth {

class PgConnection {
  public:
    using Row = std::span<const std::optional<std::string_view>>;  // none: SQL null
    using RowHandler = std::function<void(const Row&)>;

    // For the next bytes of an answer.
    static constexpr std::chrono::seconds answer_timeout{30};

    // Tries each host in turn (store/connection_attempts.hpp).
    // REQUIRES: `interrupt` outlives the connection.
    [[nodiscard]] static Result<PgConnection> open(const DatabaseOptions& options,
                                                   const Interrupt& interrupt);

    // Runs one statement. `parameters` are texts for $1, $2, …
    [[nodiscard]] Result<void> query(const std::string& sql,
                                     const std::vector<std::string>& parameters,
                                     const RowHandler& handle_row);
    [[nodiscard]] Result<void> execute(const std::string& sql);

    // Runs statements that are separated by semicolons, as psql does with a file; waits for
    // each as long as it takes. What they select is dropped.
    [[nodiscard]] Result<void> run_script(const std::string& statements);

    // All rows of a SELECT without parameters whose columns are all text, by COPY in binary
    // form: several times as fast as query() for many rows.
    [[nodiscard]] Result<void> copy_out(const std::string& select,
                                        const RowHandler& handle_row);

    // Waits until a notification arrives (true) or the time is over (false).
    // Takes all that have arrived.
    [[nodiscard]] Result<bool> wait_for_notification(std::chrono::milliseconds timeout);

    // `host:port` or the socket's path, for the log.
    [[nodiscard]] std::string server() const;

  private:
    struct Closer {
        std::thread::id opener;
        void operator()(pg_conn* connection) const noexcept;
    };

    PgConnection(pg_conn* connection, const Interrupt& interrupt);

    [[nodiscard]] Result<void> establish(std::chrono::seconds timeout);
    [[nodiscard]] Result<void> wait(Interrupt::Event event, std::chrono::milliseconds timeout);
    [[nodiscard]] Result<void> send_all();
    [[nodiscard]] Result<pg_result*> next_result(
        std::chrono::milliseconds timeout = answer_timeout);
    void drop_results();
    [[nodiscard]] Result<void> expect_copy_out();
    [[nodiscard]] Result<void> finish_copy_out();
    [[nodiscard]] Error failure(const pg_result* result) const;

    std::unique_ptr<pg_conn, Closer> connection_;
    const Interrupt* interrupt_;
};

}  // namespace pgauth
