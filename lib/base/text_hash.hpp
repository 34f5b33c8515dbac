// TextHash: lets a std::unordered_map with std::string keys be searched by std::string_view.
//
//   std::unordered_map<std::string, Session, TextHash, std::equal_to<>> sessions;
//   sessions.find(client_id_view)              // no std::string made
//
// Thread safety: pure.

#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace pgauth {

struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name

    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

}  // namespace pgauth
