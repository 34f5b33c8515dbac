// What a mosquitto.conf says that takes this plugin's word away, or lets passwords be read.

#include <algorithm>
#include <fmt/format.h>
#include <string>

#include "base/quote.hpp"
#include "check.hpp"
#include "policy/method.hpp"

namespace pgauth::tool {

namespace {

bool has_ours(const Security& security) {
    return std::any_of(security.plugins.begin(),
                       security.plugins.end(),
                       [](const PluginLoad& plugin) { return plugin.is_ours(); });
}

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

void check_per_listener(const MosquittoConf& conf, const Options& options, Findings& findings) {
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
    for (const Listener& listener : conf.listeners) {
        if (!has_ours(listener.security) && !has_ours(conf.security)) {
            findings.error(
                listener.place,
                fmt::format("listener {} names no plugin of its own, so this one is not asked "
                            "there",
                            listener.name),
                "repeat the plugin line and its plugin_opt_ lines below it");
        }
        check_anonymous(listener.security,
                        fmt::format(" for listener {}", listener.name),
                        options,
                        findings);
    }
}

}  // namespace

void check_listeners(const MosquittoConf& conf, const Options& options, Findings& findings) {
    if (conf.per_listener_settings) {
        check_per_listener(conf, options, findings);
    } else {
        check_anonymous(conf.security, "", options, findings);
    }
    for (const Listener& listener : conf.listeners) {
        check_listener(listener, options, findings);
    }
}

}  // namespace pgauth::tool
