#include "config/load_options.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "config/parse_yaml.hpp"
#include "config/setting.hpp"
#include "config/text.hpp"
#include "store/connection_parameters.hpp"

namespace pgauth {

namespace {

// A configuration has a few hundred bytes; a file that is much larger is another file.
constexpr std::size_t max_file_bytes = std::size_t{1} << 20U;

std::string option_name(std::string_view path) {
    std::string name = "plugin_opt_" + std::string(path);
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

std::vector<std::string> option_names() {
    std::vector<std::string> names{"plugin_opt_config"};
    for (const Setting& setting : settings()) {
        names.push_back(option_name(setting.path));
    }
    return names;
}

const Setting* find_option(const std::string& name) {
    for (const Setting& setting : settings()) {
        if (option_name(setting.path) == name) {
            return &setting;
        }
    }
    return nullptr;
}

tl::unexpected<Error> unknown_option(const std::string& name) {
    const std::optional<std::string> meant = nearest(name, option_names());
    return fail(ErrorKind::invalid_input,
                fmt::format("unknown option {}: {}",
                            shown(name),
                            meant ? "did you mean `" + *meant + "`?"
                                  : "use plugin_opt_config, or a key of pgauth.yaml with "
                                    "underscores for dots: plugin_opt_database_connection"));
}

Value value_of(const Setting& setting, const std::string& place, const std::string& text) {
    Value value{.place = place, .shape = Shape::word, .text = text, .items = {}};
    if (setting.takes(Shape::null) && text == "null") {
        value.shape = Shape::null;
    } else if (!setting.takes(Shape::word)) {
        value.shape = Shape::list;
        constexpr std::string_view separators = ", \t";
        std::size_t begin = text.find_first_not_of(separators);
        while (begin != std::string::npos) {
            const std::size_t end =
                std::min(text.find_first_of(separators, begin), text.size());
            value.items.push_back({.place = place,
                                   .shape = Shape::word,
                                   .text = text.substr(begin, end - begin),
                                   .items = {}});
            begin = text.find_first_not_of(separators, end);
        }
    }
    return value;
}

struct Given {
    const Setting* setting;
    Value value;
};

// As the system words it, in lower case.
std::string describe(std::error_code error) {
    std::string text = error.message();
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    }
    return text;
}

Result<std::string> read_file(const std::string& path) {
    const auto refuse = [&](ErrorKind kind, std::string_view problem) {
        return fail(kind, fmt::format("plugin_opt_config: {}: {}", shown(path), problem));
    };
    // Asked before it is opened: opening a pipe would wait for a writer.
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (!std::filesystem::status_known(status) || !std::filesystem::exists(status)) {
        return refuse(ErrorKind::invalid_input, describe(error));
    }
    if (!std::filesystem::is_regular_file(status)) {
        return refuse(ErrorKind::invalid_input,
                      std::filesystem::is_directory(status)
                          ? "a directory: name the file in it"
                          : "not a regular file: name a file");
    }
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return refuse(ErrorKind::invalid_input, describe({errno, std::generic_category()}));
    }
    std::string text(max_file_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) {
        return refuse(ErrorKind::unavailable, "cannot be read");
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    // Rather an editor that has just truncated it than somebody who means all defaults.
    if (text.empty()) {
        return refuse(ErrorKind::invalid_input,
                      "empty: leave plugin_opt_config out where the PG* variables say it all");
    }
    if (text.size() > max_file_bytes) {
        return refuse(ErrorKind::invalid_input, "larger than 1 MiB: name a pgauth.yaml");
    }
    return text;
}

Result<Options> load_file(const std::string& path) {
    if (path.empty() || find_flaw(path, Layout::one_line)) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("plugin_opt_config: {} is not the name of a file: use "
                                "/etc/mosquitto/pgauth.yaml or the like",
                                shown(path)));
    }
    const Result<std::string> text = read_file(path);
    if (!text) {
        return tl::unexpected(text.error());
    }
    return parse_yaml(*text, path);
}

}  // namespace

Result<Options> load_options(const std::vector<PluginOption>& options) {
    std::set<std::string> seen;
    std::vector<Given> given;
    std::optional<std::string> path;
    for (const PluginOption& option : options) {
        const std::string name = "plugin_opt_" + option.key;
        const Setting* setting = find_option(name);
        if (setting == nullptr && option.key != "config") {
            return unknown_option(name);
        }
        if (!seen.insert(name).second) {
            return fail(ErrorKind::invalid_input, name + ": given twice: keep one");
        }
        if (setting == nullptr) {
            path = option.value;
            continue;
        }
        given.push_back({setting, value_of(*setting, name, option.value)});
    }
    Result<Options> loaded = path ? load_file(*path) : Options{};
    if (!loaded) {
        return loaded;
    }
    for (const auto& [setting, value] : given) {
        if (const Result<void> done = setting->apply(value, *loaded); !done) {
            return tl::unexpected(done.error());
        }
    }
    // What no key can say alone.
    if (const auto parameters = connection_parameters(loaded->database); !parameters) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: database.connection: {}",
                                path.value_or("plugin options"),
                                parameters.error().message));
    }
    if (const auto parameters = connection_parameters(for_writing(loaded->database));
        !parameters) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("{}: database.write_connection: {}",
                                path.value_or("plugin options"),
                                parameters.error().message));
    }
    return loaded;
}

std::vector<std::string> known_keys() {
    std::vector<std::string> keys;
    for (const Setting& setting : settings()) {
        keys.push_back(setting.path);
    }
    return keys;
}

}  // namespace pgauth
