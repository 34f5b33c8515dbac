#include "store/binary_copy_reader.hpp"

#include <cstddef>
#include <cstdint>

namespace pgauth {

namespace {

constexpr std::uint32_t no_length = 0xFFFFFFFF;  // -1: null
constexpr std::uint16_t no_columns = 0xFFFF;     // -1: the end of the rows

// In network byte order; none where the bytes are not there.
template <typename Unsigned>
std::optional<Unsigned> take_integer(std::string_view& from) {
    if (from.size() < sizeof(Unsigned)) {
        return std::nullopt;
    }
    Unsigned value = 0;
    for (const char byte : from.substr(0, sizeof(Unsigned))) {
        value = static_cast<Unsigned>((value << 8U) | static_cast<unsigned char>(byte));
    }
    from.remove_prefix(sizeof(Unsigned));
    return value;
}

}  // namespace

bool BinaryCopyReader::read(std::string_view message, const RowHandler& handle_row) {
    if (!header_seen_ && !read_header(message)) {
        return false;
    }
    header_seen_ = true;
    while (!message.empty()) {
        if (!read_row(message, handle_row)) {
            return false;
        }
    }
    return true;
}

bool BinaryCopyReader::read_header(std::string_view& message) {
    constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
    if (!message.starts_with(signature)) {
        return false;
    }
    message.remove_prefix(signature.size());
    const auto flags = take_integer<std::uint32_t>(message);
    const auto extension = take_integer<std::uint32_t>(message);
    if (!flags || !extension || *extension > message.size()) {
        return false;
    }
    message.remove_prefix(*extension);
    return true;
}

bool BinaryCopyReader::read_row(std::string_view& message, const RowHandler& handle_row) {
    const auto columns = take_integer<std::uint16_t>(message);
    if (!columns || *columns == no_columns) {
        return columns && message.empty();
    }
    row_.clear();
    for (std::uint16_t i = 0; i < *columns; ++i) {
        const auto length = take_integer<std::uint32_t>(message);
        if (!length || (*length != no_length && *length > message.size())) {
            return false;
        }
        if (*length == no_length) {
            row_.emplace_back(std::nullopt);
        } else {
            row_.emplace_back(message.substr(0, *length));
            message.remove_prefix(*length);
        }
    }
    handle_row(row_);
    return true;
}

}  // namespace pgauth
