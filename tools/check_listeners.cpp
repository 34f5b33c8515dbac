// What a mosquitto.conf says that takes this plugin's word away, or lets passwords be read.

#include <fmt/format.h>
#include <string>
#include <vector>

#include "base/quote.hpp"
#include "check.hpp"
#include "policy/method.hpp"

namespace pgauth::tool {

namespace {

void check_anonymous(const Security& security,
                     const std::string& whose,
                     const Options& options,
                     Findings& findings) {
    const bool on = security.allow_anonymous.value_or(false);
    const bool wanted = options.authn.anonymous_group.has_value();
    if (on && !wanted) {
        findings.warning(
            security.allow_anonymous_place,
            fmt::format("allow_anonymous true{}: who sends no username is let in wherever this "
                        "plugin is not asked",
                        whose),
            "set it false, or name a group in authentication.anonymous_group");
    }
    if (!on && wanted) {
        findings.warning("mosquitto.conf",
                         fmt::format("allow_anonymous is not true{}, and "
                                     "authentication.anonymous_group lets nameless clients in",
                                     whose),
                         "set it true, or Mosquitto throws them off at each SIGHUP");
    }
}

// The broker takes the username from the certificate and asks nobody.
void check_names(const Listener& listener, const Options& options, Findings& findings) {
    const std::string who = fmt::format("listener {}", listener.name);
    if (listener.has_pre_shared_keys) {
        if (!listener.identity_as_username) {
            findings.warning(listener.place,
                             who + " has pre-shared keys without use_identity_as_username",
                             "set it true there: else Mosquitto believes whatever username a "
                             "client sends");
        }
        if (!options.authn.methods.contains(Method::psk)) {
            findings.warning(listener.place,
                             who +
                                 " has pre-shared keys, and authentication.methods leaves "
                                 "psk out",
                             "add psk to authentication.methods, or nobody gets in there");
        }
    } else if (listener.identity_as_username || listener.subject_as_username) {
        findings.warning(
            listener.place,
            fmt::format("{} sets use_{}_as_username: Mosquitto asks no plugin about the login, "
                        "and whoever gets through TLS can take any client id",
                        who,
                        listener.identity_as_username ? "identity" : "subject"),
            "take it out: this plugin reads the certificate itself");
    }
    if (listener.username_as_client_id) {
        findings.warning(listener.place,
                         who +
                             " sets use_username_as_clientid: clients with a certificate and "
                             "no username are refused before any plugin is asked",
                         "take it out");
    }
}

void check_listener(const Listener& listener, const Options& options, Findings& findings) {
    check_names(listener, options, findings);
    if (listener.beyond_this_machine && !listener.has_tls()) {
        findings.warning(
            listener.place,
            fmt::format("listener {} has no TLS, and others than this machine reach it: "
                        "passwords and messages can be read on the way",
                        listener.name),
            "give it certfile and keyfile, or bind it to 127.0.0.1");
    } else {
        findings.ok(listener.place,
                    fmt::format("listener {}: {}",
                                listener.name,
                                listener.requires_certificate  ? "TLS, asks for certificates"
                                : listener.has_pre_shared_keys ? "TLS with pre-shared keys"
                                : listener.has_certificate     ? "TLS"
                                                               : "for this machine alone"));
    }
}

void check_per_listener(const MosquittoConf& conf, Findings& findings) {
    if (conf.per_listener_comes_late) {
        findings.error(
            conf.per_listener_place,
            "per_listener_settings true stands behind settings that it is about, and "
            "Mosquitto does not start",
            "move it to the top");
    }
    findings.warning(
        conf.per_listener_place,
        "per_listener_settings true: Mosquitto 2.0.11 raises no ticks then, so log "
        "lines and disconnects wait for the next client",
        "set it false where all listeners have the same plugin");
}

// A listener where nobody asks this plugin lets in whom the broker's own settings let in.
void check_plugins(const MosquittoConf& conf, Findings& findings) {
    for (const PluginUse& use : conf.refused_uses) {
        findings.error(use.place,
                       fmt::format("plugin_use {}: Mosquitto does not start", quote(use.name)),
                       "use what a plugin_load line above has loaded, below a listener line");
    }
    const std::vector<const PluginLoad*> ours = conf.ours();
    for (const Listener& listener : conf.listeners) {
        if (ours.empty() || conf.asks_ours(listener)) {
            continue;
        }
        const std::string& name = ours.front()->name;
        findings.error(
            listener.place,
            fmt::format("listener {} names no plugin of its own, so this one is not asked "
                        "there",
                        listener.name),
            name.empty() ? "repeat the plugin line and its plugin_opt_ lines below it"
                         : fmt::format("plugin_use {} below its listener line", name));
    }
}

// Without per_listener_settings one word holds for all listeners, but for those of 2.1 that
// have their own.
void check_all_anonymous(const MosquittoConf& conf,
                         const Options& options,
                         Findings& findings) {
    bool is_shared = false;
    for (const Listener& listener : conf.listeners) {
        if (conf.per_listener_settings || listener.security.allow_anonymous) {
            check_anonymous(listener.security,
                            fmt::format(" for listener {}", listener.name),
                            options,
                            findings);
        } else {
            is_shared = true;
        }
    }
    if (is_shared) {
        check_anonymous(conf.security, "", options, findings);
    }
}

}  // namespace

void check_listeners(const MosquittoConf& conf, const Options& options, Findings& findings) {
    if (conf.per_listener_settings) {
        check_per_listener(conf, findings);
    }
    check_plugins(conf, findings);
    check_all_anonymous(conf, options, findings);
    for (const Listener& listener : conf.listeners) {
        check_listener(listener, options, findings);
    }
}

}  // namespace pgauth::tool
