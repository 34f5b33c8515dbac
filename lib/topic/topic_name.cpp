#include "topic/topic_name.hpp"

namespace pgauth {

bool is_topic_name(std::string_view text) noexcept {
    constexpr std::string_view forbidden("+#\0", 3);
    return !text.empty() && text.size() <= max_topic_bytes &&
           text.find_first_of(forbidden) == std::string_view::npos;
}

}  // namespace pgauth
