#include "replica/packed_rows.hpp"

#include <algorithm>
#include <limits>
#include <new>

namespace pgauth {

namespace {

// A row is its kind, the number of its fields, and the fields. A field is its length plus one
// (none for null) in seven bits a byte, least significant first, and its bytes.
constexpr unsigned payload_bits = 7;
constexpr unsigned char more_follow = 0x80;

std::size_t length_bytes(std::size_t length) {
    std::size_t bytes = 1;
    while ((length >>= payload_bits) != 0) {
        ++bytes;
    }
    return bytes;
}

char* write_length(char* out, std::size_t length) {
    while (length >= more_follow) {
        *out++ = static_cast<char>((length & (more_follow - 1U)) | more_follow);
        length >>= payload_bits;
    }
    *out++ = static_cast<char>(length);
    return out;
}

std::optional<std::size_t> take_length(std::string_view& rest) {
    std::size_t length = 0;
    for (unsigned shift = 0; shift < std::numeric_limits<std::uint32_t>::digits;
         shift += payload_bits) {
        if (rest.empty()) {
            return std::nullopt;
        }
        const auto byte = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        length |= static_cast<std::size_t>(byte & (more_follow - 1U)) << shift;
        if ((byte & more_follow) == 0) {
            return length;
        }
    }
    return std::nullopt;
}

// False where there is none.
bool take_field(std::string_view& rest, Field& field) {
    const auto length = take_length(rest);
    if (!length || *length > rest.size() + 1) {
        return false;
    }
    if (*length == 0) {
        field = std::nullopt;
        return true;
    }
    field = rest.substr(0, *length - 1);
    rest.remove_prefix(*length - 1);
    return true;
}

std::size_t packed_bytes(std::span<const Field> fields) {
    std::size_t bytes = 2;
    for (const Field& field : fields) {
        bytes += field ? length_bytes(field->size() + 1) + field->size() : 1;
    }
    return bytes;
}

void pack(char* out, RowKind kind, std::span<const Field> fields) {
    *out++ = static_cast<char>(kind);
    *out++ = static_cast<char>(fields.size());
    for (const Field& field : fields) {
        out = write_length(out, field ? field->size() + 1 : 0);
        if (field) {
            out = std::copy(field->begin(), field->end(), out);
        }
    }
}

}  // namespace

Result<std::optional<PackedRow>> PackedRowReader::next() {
    if (rest_.empty()) {
        return std::nullopt;
    }
    const auto malformed = [] {
        return fail(ErrorKind::invalid_input, "these bytes are not those of rows");
    };
    const auto kind = static_cast<unsigned char>(rest_.front());
    const std::size_t count = rest_.size() < 2 ? 0 : static_cast<unsigned char>(rest_[1]);
    if (kind > static_cast<unsigned char>(last_row_kind) || count == 0 ||
        count > most_columns) {
        return malformed();
    }
    rest_.remove_prefix(2);
    for (std::size_t i = 0; i < count; ++i) {
        if (!take_field(rest_, fields_[i])) {
            return malformed();
        }
    }
    return PackedRow{static_cast<RowKind>(kind), std::span<const Field>(fields_, count)};
}

Ref<PackedRows> PackedRows::with_room(std::string_view bytes, std::size_t room) {
    if (room > std::numeric_limits<std::uint32_t>::max()) {
        throw std::bad_alloc();
    }
    void* place = ::operator new(sizeof(PackedRows) + room);
    Ref<PackedRows> rows(new (place) PackedRows(static_cast<std::uint32_t>(bytes.size()),
                                                static_cast<std::uint32_t>(room)));
    std::copy(bytes.begin(), bytes.end(), rows->end() - bytes.size());
    return rows;
}

Ref<PackedRows> PackedRows::of(std::string_view bytes) {
    return with_room(bytes, bytes.size());
}

std::string_view PackedRows::key() const noexcept {
    std::string_view rest = bytes().substr(2);
    Field field;
    return take_field(rest, field) && field ? *field : std::string_view();
}

void PackedRows::destroy(const PackedRows* rows) noexcept {
    rows->~PackedRows();
    ::operator delete(const_cast<PackedRows*>(rows));
}

Ref<PackedRows> append(Ref<PackedRows> rows, RowKind kind, std::span<const Field> fields) {
    const std::size_t more = packed_bytes(fields);
    const std::string_view before = rows == nullptr ? std::string_view() : rows->bytes();
    const bool fits = rows.is_only() && rows->room_ - before.size() >= more;
    if (!fits) {
        // Most clients have a row or three: a membership fits behind a credential, and room to
        // grow is for those who do.
        constexpr std::size_t small = 1024;
        const std::size_t size = before.size() + more;
        rows = PackedRows::with_room(before, size <= small ? size + size / 8 : 2 * size);
    }
    pack(rows->end(), kind, fields);
    rows->size_ += static_cast<std::uint32_t>(more);
    return rows;
}

}  // namespace pgauth
