#include "password/phc.hpp"

#include <fmt/format.h>
#include <utility>

#include "password/base64.hpp"

namespace pgauth {

std::optional<std::string_view> take_value(std::string_view& list, std::string_view key) {
    if (!list.starts_with(key)) {
        return std::nullopt;
    }
    list.remove_prefix(key.size());
    const std::string_view value = list.substr(0, list.find(','));
    list.remove_prefix(value.size());
    return value;
}

Result<std::vector<std::uint8_t>> read_phc_bytes(std::string_view name,
                                                 std::string_view text,
                                                 NumberRange size) {
    std::optional<std::vector<std::uint8_t>> bytes = decode_base64(text, Padding::absent);
    if (!bytes || bytes->size() < size.min || bytes->size() > size.max) {
        return fail(
            ErrorKind::invalid_input,
            size.min == size.max
                ? fmt::format("{} is not base64 without padding of {} bytes", name, size.min)
                : fmt::format("{} is not base64 without padding of {} to {} bytes",
                              name,
                              size.min,
                              size.max));
    }
    return std::move(*bytes);
}

}  // namespace pgauth
