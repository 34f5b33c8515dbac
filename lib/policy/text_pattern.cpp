#include "policy/text_pattern.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <re2/re2.h>
#include <utility>

#include "base/quote.hpp"

namespace pgauth {

namespace {

// One element of a glob. A literal is compared as bytes, whatever characters it holds.
struct GlobPart {
    enum class Kind : std::uint8_t { literal, one, run };
    Kind kind;
    std::string_view literal;
    std::size_t length = 1;  // in the glob
};

// `username` stands for `%u`; without one, `%u` is literal.
GlobPart first_part(std::string_view glob, std::optional<std::string_view> username) {
    if (glob.front() == '*') {
        return {GlobPart::Kind::run, {}};
    }
    if (glob.front() == '?') {
        return {GlobPart::Kind::one, {}};
    }
    if (username && glob.starts_with("%u")) {
        return {GlobPart::Kind::literal, *username, 2};
    }
    return {GlobPart::Kind::literal, glob.substr(0, 1)};
}

std::size_t length_of_first_character(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() &&
           (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
        ++length;
    }
    return length;
}

// What is left of `text` after `part`, which is not a run; nothing where it does not fit.
std::optional<std::string_view> consume(const GlobPart& part, std::string_view text) {
    if (part.kind == GlobPart::Kind::one) {
        return text.empty() ? std::nullopt
                            : std::optional(text.substr(length_of_first_character(text)));
    }
    return text.substr(0, part.literal.size()) == part.literal
               ? std::optional(text.substr(part.literal.size()))
               : std::nullopt;
}

// Greedy with one point to fall back to: only the last run can need to take more. A login looks
// at all rules, so this needs no memory.
bool glob_matches(std::string_view glob,
                  std::optional<std::string_view> username,
                  std::string_view text) {
    std::optional<std::string_view> after_run;  // what follows the last run passed
    std::string_view run_text;                  // what it has not taken yet
    for (;;) {
        if (glob.empty() && text.empty()) {
            return true;
        }
        if (!glob.empty()) {
            const GlobPart part = first_part(glob, username);
            if (part.kind == GlobPart::Kind::run) {
                glob.remove_prefix(part.length);
                after_run = glob;
                run_text = text;
                continue;
            }
            if (const auto rest = consume(part, text)) {
                glob.remove_prefix(part.length);
                text = *rest;
                continue;
            }
        }
        if (!after_run || run_text.empty()) {
            return false;
        }
        run_text.remove_prefix(length_of_first_character(run_text));
        text = run_text;
        glob = *after_run;
    }
}

}  // namespace

std::optional<PatternSyntax> parse_pattern_syntax(std::string_view text) noexcept {
    if (text == "exact") {
        return PatternSyntax::exact;
    }
    if (text == "glob") {
        return PatternSyntax::glob;
    }
    if (text == "regex") {
        return PatternSyntax::regex;
    }
    return std::nullopt;
}

TextPattern::TextPattern(PatternSyntax syntax, std::string_view text)
    : syntax_(syntax), text_(text) {}

Result<TextPattern> TextPattern::parse(PatternSyntax syntax, std::string_view text) {
    TextPattern pattern(syntax, text);
    if (syntax == PatternSyntax::regex) {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_dot_nl(true);  // as in PostgreSQL
        auto regex = std::make_shared<const re2::RE2>(pattern.text_, options);
        if (!regex->ok()) {
            return fail(
                ErrorKind::invalid_input,
                fmt::format("regular expression {}: {}: use RE2 syntax, like `press-[0-9]+`",
                            quote(text),
                            regex->error()));
        }
        pattern.regex_ = std::move(regex);
    }
    return pattern;
}

bool TextPattern::matches(std::string_view text) const {
    switch (syntax_) {
        case PatternSyntax::exact:
            return text == text_;
        case PatternSyntax::glob:
            return glob_matches(text_, std::nullopt, text);
        case PatternSyntax::regex:
            return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *regex_);
    }
    return false;
}

bool ClientIdPattern::matches(std::string_view client_id, std::string_view username) const {
    return glob_matches(glob_, username, client_id);
}

}  // namespace pgauth
