// BinaryCopyReader: the rows in what COPY … TO STDOUT (FORMAT binary) sends.
//
//   BinaryCopyReader reader;
//   while (a message comes) reader.read(message, [](BinaryCopyReader::Row row) { … });
//
// The server sends one message a row, the first of them with the header before it, and a last
// one that ends the rows. A column of type text is its bytes.
//
// Source: PostgreSQL's manual, COPY, "Binary Format".
// Thread safety: none; one owner.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace pgauth {

class BinaryCopyReader {
  public:
    using Row = std::span<const std::optional<std::string_view>>;  // valid during the call
    using RowHandler = std::function<void(const Row&)>;

    // Calls `handle_row` with every row in `message`. False where it is malformed.
    [[nodiscard]] bool read(std::string_view message, const RowHandler& handle_row);

  private:
    [[nodiscard]] bool read_header(std::string_view& message);
    [[nodiscard]] bool read_row(std::string_view& message, const RowHandler& handle_row);

    bool header_seen_ = false;
    std::vector<std::optional<std::string_view>> row_;
};

}  // namespace pgauth
