#include "store/pg_connection.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <fmt/format.h>
#include <vector>

#include <libpq-fe.h>

#include "store/binary_copy_reader.hpp"
#include "store/connection_attempts.hpp"

namespace pgauth {

namespace {

using std::chrono::milliseconds;

struct ResultClearer {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};

using OwnedResult = std::unique_ptr<PGresult, ResultClearer>;

// libpq's messages end in a line break, and may have several lines and tabs.
std::string one_line(const char* message) {
    std::string line;
    for (const char letter : std::string_view(message == nullptr ? "" : message)) {
        const bool blank = letter >= '\0' && letter <= ' ';
        if (!blank) {
            line += letter;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    if (!line.empty() && line.back() == ' ') {
        line.pop_back();
    }
    return line.empty() ? "no reason given" : line;
}

// What an administrator can do about it, for the errors that need an administrator.
std::string_view advice(std::string_view sqlstate) {
    if (sqlstate == "3F000" || sqlstate == "42P01" || sqlstate == "42703") {
        return ": is schema mqtt_auth installed in this database (psql -f "
               "schema/mqtt_auth.sql)?";
    }
    if (sqlstate == "42501") {
        return ": grant mqtt_auth_broker to the role that the broker connects as";
    }
    return "";
}

void for_each_row(const PGresult& result, const PgConnection::RowHandler& handle_row) {
    std::vector<std::optional<std::string_view>> row;
    for (int i = 0; i < PQntuples(&result); ++i) {
        row.clear();
        for (int column = 0; column < PQnfields(&result); ++column) {
            const std::string_view value(
                PQgetvalue(&result, i, column),
                static_cast<std::size_t>(PQgetlength(&result, i, column)));
            row.push_back(PQgetisnull(&result, i, column) != 0 ? std::nullopt
                                                               : std::optional(value));
        }
        handle_row(row);
    }
}

Error unavailable(std::string message) {
    return {ErrorKind::unavailable, std::move(message)};
}

pg_conn* start_connecting(const ConnectionParameters& parameters) {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    pg_conn* connection = PQconnectStartParams(keywords.data(), values.data(), 0);
    if (connection == nullptr) {
        throw std::bad_alloc();
    }
    return connection;
}

}  // namespace

void PgConnection::Closer::operator()(pg_conn* connection) const noexcept {
    assert(std::this_thread::get_id() == opener);
    PQfinish(connection);
}

PgConnection::PgConnection(pg_conn* connection, const Interrupt& interrupt)
    : connection_(connection, Closer{std::this_thread::get_id()}), interrupt_(&interrupt) {}

Result<PgConnection> PgConnection::open(const DatabaseOptions& options,
                                        const Interrupt& interrupt) {
    const auto parameters = connection_parameters(options);
    if (!parameters) {
        return tl::unexpected(parameters.error());
    }
    std::string problems;
    for (const ConnectionAttempt& attempt : connection_attempts(*parameters)) {
        PgConnection connection(start_connecting(attempt.parameters), interrupt);
        const auto established = connection.establish(attempt.timeout);
        if (established) {
            return connection;
        }
        // A host that is tried twice may say the same twice.
        const std::string& problem = established.error().message;
        if (problems.find(problem) == std::string::npos) {
            problems += (problems.empty() ? "" : "; ") + problem;
        }
        if (interrupt.wait(Interrupt::no_socket, Interrupt::Event::readable, milliseconds(0)) ==
            Interrupt::Outcome::raised) {
            break;
        }
    }
    return tl::unexpected(unavailable(problems));
}

Result<void> PgConnection::establish(std::chrono::seconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED || PQstatus(connection_.get()) == CONNECTION_BAD) {
            return tl::unexpected(unavailable(one_line(PQerrorMessage(connection_.get()))));
        }
        const auto left =
            std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left <= milliseconds(0)) {
            return tl::unexpected(unavailable(
                fmt::format("no answer from {} within {} s", server(), timeout.count())));
        }
        const auto event = next == PGRES_POLLING_READING ? Interrupt::Event::readable
                                                         : Interrupt::Event::writable;
        switch (interrupt_->wait(PQsocket(connection_.get()), event, left)) {
            case Interrupt::Outcome::ready:
                next = PQconnectPoll(connection_.get());
                break;
            case Interrupt::Outcome::raised:
                return tl::unexpected(unavailable("interrupted"));
            case Interrupt::Outcome::timed_out:
                break;
        }
    }
    if (PQsetnonblocking(connection_.get(), 1) != 0) {
        return tl::unexpected(unavailable(one_line(PQerrorMessage(connection_.get()))));
    }
    // Otherwise libpq prints notices to the broker's stderr.
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    return {};
}

Result<void> PgConnection::wait(Interrupt::Event event, milliseconds timeout) {
    switch (interrupt_->wait(PQsocket(connection_.get()), event, timeout)) {
        case Interrupt::Outcome::ready:
            return {};
        case Interrupt::Outcome::raised:
            return tl::unexpected(unavailable("interrupted"));
        case Interrupt::Outcome::timed_out:
            break;
    }
    return tl::unexpected(unavailable(
        fmt::format("no answer within {} s",
                    std::chrono::duration_cast<std::chrono::seconds>(timeout).count())));
}

Result<void> PgConnection::send_all() {
    for (;;) {
        const int left = PQflush(connection_.get());
        if (left == 0) {
            return {};
        }
        if (left < 0) {
            return tl::unexpected(failure(nullptr));
        }
        if (auto waited = wait(Interrupt::Event::writable, answer_timeout); !waited) {
            return waited;
        }
    }
}

Result<pg_result*> PgConnection::next_result(milliseconds timeout) {
    while (PQisBusy(connection_.get()) != 0) {
        if (auto waited = wait(Interrupt::Event::readable, timeout); !waited) {
            return tl::unexpected(waited.error());
        }
        if (PQconsumeInput(connection_.get()) == 0) {
            return tl::unexpected(failure(nullptr));
        }
    }
    return PQgetResult(connection_.get());
}

Result<void> PgConnection::query(const std::string& sql,
                                 const std::vector<std::string>& parameters,
                                 const RowHandler& handle_row) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const std::string& parameter : parameters) {
        values.push_back(parameter.c_str());
    }
    constexpr int text_format = 0;
    if (PQsendQueryParams(connection_.get(),
                          sql.c_str(),
                          static_cast<int>(values.size()),
                          nullptr,
                          values.data(),
                          nullptr,
                          nullptr,
                          text_format) == 0 ||
        PQsetSingleRowMode(connection_.get()) == 0) {
        return tl::unexpected(failure(nullptr));
    }
    if (auto sent = send_all(); !sent) {
        return sent;
    }
    for (;;) {
        const auto next = next_result();
        if (!next) {
            return tl::unexpected(next.error());
        }
        const OwnedResult result(*next);
        if (result == nullptr) {
            return {};
        }
        const ExecStatusType status = PQresultStatus(result.get());
        if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK &&
            status != PGRES_COMMAND_OK) {
            const Error refused = failure(result.get());
            if (status == PGRES_FATAL_ERROR) {
                drop_results();
            }
            return tl::unexpected(refused);
        }
        for_each_row(*result, handle_row);
    }
}

void PgConnection::drop_results() {
    for (;;) {
        const auto next = next_result();
        if (!next || *next == nullptr) {
            return;
        }
        const OwnedResult result(*next);
    }
}

Result<void> PgConnection::run_script(const std::string& statements) {
    constexpr std::chrono::hours as_long_as_it_takes{240};
    if (PQsendQuery(connection_.get(), statements.c_str()) == 0) {
        return tl::unexpected(failure(nullptr));
    }
    if (auto sent = send_all(); !sent) {
        return sent;
    }
    for (;;) {
        const auto next = next_result(as_long_as_it_takes);
        if (!next) {
            return tl::unexpected(next.error());
        }
        const OwnedResult result(*next);
        if (result == nullptr) {
            return {};
        }
        const ExecStatusType status = PQresultStatus(result.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
            status != PGRES_EMPTY_QUERY) {
            return tl::unexpected(failure(result.get()));
        }
    }
}

Result<void> PgConnection::expect_copy_out() {
    if (auto sent = send_all(); !sent) {
        return sent;
    }
    const auto next = next_result();
    if (!next) {
        return tl::unexpected(next.error());
    }
    const OwnedResult result(*next);
    if (result == nullptr || PQresultStatus(result.get()) != PGRES_COPY_OUT) {
        return tl::unexpected(failure(result.get()));
    }
    return {};
}

Result<void> PgConnection::copy_out(const std::string& select, const RowHandler& handle_row) {
    const std::string sql = "COPY (" + select + ") TO STDOUT (FORMAT binary)";
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
        return tl::unexpected(failure(nullptr));
    }
    if (auto begun = expect_copy_out(); !begun) {
        return begun;
    }
    BinaryCopyReader reader;
    for (;;) {
        char* buffer = nullptr;
        const int length = PQgetCopyData(connection_.get(), &buffer, 1);
        const std::unique_ptr<char, decltype(&PQfreemem)> owned(buffer, &PQfreemem);
        if (length > 0) {
            if (!reader.read({buffer, static_cast<std::size_t>(length)}, handle_row)) {
                return tl::unexpected(unavailable("rows came in a form that is not COPY's"));
            }
        } else if (length == 0) {
            if (auto waited = wait(Interrupt::Event::readable, answer_timeout); !waited) {
                return waited;
            }
            if (PQconsumeInput(connection_.get()) == 0) {
                return tl::unexpected(failure(nullptr));
            }
        } else {
            break;
        }
    }
    return finish_copy_out();
}

// What comes last says whether all came.
Result<void> PgConnection::finish_copy_out() {
    for (;;) {
        const auto next = next_result();
        if (!next) {
            return tl::unexpected(next.error());
        }
        const OwnedResult result(*next);
        if (result == nullptr) {
            return {};
        }
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
            return tl::unexpected(failure(result.get()));
        }
    }
}

Result<void> PgConnection::execute(const std::string& sql) {
    return query(sql, {}, [](const Row&) {});
}

Result<bool> PgConnection::wait_for_notification(milliseconds timeout) {
    const auto take_all = [this] {
        bool any = false;
        while (PGnotify* notification = PQnotifies(connection_.get())) {
            PQfreemem(notification);
            any = true;
        }
        return any;
    };
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!take_all()) {
        const auto left =
            std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        switch (interrupt_->wait(PQsocket(connection_.get()),
                                 Interrupt::Event::readable,
                                 std::max(left, milliseconds(0)))) {
            case Interrupt::Outcome::timed_out:
                return false;
            case Interrupt::Outcome::raised:
                return tl::unexpected(unavailable("interrupted"));
            case Interrupt::Outcome::ready:
                break;
        }
        if (PQconsumeInput(connection_.get()) == 0) {
            return tl::unexpected(failure(nullptr));
        }
    }
    return true;
}

std::string PgConnection::server() const {
    const std::string host = PQhost(connection_.get());
    return host.empty() || host.front() == '/'
               ? fmt::format("{}/.s.PGSQL.{}", host, PQport(connection_.get()))
               : fmt::format("{}:{}", host, PQport(connection_.get()));
}

Error PgConnection::failure(const pg_result* result) const {
    if (result == nullptr) {
        return unavailable(one_line(PQerrorMessage(connection_.get())));
    }
    const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return unavailable(one_line(primary != nullptr ? primary : PQresultErrorMessage(result)) +
                       std::string(advice(sqlstate == nullptr ? "" : sqlstate)));
}

}  // namespace pgauth
