#include "base/words.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/random_policy.hpp"

using namespace pgauth;
using pgauth::testing::Dice;

namespace {

constexpr std::size_t longest = 70;

// Not a byte more, so that AddressSanitizer sees a look at the next one.
std::vector<char> any_bytes(Dice& dice, std::size_t length) {
    std::vector<char> text(length);
    // Also bytes next to those that are looked for, and with their top bits set.
    constexpr std::string_view bytes(
        "/+#\0.0,*\"$\x01\xAF\xAB\x80\xFF"
        "a",
        16);
    std::generate(text.begin(), text.end(), [&] { return bytes[dice.below(bytes.size())]; });
    return text;
}

std::string any_text(Dice& dice, std::size_t length) {
    const std::vector<char> bytes = any_bytes(dice, length);
    return {bytes.begin(), bytes.end()};
}

std::string_view view_of(const std::vector<char>& bytes) {
    return {bytes.data(), bytes.size()};
}

}  // namespace

TEST_CASE("the first of some characters is where a look at each finds it", "[words]") {
    Dice dice(1);
    for (int i = 0; i < 20'000; ++i) {
        const std::vector<char> bytes = any_bytes(dice, dice.below(longest));
        const std::string_view text = view_of(bytes);
        const std::size_t begin = dice.below(text.size() + 1);
        INFO(begin);
        CAPTURE(std::string(text));
        REQUIRE(first_of<'/'>(text, begin) == std::min(text.find('/', begin), text.size()));
        REQUIRE(first_of<'+', '#', '\0'>(text, begin) ==
                std::min(text.find_first_of(std::string_view("+#\0", 3), begin), text.size()));
    }
}

TEST_CASE("texts are the same whose bytes are", "[words]") {
    Dice dice(2);
    for (std::size_t length = 0; length < longest; ++length) {
        const std::vector<char> text = any_bytes(dice, length);
        const std::vector<char> same = text;
        CHECK(same_words(view_of(text), view_of(same)));
        CHECK(word_hash(1, view_of(text)) == word_hash(1, view_of(same)));
        CHECK_FALSE(same_words(view_of(text), std::string(view_of(text)) + '/'));
        for (std::size_t at = 0; at < length; ++at) {
            std::vector<char> other = text;
            other[at] = static_cast<char>(other[at] ^ 1);
            CHECK_FALSE(same_words(view_of(text), view_of(other)));
        }
    }
}

TEST_CASE("every byte, the length and the seed matter to a hash", "[words]") {
    Dice dice(3);
    std::set<std::uint64_t> hashes;
    std::size_t texts = 0;
    const auto add = [&](std::uint64_t seed, std::string_view text) {
        hashes.insert(word_hash(seed, text));
        ++texts;
    };
    for (std::size_t length = 0; length < longest; ++length) {
        const std::string text = 't' + any_text(dice, length);
        for (std::size_t at = 0; at < text.size(); ++at) {
            for (const char byte : {'\x01', '\x02', '\x40'}) {
                std::string other = text;
                other[at] = static_cast<char>(other[at] ^ byte);
                add(1, other);
            }
        }
        add(1, text);
        add(2, text);
        add(1, text + std::string(longest, '\0'));
    }
    CHECK(hashes.size() == texts);
}
