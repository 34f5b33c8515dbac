#include "import/plan.hpp"

#include <utility>

namespace pgauth::tool {

void Plan::add_group(const std::string& name, const std::string& description) {
    std::string& known = groups_[name];
    if (known.empty()) {
        known = description;
    }
}

void Plan::add(PlannedEntry entry) {
    const bool is_new = known_
                            .emplace(entry.group_name,
                                     entry.username,
                                     entry.effect,
                                     entry.permission,
                                     entry.topic,
                                     entry.priority,
                                     entry.max_qos,
                                     entry.allow_retain)
                            .second;
    if (is_new) {
        entries_.push_back(std::move(entry));
    }
}

void Plan::note(Verdict verdict, std::string place, std::string text) {
    notes_.push_back({verdict, std::move(place), std::move(text)});
}

}  // namespace pgauth::tool
