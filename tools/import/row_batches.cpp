#include "import/row_batches.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pgauth::tool {

namespace {

// One column of the rows as the text of an array.
std::string array_of(const std::vector<RowBatches::Row>& rows,
                     std::size_t first,
                     std::size_t last,
                     std::size_t column) {
    std::string text = "{";
    for (std::size_t row = first; row < last; ++row) {
        if (row > first) {
            text += ',';
        }
        const std::optional<std::string>& value = rows[row][column];
        if (!value) {
            text += "NULL";
            continue;
        }
        text += '"';
        for (const char letter : *value) {
            if (letter == '"' || letter == '\\') {
                text += '\\';
            }
            // PostgreSQL has no NUL; a parameter would end there. The constraints refuse both.
            text += letter == '\0' ? '\1' : letter;
        }
        text += '"';
    }
    text += '}';
    return text;
}

}  // namespace

Result<void> RowBatches::run(const std::string& statement,
                             const RowHandler& answer,
                             const RowHandler& refused,
                             const Progress& progress) {
    for (std::size_t first = 0; first < rows_.size(); first += rows_a_statement) {
        const std::size_t last = std::min(first + rows_a_statement, rows_.size());
        if (auto ran = run_rows(statement, first, last, answer, refused); !ran) {
            return ran;
        }
        progress(last);
    }
    return {};
}

Result<void> RowBatches::run_rows(const std::string& statement,
                                  std::size_t first,
                                  std::size_t last,
                                  const RowHandler& answer,
                                  const RowHandler& refused) {
    if (auto saved = connection_.execute("SAVEPOINT pgauth_rows"); !saved) {
        return saved;
    }
    auto ran = ask(statement, first, last, answer);
    if (ran) {
        return connection_.execute("RELEASE SAVEPOINT pgauth_rows");
    }
    if (!connection_.execute("ROLLBACK TO SAVEPOINT pgauth_rows")) {
        return ran;  // not the rows: the server is gone
    }
    if (last - first == 1) {
        refused(rows_[first], ran.error().message);
        return {};
    }
    const std::size_t middle = first + ((last - first) / 2);
    if (auto half = run_rows(statement, first, middle, answer, refused); !half) {
        return half;
    }
    return run_rows(statement, middle, last, answer, refused);
}

Result<void> RowBatches::ask(const std::string& statement,
                             std::size_t first,
                             std::size_t last,
                             const RowHandler& answer) {
    std::vector<std::string> parameters;
    for (std::size_t column = 0; column < rows_[first].size(); ++column) {
        parameters.push_back(array_of(rows_, first, last, column));
    }
    // Kept until the statement has ended well: one that fails may have answered before.
    std::vector<std::pair<std::size_t, std::string>> answers;
    auto asked = connection_.query(statement, parameters, [&](const PgConnection::Row& row) {
        std::size_t number = 0;
        const std::string_view digits = row[0].value_or("");
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        answers.emplace_back(first + number - 1, std::string(row[1].value_or("")));
    });
    if (asked) {
        for (const auto& [index, text] : answers) {
            answer(rows_.at(index), text);
        }
    }
    return asked;
}

}  // namespace pgauth::tool
