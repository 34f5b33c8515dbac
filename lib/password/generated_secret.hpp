// Generated secrets: passwords that mqtt_auth.generate_secret() makes, 256 random bits in a
// form of their own, for which a fast hash is as good as a slow one.
//
//   pgauth_9pXW8…         the prefix and 43 characters of base64url
//   is_generated_secret(password)
//
// Slow hashing makes guessing expensive, and 2^256 guesses cannot be made in the first place.
// For what people think up it is all the protection there is. So the fast hash `$generated$` is
// satisfied by passwords of this form alone: whatever somebody stores in it, a human's password
// is refused before it is hashed.
//
// The mistake to avoid: making such a secret of something that is not random.
// Standard: RFC 4648, section 5; canonical, so that one secret has one spelling.
// Thread safety: pure.

#pragma once

#include <cstddef>
#include <string_view>

namespace pgauth {

inline constexpr std::string_view generated_secret_prefix = "pgauth_";
inline constexpr std::size_t generated_secret_characters = 43;  // 32 bytes

[[nodiscard]] bool is_generated_secret(std::string_view password) noexcept;

}  // namespace pgauth
