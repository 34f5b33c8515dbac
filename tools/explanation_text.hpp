// An Explanation for people, and for programs.
// Thread safety: pure.

#pragma once

#include <string>

#include "explanation.hpp"

namespace pgauth::tool {

// `source`: where the tables were read from. Both end in a line break; the JSON is one line.
[[nodiscard]] std::string to_text(const Question& question,
                                  const Explanation& told,
                                  const std::string& source);
[[nodiscard]] std::string to_json(const Question& question,
                                  const Explanation& told,
                                  const std::string& source);

}  // namespace pgauth::tool
