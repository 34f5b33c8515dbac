// word_hash: a quick hash of a short text, for tables that many a message looks into.
//
//   slots[word_hash(parent, "press-7") & mask]
//
// std::hash takes longer for a topic level than all the rest of a step. The mistake to avoid: a
// table that gets slow where somebody makes texts collide. This hash has no secret: what uses
// it has to bear that, or be asked only what administrators have written. Thread safety: pure.

#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pgauth {

// Eight bytes at a time. All 64 bits are good.
[[nodiscard]] inline std::uint64_t word_hash(std::uint64_t seed,
                                             std::string_view text) noexcept {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
    std::uint64_t hash = seed * odd + text.size();
    const auto word_at = [](auto word, const char* place) {
        std::memcpy(&word, place, sizeof(word));
        return static_cast<std::uint64_t>(word);
    };
    const auto mix = [&](std::uint64_t word) {
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32U;
    };
    const char* at = text.data();
    const char* const end = at + text.size();
    for (; end - at >= 8; at += 8) {
        mix(word_at(std::uint64_t{}, at));
    }
    // What is left, with bytes twice where it is not a power of two.
    if (end - at >= 4) {
        mix(word_at(std::uint32_t{}, at) << 32U | word_at(std::uint32_t{}, end - 4));
    } else if (end - at >= 2) {
        mix(word_at(std::uint16_t{}, at) << 16U | word_at(std::uint16_t{}, end - 2));
    } else if (end != at) {
        mix(word_at(std::uint8_t{}, at));
    }
    return hash * odd;
}

}  // namespace pgauth
