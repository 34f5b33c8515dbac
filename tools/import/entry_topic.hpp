// entry_topic: the topic of another access control's rule, as an entry here can have it.
//
//   const EntryTopic topic = entry_topic("alarm/%u", Effect::allow, Meaning::literal);
//   if (topic.filter) plan.add({…, .topic = *topic.filter});
//   if (!topic.note.empty()) plan.note(topic.verdict(), place, topic.note);
//
// Here `%u`, `%c` and `%{` stand for whole levels or not at all, and nothing writes them
// literally. What cannot be said is left out of an allow; in a deny its level becomes `+`.
//
// The mistake to avoid: leaving a deny out, which opens what it closed.
// Thread safety: pure.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/plan.hpp"
#include "policy/acl_entry.hpp"

namespace pgauth::tool {

// What `%u` and `%c` mean where the topic comes from.
enum class Meaning : std::uint8_t {
    literal,      // nothing: they are themselves
    whole_level,  // as here; inside a level, nothing
};

struct EntryTopic {
    std::optional<std::string> filter;  // none: it cannot be an entry
    std::string note;                   // why not, or how it differs; empty: it is the same

    [[nodiscard]] Verdict verdict() const { return filter ? Verdict::differs : Verdict::lost; }
};

[[nodiscard]] EntryTopic entry_topic(std::string_view topic, Effect effect, Meaning meaning);

// Whether `level` would be read as a placeholder here, or refused because it holds one.
[[nodiscard]] bool holds_placeholder(std::string_view level);

[[nodiscard]] std::vector<std::string> split_levels(std::string_view topic);
[[nodiscard]] std::string join_levels(const std::vector<std::string>& levels);

}  // namespace pgauth::tool
