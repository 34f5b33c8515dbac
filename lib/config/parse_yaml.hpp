// parse_yaml(): the text of pgauth.yaml to Options.
//
//   Result<Options> options = parse_yaml("sessions: {takeover: any}", "pgauth.yaml");
//   options.error().message
//     // pgauth.yaml:12: authentication.methods: `passwd` is not a method: use password, …
//
// What is left out keeps its default; an empty file is all defaults. Anything not understood is
// an error: unknown keys (with the one that was probably meant), keys given twice, a list where
// a word belongs, a second document. The first one in the file is reported, in one line.
// YAML 1.2 as yaml-cpp reads it, aliases included, in UTF-8 only.
// Thread safety: pure.

#pragma once

#include <string_view>

#include "base/result.hpp"
#include "config/options.hpp"

namespace pgauth {

// `file_name` begins the error messages.
[[nodiscard]] Result<Options> parse_yaml(std::string_view text, std::string_view file_name);

}  // namespace pgauth
