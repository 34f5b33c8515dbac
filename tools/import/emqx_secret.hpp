// emqx_secret(): a row of EMQX's users, hash and salt, as a secret that can be stored here.
//
//   const auto pbkdf2 = EmqxPbkdf2::parse("sha256:4096");         // --emqx-pbkdf2
//   Result<std::string> secret = emqx_secret(hash, salt, *pbkdf2);
//
// bcrypt and what else says by itself how it was made is taken as it is. PBKDF2 is hexadecimal
// digits there, and EMQX's configuration says how they came about (`mac_fun`, `iterations`).
//
// The mistake to avoid: looking for a form for its plain digests, salted or not: there is none,
// since they are guessed as fast as they are made.
// Thread safety: pure.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgauth::tool {

struct EmqxPbkdf2 {
    std::string digest;  // sha256, sha512
    std::uint32_t iterations = 0;

    // `sha256:4096`; nothing where `text` is empty.
    [[nodiscard]] static Result<std::optional<EmqxPbkdf2>> parse(std::string_view text);
};

// Errors say what the matter is, and never show hash or salt.
[[nodiscard]] Result<std::string> emqx_secret(std::string_view hash,
                                              std::string_view salt,
                                              const std::optional<EmqxPbkdf2>& pbkdf2);

}  // namespace pgauth::tool
