#include "password/base64.hpp"

#include <optional>
#include <string>

#include "support/catch.hpp"

using pgauth::decode_base64;
using pgauth::Padding;
using Bytes = std::vector<std::uint8_t>;

TEST_CASE("base64 is taken in its canonical form only", "[password]") {
    struct Row {
        std::string text;
        Padding padding;
        std::optional<Bytes> bytes;
    };

    const std::vector<Row> rows = {
        {"", Padding::required, Bytes{}},
        {"", Padding::absent, Bytes{}},
        {"Zg==", Padding::required, Bytes{'f'}},
        {"Zg", Padding::absent, Bytes{'f'}},
        {"Zm8=", Padding::required, Bytes{'f', 'o'}},
        {"Zm8", Padding::absent, Bytes{'f', 'o'}},
        {"Zm9v", Padding::required, Bytes{'f', 'o', 'o'}},
        {"Zm9v", Padding::absent, Bytes{'f', 'o', 'o'}},
        {"AP+/", Padding::required, Bytes{0x00, 0xFF, 0xBF}},
        {"Zg", Padding::required, std::nullopt},    // padding left out
        {"Zg==", Padding::absent, std::nullopt},    // padding too many
        {"Zm8=", Padding::absent, std::nullopt},    //
        {"Zh==", Padding::required, std::nullopt},  // bits behind the last byte
        {"Zh", Padding::absent, std::nullopt},      //
        {"Zm9=", Padding::required, std::nullopt},  //
        {"Z", Padding::absent, std::nullopt},       // six bits are no byte
        {"Z===", Padding::required, std::nullopt},  //
        {"====", Padding::required, std::nullopt},  //
        {"Zg==Zg==", Padding::required, std::nullopt},
        {"Zm 9", Padding::required, std::nullopt},
        {" Zm9v", Padding::required, std::nullopt},
        {"Zm9v    ", Padding::required, std::nullopt},
        {"Zm9v\n", Padding::required, std::nullopt},
        {"Zm-_", Padding::required, std::nullopt},  // the URL alphabet
        {"Zm9\xff", Padding::required, std::nullopt},
        {std::string("Zm9\0", 4), Padding::required, std::nullopt},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(decode_base64(row.text, row.padding) == row.bytes);
    }
}
