// KeyedMac: tells things apart by what only this process can compute.
//
//   const KeyedMac mac;                                       // a random key of its own
//   const KeyedMac::Tag tag = mac({username, secret, password});
//
// Nobody who sees a tag, or who chooses what goes in, learns anything of the rest or can make
// two of them meet. Each part goes in with its length: `a`, `b-c` and `a-b`, `c` are different.
//
// HMAC-SHA-256 (RFC 2104) cut to 128 bits; the key is of 256, known to OpenSSL alone and wiped
// by it. A login takes several tags: each begins with a copy of a context that has the key,
// which takes half as long as to make one.
// Throws std::runtime_error where OpenSSL has no entropy or cannot compute it.
// Thread safety: immutable.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

struct evp_mac_ctx_st;

namespace pgauth {

class KeyedMac {
  public:
    struct Tag {
        std::uint64_t first = 0;
        std::uint64_t second = 0;

        bool operator==(const Tag&) const = default;
    };

    KeyedMac();
    ~KeyedMac() = default;

    KeyedMac(const KeyedMac&) = delete;
    KeyedMac& operator=(const KeyedMac&) = delete;
    KeyedMac(KeyedMac&&) = delete;
    KeyedMac& operator=(KeyedMac&&) = delete;

    [[nodiscard]] Tag operator()(std::initializer_list<std::string_view> parts) const;

  private:
    struct Closer {
        void operator()(evp_mac_ctx_st* context) const noexcept;
    };

    using Context = std::unique_ptr<evp_mac_ctx_st, Closer>;

    Context keyed_;
};

}  // namespace pgauth
