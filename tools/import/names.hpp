// What the sources need to know of names and files before the database says it.
//
//   if (const auto why = why_no_username(username)) plan.note(Verdict::lost, place, *why);
//   const auto lines = read_lines("acl_file", path);
//
// The mistake to avoid: leaving it to the constraints. They refuse the row, and with it the
// whole import; a name that could never log in is a note.
// Thread safety: pure.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgauth::tool {

// Why no client can be called so, in a form that follows its name; none: it can.
[[nodiscard]] std::optional<std::string> why_no_username(std::string_view username);

// The same of a group or a rule.
[[nodiscard]] std::optional<std::string> why_no_name(std::string_view name);

// `what`: what the file is, for the error.
[[nodiscard]] Result<std::string> read_file(std::string_view what, const std::string& path);

// Without their line breaks.
[[nodiscard]] Result<std::vector<std::string>> read_lines(std::string_view what,
                                                          const std::string& path);

// `file`, without its folder; `file:12`.
[[nodiscard]] std::string name_of_file(const std::string& path);
[[nodiscard]] std::string line_of(const std::string& path, std::size_t number);

// Without white space at both ends, as Mosquitto's files are read.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace pgauth::tool
