#include "replica/packed_rows.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace pgauth;

namespace {

using Fields = std::vector<std::optional<std::string>>;

Ref<PackedRows> packed(const std::vector<std::pair<RowKind, Fields>>& rows) {
    Ref<PackedRows> all;
    for (const auto& [kind, texts] : rows) {
        const std::vector<Field> fields(texts.begin(), texts.end());
        all = append(std::move(all), kind, fields);
    }
    return all;
}

std::vector<std::pair<RowKind, Fields>> unpacked(const PackedRows& rows) {
    std::vector<std::pair<RowKind, Fields>> all;
    rows.for_each([&](RowKind kind, std::span<const Field> fields) {
        all.emplace_back(kind, Fields());
        for (const Field& field : fields) {
            all.back().second.emplace_back(field ? std::optional(std::string(*field))
                                                 : std::nullopt);
        }
    });
    return all;
}

bool is_readable(std::string_view bytes) {
    PackedRowReader reader(bytes);
    for (;;) {
        const auto row = reader.next();
        if (!row) {
            return false;
        }
        if (!*row) {
            return true;
        }
    }
}

}  // namespace

TEST_CASE("rows come out as they were put in, nulls and empty texts told apart", "[replica]") {
    const std::vector<std::pair<RowKind, Fields>> rows{
        {RowKind::client, {"press-7", std::nullopt, "", std::string("a\0b", 3)}},
        {RowKind::credential, {std::string(127, 'x'), std::string(128, 'y')}},
        {RowKind::entry, {std::string(16'383, 'x'), std::string(70'000, 'y'), std::nullopt}},
        {RowKind::member, Fields(12)},
    };
    const Ref<PackedRows> all = packed(rows);
    CHECK(unpacked(*all) == rows);
    CHECK(all->key() == "press-7");
    CHECK(unpacked(*PackedRows::of(all->bytes())) == rows);
}

TEST_CASE("rows that somebody else holds are not changed by what is appended", "[replica]") {
    const Ref<PackedRows> one = packed({{RowKind::client, {"press-7"}}});
    const std::array<Field, 1> more{"presses"};
    const Ref<PackedRows> two = append(one, RowKind::member, more);
    CHECK(unpacked(*one).size() == 1);
    CHECK(unpacked(*two).size() == 2);
}

TEST_CASE("many rows of one owner grow in steps", "[replica]") {
    Ref<PackedRows> all = packed({{RowKind::client, {"press-7"}}});
    const std::string topic(100, 't');
    const std::array<Field, 1> row{topic};
    int moves = 0;
    for (int i = 0; i < 10'000; ++i) {
        const char* before = all->bytes().data();
        all = append(std::move(all), RowKind::entry, row);
        moves += before == all->bytes().data() ? 0 : 1;
    }
    CHECK(moves < 40);
    CHECK(unpacked(*all).size() == 10'001);
}

TEST_CASE("bytes that are not those of rows are refused, wherever they end", "[replica]") {
    const std::string good(
        packed({{RowKind::client, {"press-7", std::nullopt}}, {RowKind::member, {"presses"}}})
            ->bytes());
    REQUIRE(is_readable(good));
    for (std::size_t end = 1; end < good.size(); ++end) {
        INFO(end);
        // The first row alone is a whole one.
        CHECK(is_readable(good.substr(0, end)) == (end == 11));
    }
    CHECK_FALSE(is_readable(std::string("\x63\x01\x00", 3)));  // no such kind
    CHECK_FALSE(is_readable(std::string("\x00\x0d", 2) + std::string(13, '\0')));  // 13 columns
    CHECK_FALSE(is_readable(std::string("\x00\x01\xff\xff\xff\xff\xff\x01", 8)));  // a length
    CHECK_FALSE(is_readable(std::string("\x00\x00", 2)));                          // no column
}
