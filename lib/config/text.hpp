// What a configuration may be made of, and what of it an error message may repeat.
//
//   find_flaw("tls: \x04…")        // at 5, "`\x04` is a control character: remove it"
//   shown("passwd")                // `passwd`
//   shown("host=db password=x")    // `…`
//   nearest("tsl", {"tls", "file"})
//
// The mistake to avoid: quote() where shown() is meant. A connection string with its password
// may stand behind any key, once somebody has mistaken the line.
// Thread safety: pure.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgauth {

// `text` quoted; only `…` where it might be a connection string, that is holds `:`, `=` or `@`.
[[nodiscard]] std::string shown(std::string_view text);

struct TextFlaw {
    std::size_t position;
    std::string problem;
};

// Whether line breaks and tabs belong into the text.
enum class Layout : bool { one_line, lines };

// The first byte that is not UTF-8 (RFC 3629) or belongs to a control character. Both matter:
// yaml-cpp guesses at other encodings, and takes U+0004 for the end of the file.
[[nodiscard]] std::optional<TextFlaw> find_flaw(std::string_view text, Layout layout);

// The candidate that `word` was probably meant to be: two edits away at most.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

}  // namespace pgauth
