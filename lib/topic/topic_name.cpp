#include "topic/topic_name.hpp"

#include "base/words.hpp"

namespace pgauth {

bool is_topic_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= max_topic_bytes &&
           first_of<'+', '#', '\0'>(text, 0) == text.size();
}

}  // namespace pgauth
