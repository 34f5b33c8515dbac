// GatheredNotes: one note where the same is to be said of many rows.
//
//   GatheredNotes notes("mqtt_user");
//   notes.add(Verdict::lost, "no form for its hash", username);     // for each
//   notes.write_to(plan);     // mqtt_user: no form for its hash: `a`, `b`, `c` and 97 more
//
// The mistake to avoid: a note a row, which nobody reads where the rows are a hundred thousand.
// Thread safety: none needed.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/plan.hpp"

namespace pgauth::tool {

class GatheredNotes {
  public:
    // `place`: of all of them.
    explicit GatheredNotes(std::string place) : place_(std::move(place)) {}

    // `subject`: whose row it is, or where it stands.
    void add(Verdict verdict, const std::string& text, std::string_view subject);

    // By verdict and text, so that the same input gives the same notes.
    void write_to(Plan& plan) const;

  private:
    struct Subjects {
        std::vector<std::string> first;
        std::size_t all = 0;
    };

    std::string place_;
    std::map<std::pair<Verdict, std::string>, Subjects> notes_;
};

}  // namespace pgauth::tool
