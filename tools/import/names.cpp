#include "import/names.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/quote.hpp"
#include "config/text.hpp"
#include "policy/identifier.hpp"

namespace pgauth::tool {

namespace {

constexpr std::size_t max_name_bytes = 1024;

}  // namespace

std::optional<std::string> why_no_name(std::string_view name) {
    if (name.empty()) {
        return "is empty: a name has 1 to 1024 bytes";
    }
    if (name.size() > max_name_bytes) {
        return "is too long: a name has 1 to 1024 bytes";
    }
    if (find_flaw(name, Layout::one_line)) {
        return "holds a control character, or is not UTF-8";
    }
    return std::nullopt;
}

std::optional<std::string> why_no_username(std::string_view username) {
    if (auto why = why_no_name(username)) {
        return why;
    }
    if (!is_safe_identifier(username)) {
        return "holds a wildcard of MQTT: a username here has no `+` and no `#`";
    }
    return std::nullopt;
}

Result<std::string> read_file(std::string_view what, const std::string& path) {
    std::error_code ignored;
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path, ignored)) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("{}: {} cannot be read: {}",
                        what,
                        quote(path),
                        file ? "it is a directory" : std::generic_category().message(errno)));
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::vector<std::string>> read_lines(std::string_view what, const std::string& path) {
    const auto text = read_file(what, path);
    if (!text) {
        return tl::unexpected(text.error());
    }
    std::vector<std::string> lines;
    std::size_t begin = 0;
    while (begin < text->size()) {
        const std::size_t end = std::min(text->find('\n', begin), text->size());
        lines.push_back(text->substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

std::string name_of_file(const std::string& path) {
    return std::filesystem::path(path).filename().string();
}

std::string line_of(const std::string& path, std::size_t number) {
    return fmt::format("{}:{}", name_of_file(path), number);
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view white = " \t\n\v\f\r";
    const std::size_t first = text.find_first_not_of(white);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(white) - first + 1);
}

}  // namespace pgauth::tool
