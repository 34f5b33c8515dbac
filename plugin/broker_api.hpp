// What a broker from 2.1 on has and the 2.0 headers do not: declared here, looked for at run
// time.
//
//   if (is_at_least_2_1()) …
//
// One library serves every broker from 2.0.11 on, so nothing here may be needed to load it.
// Source: the broker's public headers of 2.1.
// Thread safety: constants.

#pragma once

#include <mosquitto.h>
#include <mosquitto_broker.h>

// The mistake to avoid: calling a weak function without looking whether it is there.
extern "C" {
__attribute__((weak)) int mosquitto_plugin_set_info(mosquitto_plugin_id_t* identifier,
                                                    const char* plugin_name,
                                                    const char* plugin_version);
__attribute__((weak)) void mosquitto_complete_basic_auth(const char* client_id, int result);
}

namespace pgauth {

[[nodiscard]] inline bool is_at_least_2_1() noexcept {
    return &mosquitto_plugin_set_info != nullptr;
}

// Whether a login may be answered later.
[[nodiscard]] inline bool can_wait_for_answers() noexcept {
    return &mosquitto_complete_basic_auth != nullptr;
}

// Raised for every connection that the broker has let in.
inline constexpr int event_connect = 11;

// Raised instead of MOSQ_EVT_DISCONNECT where the broker keeps the session.
inline constexpr int event_client_offline = 28;

// BASIC_AUTH result: mosquitto_complete_basic_auth() will be called.
inline constexpr int error_auth_delayed = -5;

// BASIC_AUTH result that an MQTT 5 client sees as reason code 0x88, "server unavailable".
inline constexpr int error_server_unavailable = 136;

}  // namespace pgauth
