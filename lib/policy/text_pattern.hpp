// TextPattern: a condition on a text: equal to it, like a glob, or matching a regular
// expression.
//
//   const auto presses = TextPattern::parse(PatternSyntax::glob, "press-*");
//   presses->matches("press-7");                 // true
//
// ClientIdPattern: the glob in a client's row that its MQTT client id must match, in which `%u`
// is the client's username, compared literally (a username `*` matches only itself).
//
// Glob: `*` is any run of characters, also none; `?` is one character (a UTF-8 code point);
// nothing else is special. Regular expressions are RE2's, anchored at both ends: an unanchored
// `admin` would let `evil-admin` pass.
// Thread safety: immutable; share freely.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace re2 {
class RE2;
}  // namespace re2

namespace pgauth {

enum class PatternSyntax : std::uint8_t { exact, glob, regex };

// The spelling of SQL: `exact`, `glob`, `regex`.
[[nodiscard]] std::optional<PatternSyntax> parse_pattern_syntax(std::string_view text) noexcept;

class TextPattern {
  public:
    // Only a regular expression can be malformed, or too large to compile (RE2's default, 8
    // MiB).
    [[nodiscard]] static Result<TextPattern> parse(PatternSyntax syntax, std::string_view text);

    // Linear in the length of `text` for exact and regex, at worst quadratic for glob.
    [[nodiscard]] bool matches(std::string_view text) const;

  private:
    TextPattern(PatternSyntax syntax, std::string_view text);

    PatternSyntax syntax_;
    std::string text_;
    std::shared_ptr<const re2::RE2> regex_;  // set for regex only
};

class ClientIdPattern {
  public:
    explicit ClientIdPattern(std::string_view glob) : glob_(glob) {}

    [[nodiscard]] bool matches(std::string_view client_id, std::string_view username) const;

    [[nodiscard]] const std::string& text() const noexcept { return glob_; }

  private:
    std::string glob_;
};

}  // namespace pgauth
