// Method: a way in which a client proves who it is. MethodSet: several of them.
//
//   MethodSet required{Method::password, Method::certificate};
//   if (!satisfied.contains_all(required)) …
//
// Thread safety: values.

#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace pgauth {

enum class Method : std::uint8_t { password, certificate, psk };

inline constexpr std::array all_methods{Method::password, Method::certificate, Method::psk};

// The spelling of SQL and YAML: `password`, `certificate`, `psk`.
[[nodiscard]] std::string_view to_string(Method method) noexcept;
[[nodiscard]] std::optional<Method> parse_method(std::string_view text) noexcept;

class MethodSet {
  public:
    constexpr MethodSet() = default;

    constexpr MethodSet(std::initializer_list<Method> methods) {
        for (const Method method : methods) {
            insert(method);
        }
    }

    constexpr void insert(Method method) noexcept {
        bits_ = static_cast<std::uint8_t>(bits_ | bit(method));
    }

    [[nodiscard]] constexpr bool contains(Method method) const noexcept {
        return (bits_ & bit(method)) != 0;
    }

    [[nodiscard]] constexpr bool contains_all(MethodSet others) const noexcept {
        return (bits_ & others.bits_) == others.bits_;
    }

    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

    bool operator==(const MethodSet&) const = default;

  private:
    static constexpr unsigned bit(Method method) noexcept {
        return 1U << static_cast<unsigned>(method);
    }

    std::uint8_t bits_ = 0;
};

// `password, certificate`, in the order of the enumeration.
[[nodiscard]] std::string to_string(MethodSet methods);

}  // namespace pgauth
