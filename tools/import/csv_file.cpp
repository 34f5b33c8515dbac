#include "import/csv_file.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <utility>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

constexpr int end_of_file = std::ifstream::traits_type::eof();
constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

bool is_blank(const CsvFile::Fields& fields) {
    return fields.size() == 1 && fields[0].empty();
}

}  // namespace

Result<CsvFile> CsvFile::open(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        const auto why =
            error ? error : std::make_error_code(std::errc::no_such_file_or_directory);
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: cannot be read: {}", quote(path), why.message()));
    }
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: cannot be read: permission denied", quote(path)));
    }
    CsvFile file(std::move(stream), std::filesystem::path(path).filename().string());
    auto header = file.next();
    if (!header) {
        return tl::unexpected(header.error());
    }
    if (!*header) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: it is empty: its first line names the columns, such as "
                                "`username,secret,groups`",
                                quote(path)));
    }
    file.header_ = std::move((*header)->fields);
    if (std::string& first = file.header_.front(); first.starts_with(utf8_mark)) {
        first.erase(0, utf8_mark.size());
    }
    return file;
}

Result<std::optional<CsvFile::Row>> CsvFile::next() {
    while (file_.peek() != end_of_file) {
        Row row{fmt::format("{}:{}", name_, line_), {}};
        for (bool is_last = false; !is_last;) {
            std::string field;
            if (!read_field(field, is_last)) {
                return fail(ErrorKind::invalid_input,
                            fmt::format("{}: a field begins with a `\"` and goes on behind it, "
                                        "or has no end: a `\"` inside is written twice",
                                        row.place));
            }
            row.fields.push_back(std::move(field));
        }
        if (!is_blank(row.fields)) {
            return row;
        }
    }
    return std::nullopt;
}

int CsvFile::get() {
    const int c = file_.get();
    line_ += c == '\n' ? 1 : 0;
    return c;
}

bool CsvFile::read_quoted(std::string& field) {
    for (int c = get(); c != end_of_file; c = get()) {
        if (c != '"') {
            field += static_cast<char>(c);
        } else if (file_.peek() == '"') {
            field += static_cast<char>(get());
        } else {
            return true;
        }
    }
    return false;
}

// Up to and with the comma or the end of the line behind it.
bool CsvFile::read_field(std::string& field, bool& is_last) {
    const bool is_quoted = file_.peek() == '"';
    if (is_quoted) {
        get();
        if (!read_quoted(field)) {
            return false;
        }
    }
    for (int c = get(); c != ','; c = get()) {
        const bool ends_line = c == '\n' || (c == '\r' && file_.peek() == '\n');
        if (ends_line || c == end_of_file) {
            if (c == '\r') {
                get();
            }
            is_last = true;
            return true;
        }
        if (is_quoted) {
            return false;
        }
        field += static_cast<char>(c);
    }
    return true;
}

}  // namespace pgauth::tool
