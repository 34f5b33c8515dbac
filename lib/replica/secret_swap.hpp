// SecretSwap: one hash of a password in place of another of the same one, to be written.
//
// It counts only as long as the credential has `old_secret`.
// Thread safety: a value.

#pragma once

#include <cstdint>
#include <string>

namespace pgauth {

struct SecretSwap {
    std::int64_t credential = 0;  // its id
    std::string old_secret;
    std::string new_secret;
};

}  // namespace pgauth
