// saslprep(): a password in the one form that SCRAM hashes, so that an `ö` which is typed as
// one character and one which is typed as two are the same password.
//
//   const Secret prepared = saslprep(password);
//
// As PostgreSQL does it: what is not UTF-8, or holds what the profile prohibits, stays as it
// is, rather than being no password.
//
// The mistake to avoid: preparing for any other format: the others hash bytes as they come.
// Standard: RFC 4013, RFC 5802 section 2.2; Unicode 3.2.
// Thread safety: pure.

#pragma once

#include <string_view>

#include "base/secret.hpp"

namespace pgauth {

// REQUIRES: no NUL in `password`.
[[nodiscard]] Secret saslprep(std::string_view password);

}  // namespace pgauth
