// KeyedMac: tells things apart by what only this process can compute.
//
//   const KeyedMac mac;                                       // a random key of its own
//   const KeyedMac::Tag tag = mac({username, secret, password});
//
// Nobody who sees a tag, or who chooses what goes in, learns anything of the rest or can make
// two of them meet. Each part goes in with its length: `a`, `b-c` and `a-b`, `c` are different.
//
// HMAC-SHA-256 (RFC 2104) cut to 128 bits; the key is of 256, never leaves the object and is
// wiped with it.
// Throws std::runtime_error where OpenSSL has no entropy or cannot compute it.
// Thread safety: immutable.

#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace pgauth {

class KeyedMac {
  public:
    struct Tag {
        std::uint64_t first = 0;
        std::uint64_t second = 0;

        bool operator==(const Tag&) const = default;
    };

    KeyedMac();
    ~KeyedMac();

    KeyedMac(const KeyedMac&) = delete;
    KeyedMac& operator=(const KeyedMac&) = delete;
    KeyedMac(KeyedMac&&) = delete;
    KeyedMac& operator=(KeyedMac&&) = delete;

    [[nodiscard]] Tag operator()(std::initializer_list<std::string_view> parts) const;

  private:
    std::array<unsigned char, 32> key_{};
};

}  // namespace pgauth
