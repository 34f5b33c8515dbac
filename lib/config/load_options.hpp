// load_options(): pgauth.yaml and the plugin options of mosquitto.conf to Options.
//
//   plugin_opt_config /etc/mosquitto/pgauth.yaml       # {"config", "/etc/mosquitto/…"}
//   plugin_opt_sessions_takeover any                   # {"sessions_takeover", "any"}
//
//   Result<Options> options = load_options(given);     // at start, and at each reload
//
// Every key of the file is a plugin option too, dots written as underscores; no file is needed.
// Where both say something the plugin option holds, whatever the order of the lines; the file
// must be right all the same. Lists are separated by commas or spaces; `null` is null.
// The mistake to avoid: keeping parts of the old Options after an error. All or nothing.
// Thread safety: reads a file, touches nothing else. It is small, but it is a disk.

#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/options.hpp"

namespace pgauth {

// As the broker hands it over: the key without `plugin_opt_`.
struct PluginOption {
    std::string key;
    std::string value;
};

// An error is one line: file and line or the plugin option, the key, what is wrong, what is
// accepted. It never repeats a connection string.
[[nodiscard]] Result<Options> load_options(const std::vector<PluginOption>& options);

// Every key of pgauth.yaml, `database.connection` first, for the tests of the documentation.
[[nodiscard]] std::vector<std::string> known_keys();

}  // namespace pgauth
