#include "import/gathered_notes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

constexpr std::size_t named = 5;

}  // namespace

void GatheredNotes::add(Verdict verdict, const std::string& text, std::string_view subject) {
    Subjects& subjects = notes_[{verdict, text}];
    if (++subjects.all <= named) {
        subjects.first.push_back(quote(subject));
    }
}

void GatheredNotes::write_to(Plan& plan) const {
    for (const auto& [key, subjects] : notes_) {
        const std::size_t more = subjects.all - subjects.first.size();
        plan.note(key.first,
                  place_,
                  fmt::format("{}: {}{}",
                              key.second,
                              fmt::join(subjects.first, ", "),
                              more == 0 ? "" : fmt::format(" and {} more", more)));
    }
}

}  // namespace pgauth::tool
