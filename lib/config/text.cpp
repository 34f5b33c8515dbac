#include "config/text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "base/quote.hpp"

namespace pgauth {

namespace {

bool is_ascii(char byte) {
    return static_cast<unsigned char>(byte) < 0x80;
}

// Single-byte insertions, removals and replacements that lead from one to the other
// (Levenshtein's distance), a row of the matrix at a time.
std::size_t edits(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string shown(std::string_view text) {
    const bool may_connect = text.find_first_of(":=@") != std::string_view::npos;
    return may_connect ? "`…`" : quote(text);
}

std::optional<TextFlaw> find_flaw(std::string_view text, Layout layout) {
    const std::string_view allowed = layout == Layout::lines ? "\t\r\n" : "";
    for (std::size_t at = 0; at < text.size();) {
        // A sequence of more than one byte has no ASCII in it, so a run of such bytes can be
        // judged by itself; what is right in it goes through quote() as it is.
        const auto rest = text.substr(at);
        const auto run = static_cast<std::size_t>(
            std::find_if(rest.begin(), rest.end(), is_ascii) - rest.begin());
        const std::string quoted = quote(rest.substr(0, run), run);
        if (const std::size_t escape = quoted.find('\\'); escape != std::string::npos) {
            return TextFlaw{at + escape - 1, "not UTF-8 text: save it as UTF-8"};
        }
        at += run;
        if (at == text.size()) {
            break;
        }
        const char byte = text[at];
        const bool control = static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
        if (control && allowed.find(byte) == std::string_view::npos) {
            return TextFlaw{at, quote({&byte, 1}) + " is a control character: remove it"};
        }
        at += 1;
    }
    return std::nullopt;
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
    std::optional<std::string> found;
    // In a short word, two edits make any other.
    std::size_t limit = std::min<std::size_t>(2, word.size() / 3);
    for (const std::string& candidate : candidates) {
        // Lengths that differ by more need not be measured: words come from the user,
        // unbounded.
        if (candidate.size() > word.size() + 2 || word.size() > candidate.size() + 2) {
            continue;
        }
        const std::size_t distance = edits(word, candidate);
        if (distance <= limit && (!found || distance < limit)) {
            found = candidate;
            limit = distance;
        }
    }
    return found;
}

}  // namespace pgauth
