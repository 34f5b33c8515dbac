#include "mosquitto_conf.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/quote.hpp"

namespace pgauth::tool {

namespace {

namespace fs = std::filesystem;

struct Line {
    std::string place;
    std::string key;
    std::string value;
};

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view take_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text = trimmed(text.substr(word.size()));
    return word;
}

tl::unexpected<Error> unreadable(const fs::path& path, const std::error_code& error) {
    return fail(ErrorKind::invalid_input,
                fmt::format("{}: cannot be read: {}", quote(path.string()), error.message()));
}

Result<void> read_lines(const fs::path& path, std::vector<Line>& lines);

// Files called *.conf, in the order in which the broker takes them.
Result<void> read_folder(const fs::path& folder, std::vector<Line>& lines) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().extension() == ".conf") {
            files.push_back(entry->path());
        }
    }
    if (error) {
        return unreadable(folder, error);
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        if (auto read = read_lines(file, lines); !read) {
            return read;
        }
    }
    return {};
}

Result<void> read_lines(const fs::path& path, std::vector<Line>& lines) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
        return unreadable(
            path, error ? error : std::make_error_code(std::errc::no_such_file_or_directory));
    }
    std::ifstream file(path);
    if (!file) {
        return unreadable(path, std::make_error_code(std::errc::permission_denied));
    }
    std::string text;
    for (int number = 1; std::getline(file, text); ++number) {
        std::string_view rest = text.starts_with('#') ? std::string_view() : trimmed(text);
        if (rest.empty()) {
            continue;
        }
        const std::string key(take_word(rest));
        if (key == "include_dir") {
            if (auto read = read_folder(std::string(rest), lines); !read) {
                return read;
            }
            continue;
        }
        lines.push_back(
            {fmt::format("{}:{}", path.filename().string(), number), key, std::string(rest)});
    }
    return {};
}

bool is_loopback(std::string_view address) {
    return address == "localhost" || address == "::1" || address.starts_with("127.");
}

// `listener PORT [ADDRESS]`, or port 0 and the path of a socket.
Listener listener_of(const Line& line) {
    std::string_view rest = line.value;
    Listener listener;
    listener.place = line.place;
    const std::string_view port = take_word(rest);
    const bool is_socket = port == "0" || rest.starts_with('/');
    listener.beyond_this_machine = !is_socket && !is_loopback(rest);
    listener.name = is_socket      ? std::string(rest)
                    : rest.empty() ? std::string(port)
                                   : fmt::format("{} on {}", port, rest);
    return listener;
}

// Goes through the lines, and knows which listener and which plugin an option is about.
class Interpreter {
  public:
    explicit Interpreter(MosquittoConf& conf) : conf_(conf) {
        default_.place = "mosquitto.conf";
        default_.name = "1883";
        default_.beyond_this_machine = false;
    }

    void take(const Line& line) {
        if (line.key == "listener") {
            conf_.listeners.push_back(listener_of(line));
        } else if (line.key == "per_listener_settings") {
            conf_.per_listener_settings = line.value == "true";
            conf_.per_listener_place = line.place;
            conf_.per_listener_comes_late = conf_.per_listener_settings && any_security_;
        } else if (line.key == "user") {
            conf_.user = line.value;
        } else if (!take_default_listener(line) && !take_security(line)) {
            take_listener_option(line);
        }
    }

    // The default listener is there where something was said of it, or no other is: then for
    // this machine alone.
    void finish() {
        if (default_is_used_ || conf_.listeners.empty()) {
            default_.security = std::move(default_security_);
            conf_.listeners.insert(conf_.listeners.begin(), std::move(default_));
        }
    }

  private:
    bool take_default_listener(const Line& line) {
        if (line.key == "port") {
            default_.name = line.value;
            default_.beyond_this_machine = !is_bound_to_loopback_;
        } else if (line.key == "bind_address") {
            is_bound_to_loopback_ = is_loopback(line.value);
            default_.beyond_this_machine = !is_bound_to_loopback_;
        } else {
            return false;
        }
        default_.place = line.place;
        default_is_used_ = true;
        return true;
    }

    Security& security_here() {
        if (!conf_.per_listener_settings) {
            return conf_.security;
        }
        return conf_.listeners.empty() ? default_security_ : conf_.listeners.back().security;
    }

    bool take_security(const Line& line) {
        if (line.key == "allow_anonymous") {
            security_here().allow_anonymous = line.value == "true";
            security_here().allow_anonymous_place = line.place;
            any_security_ = true;
        } else if (line.key == "plugin" || line.key == "auth_plugin") {
            add_plugin(security_here(), line, line.value);
        } else if (line.key == "global_plugin") {
            add_plugin(conf_.security, line, line.value);
        } else if (line.key == "plugin_load") {
            std::string_view rest = line.value;
            std::string name(take_word(rest));
            conf_.loaded.push_back({line.place, std::move(name), std::string(rest), {}});
            plugin_ = &conf_.loaded.back();
        } else if (line.key == "plugin_use") {
            use_plugin(line);
        } else if (line.key == "listener_allow_anonymous") {
            Security& own =
                conf_.listeners.empty() ? default_security_ : conf_.listeners.back().security;
            own.allow_anonymous = line.value == "true";
            own.allow_anonymous_place = line.place;
        } else if (line.key.starts_with("plugin_opt_") || line.key.starts_with("auth_opt_")) {
            if (plugin_ != nullptr) {
                plugin_->options.push_back(
                    {line.key.substr(line.key.find("opt_") + 4), line.value});
            }
        } else {
            any_security_ = any_security_ || line.key == "password_file" ||
                            line.key == "acl_file" || line.key == "psk_file";
            return false;
        }
        return true;
    }

    void add_plugin(Security& security, const Line& line, std::string path) {
        any_security_ = true;
        security.plugins.push_back({line.place, {}, std::move(path), {}});
        plugin_ = &security.plugins.back();
    }

    // Options that come behind it are the plugin's, whoever else uses it.
    void use_plugin(const Line& line) {
        const auto loaded = std::find_if(
            conf_.loaded.begin(), conf_.loaded.end(), [&line](const PluginLoad& plugin) {
                return plugin.name == line.value;
            });
        if (loaded == conf_.loaded.end() || conf_.listeners.empty()) {
            conf_.refused_uses.push_back({line.place, line.value});
            return;
        }
        conf_.listeners.back().uses.push_back({line.place, line.value});
        plugin_ = &*loaded;
    }

    void take_listener_option(const Line& line) {
        Listener& listener = conf_.listeners.empty() ? default_ : conf_.listeners.back();
        const bool on = line.value == "true";
        const bool is_default = conf_.listeners.empty();
        if (line.key == "certfile") {
            listener.has_certificate = true;
        } else if (line.key == "psk_hint") {
            listener.has_pre_shared_keys = true;
        } else if (line.key == "require_certificate") {
            listener.requires_certificate = on;
        } else if (line.key == "use_identity_as_username") {
            listener.identity_as_username = on;
        } else if (line.key == "use_subject_as_username") {
            listener.subject_as_username = on;
        } else if (line.key == "use_username_as_clientid") {
            listener.username_as_client_id = on;
        } else {
            return;
        }
        default_is_used_ = default_is_used_ || is_default;
    }

    MosquittoConf& conf_;
    Listener default_;
    Security default_security_;
    bool default_is_used_ = false;
    bool is_bound_to_loopback_ = false;
    bool any_security_ = false;
    // What plugin_opt_ is about. Stays where it is when listeners are moved, and is another
    // before its neighbours are.
    PluginLoad* plugin_ = nullptr;
};

}  // namespace

bool PluginLoad::is_ours() const {
    return fs::path(path).filename().string().find("mosquitto_pgauth") != std::string::npos;
}

std::vector<const PluginLoad*> MosquittoConf::ours() const {
    std::vector<const PluginLoad*> found;
    const auto add = [&](const std::vector<PluginLoad>& plugins) {
        for (const PluginLoad& plugin : plugins) {
            if (plugin.is_ours()) {
                found.push_back(&plugin);
            }
        }
    };
    add(security.plugins);
    add(loaded);
    for (const Listener& listener : listeners) {
        add(listener.security.plugins);
    }
    return found;
}

bool MosquittoConf::asks_ours(const Listener& listener) const {
    const auto any_ours = [](const std::vector<PluginLoad>& plugins) {
        return std::any_of(plugins.begin(), plugins.end(), [](const PluginLoad& plugin) {
            return plugin.is_ours();
        });
    };
    const auto is_used = [&listener](const PluginLoad& plugin) {
        return plugin.is_ours() &&
               std::any_of(listener.uses.begin(),
                           listener.uses.end(),
                           [&plugin](const PluginUse& use) { return use.name == plugin.name; });
    };
    return any_ours(security.plugins) || any_ours(listener.security.plugins) ||
           std::any_of(loaded.begin(), loaded.end(), is_used);
}

Result<MosquittoConf> read_mosquitto_conf(const std::string& path) {
    std::vector<Line> lines;
    if (const auto read = read_lines(path, lines); !read) {
        return tl::unexpected(read.error());
    }
    MosquittoConf conf;
    Interpreter interpreter(conf);
    for (const Line& line : lines) {
        interpreter.take(line);
    }
    interpreter.finish();
    return conf;
}

}  // namespace pgauth::tool
