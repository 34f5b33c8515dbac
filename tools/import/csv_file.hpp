// CsvFile: a CSV file with a header, row by row.
//
//   auto file = CsvFile::open("clients.csv");
//   for (auto row = file->next(); row && *row; row = file->next()) … (*row)->fields[0] …
//
// The mistake to avoid: taking a field for missing where it is empty. Here, as for psql's
// \copy, both are the same.
// Standard: RFC 4180. Lines may also end in a line feed alone, and UTF-8 may have its mark.
// Thread safety: none needed.

#pragma once

#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgauth::tool {

class CsvFile {
  public:
    using Fields = std::vector<std::string>;

    struct Row {
        std::string place;  // `clients.csv:12`, where it begins
        Fields fields;
    };

    // Fails where it cannot be read, or has no header.
    [[nodiscard]] static Result<CsvFile> open(const std::string& path);

    [[nodiscard]] const Fields& header() const noexcept { return header_; }

    // None at the end. Empty lines are passed over. Fails at a quote that is never closed.
    [[nodiscard]] Result<std::optional<Row>> next();

  private:
    CsvFile(std::ifstream file, std::string name)
        : file_(std::move(file)), name_(std::move(name)) {}

    bool read_field(std::string& field, bool& is_last);
    bool read_quoted(std::string& field);
    int get();

    std::ifstream file_;
    std::string name_;
    Fields header_;
    int line_ = 1;
};

}  // namespace pgauth::tool
