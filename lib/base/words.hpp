// words: short texts, eight bytes at a time: for what is done with every message.
//
//   slots[word_hash(parent, "press-7") & mask]
//   same_words(topic, known)                    // equality
//   first_of<'/', '+'>(topic, 4)                // where, from there on; or the size
//
// The C library's memchr() and memcmp(), and std::hash, take longer to begin than a topic level
// takes to the end. For long texts they are the better ones.
// The mistake to avoid: a table that gets slow where somebody makes texts collide. word_hash()
// has no secret: what uses it has to bear that, or be asked only what administrators have
// written. Thread safety: pure.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pgauth {

namespace words {

constexpr std::size_t size = 8;  // bytes of a word

template <typename Word>
[[nodiscard]] inline std::uint64_t at(const char* place) noexcept {
    Word word = 0;
    std::memcpy(&word, place, sizeof(word));
    return word;
}

// All bytes of a text that is shorter than a word, some of them twice.
[[nodiscard]] inline std::uint64_t of_short(const char* text, std::size_t length) noexcept {
    const char* const end = text + length;
    if (length >= sizeof(std::uint32_t)) {
        return at<std::uint32_t>(text) << 32U | at<std::uint32_t>(end - sizeof(std::uint32_t));
    }
    if (length >= sizeof(std::uint16_t)) {
        return at<std::uint16_t>(text) << 16U | at<std::uint16_t>(end - sizeof(std::uint16_t));
    }
    return length == 0 ? 0 : at<std::uint8_t>(text);
}

// The top bit of the first byte that is `character`, of no byte below that, and of any above.
template <char character>
[[nodiscard]] inline std::uint64_t tops_of(std::uint64_t word) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = 0x8080808080808080U;
    // A byte that is zero now borrows, from those above it.
    const std::uint64_t rest = word ^ (ones * static_cast<unsigned char>(character));
    return (rest - ones) & ~rest & tops;
}

}  // namespace words

// All 64 bits are good.
[[nodiscard]] inline std::uint64_t word_hash(std::uint64_t seed,
                                             std::string_view text) noexcept {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
    std::uint64_t hash = seed * odd + text.size();
    // The bits of a word reach all above them, then all of the hash. A processor does most of
    // it for several words at once.
    const auto mix = [&](std::uint64_t word) {
        word *= odd;
        word = (word ^ word >> 32U) * odd;
        hash = (hash ^ word ^ word >> 32U) * odd;
    };
    const char* place = text.data();
    std::size_t left = text.size();
    for (; left >= words::size; left -= words::size, place += words::size) {
        mix(words::at<std::uint64_t>(place));
    }
    mix(words::of_short(place, left));
    return (hash ^ hash >> 32U) * odd;
}

[[nodiscard]] inline bool same_words(std::string_view one, std::string_view other) noexcept {
    if (one.size() != other.size()) {
        return false;
    }
    const std::size_t length = one.size();
    if (length < words::size) {
        return words::of_short(one.data(), length) == words::of_short(other.data(), length);
    }
    const std::size_t last = length - words::size;  // of it some bytes are compared twice
    for (std::size_t i = 0; i < last; i += words::size) {
        if (words::at<std::uint64_t>(one.data() + i) !=
            words::at<std::uint64_t>(other.data() + i)) {
            return false;
        }
    }
    return words::at<std::uint64_t>(one.data() + last) ==
           words::at<std::uint64_t>(other.data() + last);
}

// Where the first of these characters is, from `begin` on; the size where there is none.
// REQUIRES: `begin` is not past the end.
template <char... wanted>
[[nodiscard]] std::size_t first_of(std::string_view text, std::size_t begin) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        for (; text.size() - begin >= words::size; begin += words::size) {
            const auto word = words::at<std::uint64_t>(text.data() + begin);
            const std::uint64_t found = (words::tops_of<wanted>(word) | ...);
            if (found != 0) {
                return begin + static_cast<std::size_t>(std::countr_zero(found)) / 8;
            }
        }
    }
    while (begin != text.size() && ((text[begin] != wanted) && ...)) {
        ++begin;
    }
    return begin;
}

}  // namespace pgauth
