// RowBatches: rows of one table on their way into the database, thousands a statement.
//
//   RowBatches batches(connection, {{"text", "boolean"}, insert, quote_first});
//   batches.add({"press-7", "true"});
//   const auto ran = batches.run(answer, refused, progress);
//
// A statement gets one array a column, in order ($1::text[], …), and answers with a row for
// whatever it has to say about one of them: its number in the arrays, from 1 on, and a text.
// A batch that the server refuses is tried in halves, so that each row which is refused is
// found, with the message that it alone gives.
//
// The mistake to avoid: taking refused rows for errors. An error is a server that has gone.
// Thread safety: none; one owner of the connection.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/pg_connection.hpp"

namespace pgauth::tool {

class RowBatches {
  public:
    using Row = std::vector<std::optional<std::string>>;
    using RowHandler = std::function<void(const Row&, std::string_view text)>;
    using Progress = std::function<void(std::size_t done)>;

    // As PgConnection::answer_timeout allows for, on a slow disk.
    static constexpr std::size_t rows_a_statement = 4000;

    // REQUIRES: `connection` outlives it.
    explicit RowBatches(PgConnection& connection) : connection_(connection) {}

    void add(Row row) { rows_.push_back(std::move(row)); }

    [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }

    // REQUIRES: in a transaction; `statement` reads all columns of the rows.
    [[nodiscard]] Result<void> run(const std::string& statement,
                                   const RowHandler& answer,
                                   const RowHandler& refused,
                                   const Progress& progress);

  private:
    [[nodiscard]] Result<void> run_rows(const std::string& statement,
                                        std::size_t first,
                                        std::size_t last,
                                        const RowHandler& answer,
                                        const RowHandler& refused);
    [[nodiscard]] Result<void> ask(const std::string& statement,
                                   std::size_t first,
                                   std::size_t last,
                                   const RowHandler& answer);

    PgConnection& connection_;
    std::vector<Row> rows_;
};

}  // namespace pgauth::tool
