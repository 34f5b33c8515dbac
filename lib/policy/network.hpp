// IpAddress: where a client connects from. Network: a CIDR block that may hold it.
//
//   const auto plant = Network::parse("10.1.0.0/16");
//   const auto peer = IpAddress::parse("::ffff:10.1.2.3");
//   plant->contains(*peer);              // true
//
// An IPv4 address that arrives over an IPv6 socket (`::ffff:10.1.2.3`, RFC 4291
// section 2.5.5.2) is the IPv4 address that it maps; blocks of that kind are mapped alike.
// Thread safety: values.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace pgauth {

class IpAddress {
  public:
    // Accepts IPv4 (`10.1.2.3`) and IPv6 (`2001:db8::1`, a zone such as `%eth0` is ignored).
    [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

    // What one site has of its own: all of an IPv4 address, the first 64 bits of another. As
    // bytes that tell sites apart, and live as long as the address.
    [[nodiscard]] std::string_view site() const noexcept;

    bool operator==(const IpAddress&) const = default;

  private:
    friend class Network;
    // INVARIANT: IPv4 addresses are held in their v4-mapped form.
    std::array<std::uint8_t, 16> bytes_{};
};

class Network {
  public:
    // Accepts PostgreSQL's `cidr` output (`10.1.0.0/16`, `2001:db8::/32`), and an address alone
    // as the block of that one address. Bits to the right of the prefix are ignored.
    [[nodiscard]] static Result<Network> parse(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

    bool operator==(const Network&) const = default;

  private:
    IpAddress base_;
    unsigned prefix_bits_ = 128;  // 0 to 128, counted in the v4-mapped form
};

}  // namespace pgauth
