// What an argon2id secret costs. Inside this room only.
//
//   const Argon2idCost cost = argon2id_cost_of(hash.text());
//
// Standard: RFC 9106.
// Thread safety: pure.

#pragma once

#include <cstdint>
#include <string_view>

namespace pgauth {

struct Argon2idCost {
    std::uint32_t memory;  // KiB
    std::uint32_t passes;
    std::uint32_t lanes;
};

// Of those that are made here.
inline constexpr Argon2idCost new_argon2id_cost{19456, 2, 1};

// REQUIRES: `text` is a secret that argon2id_format accepts.
[[nodiscard]] Argon2idCost argon2id_cost_of(std::string_view text);

}  // namespace pgauth
