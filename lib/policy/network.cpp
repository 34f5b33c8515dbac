#include "policy/network.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>
#include <string>

#include "base/quote.hpp"

namespace pgauth {

namespace {

constexpr std::size_t mapped_prefix_bytes = 12;
constexpr unsigned mapped_prefix_bits = 8 * mapped_prefix_bytes;
constexpr unsigned address_bits = 128;

constexpr std::array<std::uint8_t, mapped_prefix_bytes> mapped_prefix{
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
    IpAddress address;
    const std::string without_zone(text.substr(0, text.find('%')));
    if (without_zone.find('\0') != std::string::npos) {
        // inet_pton would stop there
    } else if (without_zone.find(':') != std::string::npos) {
        if (inet_pton(AF_INET6, without_zone.c_str(), address.bytes_.data()) == 1) {
            return address;
        }
    } else {
        std::memcpy(address.bytes_.data(), mapped_prefix.data(), mapped_prefix.size());
        if (inet_pton(AF_INET, without_zone.c_str(), &address.bytes_[mapped_prefix_bytes]) ==
            1) {
            return address;
        }
    }
    return fail(ErrorKind::invalid_input,
                fmt::format("{} is not an address: use one like `10.1.2.3` or `2001:db8::1`",
                            quote(text)));
}

std::string_view IpAddress::site() const noexcept {
    constexpr std::size_t half = 8;
    const bool is_v4 =
        std::memcmp(bytes_.data(), mapped_prefix.data(), mapped_prefix.size()) == 0;
    return {reinterpret_cast<const char*>(bytes_.data()), is_v4 ? bytes_.size() : half};
}

Result<Network> Network::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    const bool is_v6 = text.substr(0, slash).find(':') != std::string_view::npos;
    const unsigned offset = is_v6 ? 0 : mapped_prefix_bits;
    unsigned bits = address_bits - offset;
    bool good = base.has_value();
    if (good && slash != std::string_view::npos) {
        const std::string_view length = text.substr(slash + 1);
        const auto [end, problem] =
            std::from_chars(length.data(), length.data() + length.size(), bits);
        good = !length.empty() && problem == std::errc{} &&
               end == length.data() + length.size() && bits <= address_bits - offset;
    }
    if (!good) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("{} is not a network: use one like `10.1.0.0/16` or `2001:db8::/32`",
                        quote(text)));
    }
    Network network;
    network.base_ = *base;
    network.prefix_bits_ = bits + offset;
    return network;
}

bool Network::contains(const IpAddress& address) const noexcept {
    // `::/0` is every IPv6 address and, as in PostgreSQL, no IPv4 address.
    const bool is_mapped =
        std::memcmp(address.bytes_.data(), mapped_prefix.data(), mapped_prefix.size()) == 0;
    if (is_mapped && prefix_bits_ < mapped_prefix_bits) {
        return false;
    }
    const std::size_t whole = prefix_bits_ / 8;
    const unsigned rest = prefix_bits_ % 8;
    if (std::memcmp(base_.bytes_.data(), address.bytes_.data(), whole) != 0) {
        return false;
    }
    if (rest == 0) {
        return true;
    }
    const unsigned mask = 0xFFU << (8 - rest);
    return ((base_.bytes_[whole] ^ address.bytes_[whole]) & mask & 0xFFU) == 0;
}

}  // namespace pgauth
