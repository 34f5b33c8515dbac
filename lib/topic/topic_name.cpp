#include "topic/topic_name.hpp"

namespace pgauth {

bool is_topic_name(std::string_view text) noexcept {
    // One character at a time: find_first_of() is many times slower, and this is asked with
    // every message.
    const auto lacks = [&](char character) {
        return text.find(character) == std::string_view::npos;
    };
    return !text.empty() && text.size() <= max_topic_bytes && lacks('+') && lacks('#') &&
           lacks('\0');
}

}  // namespace pgauth
