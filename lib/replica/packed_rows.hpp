// PackedRows: some rows that belong together, in one piece of memory: all of a client, say.
//
//   Ref<PackedRows> rows = append({}, RowKind::client, row.fields());
//   rows = append(std::move(rows), RowKind::credential, credential.fields());
//   rows->key()                                       // the first field of the first row
//   rows->for_each([](RowKind kind, std::span<const Field> fields) { … });
//
// A client with one password costs its text and some twenty bytes more. The same bytes are what
// a replica file holds.
//
// The mistake to avoid: keeping a Field longer than the rows that it looks into.
// Thread safety: immutable once somebody else holds it; append() never changes what it shares.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "replica/counted.hpp"
#include "replica/rows.hpp"

namespace pgauth {

// One row, out of packed bytes.
struct PackedRow {
    RowKind kind = RowKind::client;
    std::span<const Field> fields;  // until the next row is read
};

// Reads packed bytes row by row.
class PackedRowReader {
  public:
    explicit PackedRowReader(std::string_view bytes) : rest_(bytes) {}

    // None at the end. Fails with invalid_input where the bytes are not those of rows.
    [[nodiscard]] Result<std::optional<PackedRow>> next();

  private:
    static constexpr std::size_t most_columns = 12;

    std::string_view rest_;
    Field fields_[most_columns];  // NOLINT(modernize-avoid-c-arrays): a span's storage
};

class PackedRows final : public Counted {
  public:
    // REQUIRES: `bytes` are those of rows, at least one.
    [[nodiscard]] static Ref<PackedRows> of(std::string_view bytes);

    [[nodiscard]] std::string_view bytes() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), size_};
    }

    // The first field of the first row; empty where that is null.
    [[nodiscard]] std::string_view key() const noexcept;

    template <typename Handle>
    void for_each(Handle handle) const {
        PackedRowReader reader(bytes());
        for (auto row = reader.next(); row && *row; row = reader.next()) {
            handle((*row)->kind, (*row)->fields);
        }
    }

    static void destroy(const PackedRows* rows) noexcept;

  private:
    friend Ref<PackedRows> append(Ref<PackedRows> rows,
                                  RowKind kind,
                                  std::span<const Field> fields);

    PackedRows(std::uint32_t size, std::uint32_t room) : size_(size), room_(room) {}

    [[nodiscard]] static Ref<PackedRows> with_room(std::string_view bytes, std::size_t room);

    [[nodiscard]] char* end() noexcept { return reinterpret_cast<char*>(this + 1) + size_; }

    std::uint32_t size_;  // the bytes follow this object
    std::uint32_t room_;
};

// `rows` and one more. Null is no rows yet. Amortised: linear in what is added.
[[nodiscard]] Ref<PackedRows> append(Ref<PackedRows> rows,
                                     RowKind kind,
                                     std::span<const Field> fields);

}  // namespace pgauth
