// What the PHC strings share, argon2id's and scrypt's: `$name$key=value,…$salt$hash`.
//
//   const auto m = take_value(list, "m="), t = take_value(list, ",t=");
//   Result<std::vector<std::uint8_t>> salt = read_phc_bytes("salt", fields[3], {8, 64});
//
// The mistake to avoid: taking keys in any order, which gives one secret several spellings.
// Standard: the PHC string format; keys in the order in which each algorithm lists them.
// Thread safety: pure.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "password/secret_format.hpp"

namespace pgauth {

// The value behind `key`, up to the next comma; `list` is then left with the rest.
[[nodiscard]] std::optional<std::string_view> take_value(std::string_view& list,
                                                         std::string_view key);

// Base64 without padding; `size` in bytes. `name` says in errors what it is.
[[nodiscard]] Result<std::vector<std::uint8_t>> read_phc_bytes(std::string_view name,
                                                               std::string_view text,
                                                               NumberRange size);

}  // namespace pgauth
