// MosquittoConf: what a mosquitto.conf says of listeners and plugins.
//
//   Result<MosquittoConf> conf = read_mosquitto_conf("/etc/mosquitto/mosquitto.conf");
//   for (const Listener& listener : conf->listeners) …
//   for (const PluginLoad* plugin : conf->ours()) load_options(plugin->options);
//
// Read as the broker reads it: include_dir, options before the first `listener` (the default
// listener), per_listener_settings, and what 2.1 has in its place (plugin_load and plugin_use,
// listener_allow_anonymous). What is of no interest here is passed over, right or wrong.
//
// The mistake to avoid: taking it for a check of the file; `mosquitto -c FILE --test-config`
// is one (from 2.1).
// Standard: mosquitto.conf(5), 2.0 and 2.1.
// Thread safety: a value.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/load_options.hpp"

namespace pgauth::tool {

struct PluginLoad {
    std::string place;  // `mosquitto.conf:12`
    std::string name;   // of plugin_load: for listeners that say plugin_use; else empty
    std::string path;
    std::vector<PluginOption> options;

    [[nodiscard]] bool is_ours() const;
};

struct PluginUse {
    std::string place;
    std::string name;
};

// What holds for one listener with per_listener_settings, for all without. What 2.1 lets a
// listener say for itself in either case is in its own.
struct Security {
    std::optional<bool> allow_anonymous;
    std::string allow_anonymous_place;
    std::vector<PluginLoad> plugins;
};

struct Listener {
    std::string place;
    std::string name;  // `1883`, `8883 on 10.1.0.1`, or a socket's path
    bool beyond_this_machine = true;
    bool has_certificate = false;      // certfile: TLS
    bool has_pre_shared_keys = false;  // psk_hint: TLS
    bool requires_certificate = false;
    bool identity_as_username = false;
    bool subject_as_username = false;
    bool username_as_client_id = false;
    Security security;
    std::vector<PluginUse> uses;

    [[nodiscard]] bool has_tls() const noexcept {
        return has_certificate || has_pre_shared_keys;
    }
};

struct MosquittoConf {
    bool per_listener_settings = false;
    std::string per_listener_place;
    // It stands behind an option that it is about: the broker does not start.
    bool per_listener_comes_late = false;
    std::string user = "mosquitto";
    Security security;                    // without per_listener_settings; and of global_plugin
    std::vector<PluginLoad> loaded;       // by plugin_load, for listeners that use them
    std::vector<PluginUse> refused_uses;  // of nothing, or by none: the broker does not start
    std::vector<Listener> listeners;

    // Every load of mosquitto_pgauth.so.
    [[nodiscard]] std::vector<const PluginLoad*> ours() const;

    // Whether one of them is asked about the clients of this listener.
    [[nodiscard]] bool asks_ours(const Listener& listener) const;
};

// Fails where a file cannot be read.
[[nodiscard]] Result<MosquittoConf> read_mosquitto_conf(const std::string& path);

}  // namespace pgauth::tool
