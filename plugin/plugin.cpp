// The broker's C API on one side, AuthService on the other. Translates and guards; no policy.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include "base/secret.hpp"
#include "broker_api.hpp"
#include "identity/read_certificate.hpp"
#include "service/auth_service.hpp"

namespace {

using namespace pgauth;

// What the broker hands back to every callback. One for each time that the plugin is loaded.
struct Plugin {
    mosquitto_plugin_id_t* id;
    std::unique_ptr<AuthService> service;
};

int to_broker(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return MOSQ_LOG_DEBUG;
        case LogLevel::info:
            return MOSQ_LOG_INFO;
        case LogLevel::notice:
            return MOSQ_LOG_NOTICE;
        case LogLevel::warning:
            return MOSQ_LOG_WARNING;
        case LogLevel::error:
            return MOSQ_LOG_ERR;
    }
    return MOSQ_LOG_ERR;
}

void log_line(LogLevel level, const char* line) {
    // The C API has no other form.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg)
    mosquitto_log_printf(to_broker(level), "pgauth: %s", line);
}

void drain_log(AuthService& service) {
    service.drain_log(
        [](LogLevel level, const std::string& line) { log_line(level, line.c_str()); });
}

// The broker is C: nothing may be thrown through it, and what fails is denied.
template <typename Body>
int guarded(Plugin& plugin, int denial, Body body) noexcept {
    try {
        int result = denial;
        try {
            result = body(*plugin.service);
        } catch (const std::exception& problem) {
            plugin.service->log().log(LogLevel::error, problem.what());
        }
        drain_log(*plugin.service);
        return result;
    } catch (...) {
        // Out of memory even for the log.
        return denial;
    }
}

std::optional<std::string_view> text_or_none(const char* text) {
    return text == nullptr ? std::nullopt : std::optional<std::string_view>(text);
}

// Whether the broker may keep the session after the connection has ended. For MQTT 5 only the
// session expiry interval says so, and plugins are not told it.
bool may_be_durable(const mosquitto* client) {
    constexpr int mqtt_5 = 5;
    return mosquitto_client_protocol_version(client) == mqtt_5 ||
           !mosquitto_client_clean_session(client);
}

// AUTH is for real refusals only. What may be different in a minute closes the connection
// without a verdict; on 2.1 MQTT 5 clients are told so (3.1.1 clients would be told "not
// authorized").
int to_broker(const LoginDecision& decision, const mosquitto* client) {
    switch (decision.outcome) {
        case LoginOutcome::accepted:
            return MOSQ_ERR_SUCCESS;
        case LoginOutcome::refused:
            return MOSQ_ERR_AUTH;
        case LoginOutcome::handed_on:
            return MOSQ_ERR_PLUGIN_DEFER;
        case LoginOutcome::later:
            return error_auth_delayed;
        case LoginOutcome::try_again:
            break;
    }
    constexpr int mqtt_5 = 5;
    return is_at_least_2_1() && mosquitto_client_protocol_version(client) == mqtt_5
               ? error_server_unavailable
               : MOSQ_ERR_UNKNOWN;
}

// None where none was presented, or where it cannot be read, which identifies nobody.
std::optional<Certificate> certificate_of(AuthService& service, const mosquitto* client) {
    const X509Handle x509(static_cast<x509_st*>(mosquitto_client_certificate(client)));
    if (x509 == nullptr) {
        return std::nullopt;
    }
    auto certificate = read_certificate(*x509);
    if (!certificate) {
        service.log().log(LogLevel::error, certificate.error().message);
        return std::nullopt;
    }
    return *std::move(certificate);
}

ConnectionDetails details_of(AuthService& service, const mosquitto* client) {
    const char* address = mosquitto_client_address(client);
    return {.address = address == nullptr ? std::nullopt : std::optional<std::string>(address),
            .durable = may_be_durable(client),
            .certificate = certificate_of(service, client)};
}

// The username of the session is its client's, also where a certificate said who it is. Frees
// what the event's username points to.
int set_username(mosquitto* client, const LoginDecision& decision) {
    const char* username = mosquitto_client_username(client);
    if (decision.client == nullptr ||
        (username != nullptr && decision.client->username == username)) {
        return MOSQ_ERR_SUCCESS;
    }
    const int set = mosquitto_set_username(client, decision.client->username.c_str());
    return set == MOSQ_ERR_SUCCESS ? MOSQ_ERR_SUCCESS : MOSQ_ERR_UNKNOWN;
}

// With its will: 2.0.11 would raise the DISCONNECT of a durable client that goes without one
// again when its session expires, with a connection that it has freed.
void kick(const std::string& client_id) {
    mosquitto_kick_client_by_clientid(client_id.c_str(), true);
}

// 2.1 only. Tells every late refusal as "not authorized", whatever the result.
void complete(const std::string& client_id, bool accepted) {
    mosquitto_complete_basic_auth(client_id.c_str(),
                                  accepted ? MOSQ_ERR_SUCCESS : MOSQ_ERR_AUTH);
}

int on_basic_auth(int /*event*/, void* event_data, void* userdata) {
    return guarded(
        *static_cast<Plugin*>(userdata), MOSQ_ERR_UNKNOWN, [&](AuthService& service) {
            const auto& event = *static_cast<const mosquitto_evt_basic_auth*>(event_data);
            const char* client_id = mosquitto_client_id(event.client);
            const auto certificate = certificate_of(service, event.client);
            const LoginRequest request{
                .client_id = client_id == nullptr ? "" : client_id,
                .username = text_or_none(event.username),
                .password = text_or_none(event.password),
                .address = text_or_none(mosquitto_client_address(event.client)),
                .connection = event.client,
                .durable = may_be_durable(event.client),
                .certificate = certificate ? &*certificate : nullptr,
                .can_wait = can_wait_for_answers()};
            const LoginDecision decision = service.log_in(request);
            service.throw_off_without_ticks(request.client_id, kick);
            // Of one that is answered later, the connection may be gone by then.
            const bool is_named = decision.outcome == LoginOutcome::accepted ||
                                  decision.outcome == LoginOutcome::later;
            const int set = is_named ? set_username(event.client, decision) : MOSQ_ERR_SUCCESS;
            return set == MOSQ_ERR_SUCCESS ? to_broker(decision, event.client) : set;
        });
}

// Enhanced authentication: what the client has sent, and who it is.
template <typename Step>
int on_auth_packet(void* event_data, void* userdata, Step take_step) {
    return guarded(
        *static_cast<Plugin*>(userdata), MOSQ_ERR_UNKNOWN, [&](AuthService& service) {
            auto& event = *static_cast<mosquitto_evt_extended_auth*>(event_data);
            // 2.0.11 says which method it is at the start only.
            if (event.auth_method != nullptr && event.auth_method != scram_method) {
                return static_cast<int>(MOSQ_ERR_PLUGIN_DEFER);
            }
            const char* client_id = mosquitto_client_id(event.client);
            const auto certificate = certificate_of(service, event.client);
            const LoginRequest request{
                .client_id = client_id == nullptr ? "" : client_id,
                .username = text_or_none(mosquitto_client_username(event.client)),
                .password = std::nullopt,
                .address = text_or_none(mosquitto_client_address(event.client)),
                .connection = event.client,
                .durable = may_be_durable(event.client),
                .certificate = certificate ? &*certificate : nullptr};
            const std::string_view message(static_cast<const char*>(event.data_in),
                                           event.data_in_len);
            const ScramStep step = take_step(service, request, message);
            const int result = !step.decision ? static_cast<int>(MOSQ_ERR_AUTH_CONTINUE)
                               : step.decision->outcome == LoginOutcome::accepted
                                   ? set_username(event.client, *step.decision)
                                   : to_broker(*step.decision, event.client);
            // For the broker to free(). It sends nothing along with a refusal.
            const bool is_sent = result == MOSQ_ERR_AUTH_CONTINUE || result == MOSQ_ERR_SUCCESS;
            if (is_sent && !step.message.empty()) {
                // NOLINTNEXTLINE(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
                event.data_out = std::malloc(step.message.size());
                if (event.data_out == nullptr) {
                    throw std::bad_alloc();
                }
                std::memcpy(event.data_out, step.message.data(), step.message.size());
                event.data_out_len = static_cast<std::uint16_t>(step.message.size());
            }
            return result;
        });
}

int on_auth_start(int /*event*/, void* event_data, void* userdata) {
    return on_auth_packet(
        event_data,
        userdata,
        [](AuthService& service, const LoginRequest& request, std::string_view message) {
            ScramStep step = service.begin_scram(request, message);
            service.throw_off_without_ticks(request.client_id, kick);
            return step;
        });
}

int on_auth_continue(int /*event*/, void* event_data, void* userdata) {
    return on_auth_packet(
        event_data,
        userdata,
        [](AuthService& service, const LoginRequest& request, std::string_view message) {
            return service.continue_scram(request, message);
        });
}

// 2.0.11 and 2.0.12 take whoever has the client id of a connection that ends while it still
// authenticates out of their table of clients: a stranger's CONNECT and hanging up would do for
// that. Nobody has the empty one.
void disown_client_id(const AuthService& service, const mosquitto* client) {
    const char* client_id = mosquitto_client_id(client);
    if (client_id != nullptr && !is_at_least_2_1() &&
        service.is_authenticating(client, client_id)) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the broker's own, on its heap
        *const_cast<char*>(client_id) = '\0';
    }
}

int on_psk_key(int /*event*/, void* event_data, void* userdata) {
    return guarded(*static_cast<Plugin*>(userdata), MOSQ_ERR_AUTH, [&](AuthService& service) {
        auto& event = *static_cast<mosquitto_evt_psk_key*>(event_data);
        if (event.identity == nullptr || event.key == nullptr) {
            return static_cast<int>(MOSQ_ERR_AUTH);
        }
        const Secret key = service.pre_shared_key(
            event.identity, text_or_none(mosquitto_client_address(event.client)), event.client);
        const std::string_view digits = key.reveal();
        if (digits.size() >= static_cast<std::size_t>(std::max(event.max_key_len, 0))) {
            return static_cast<int>(MOSQ_ERR_AUTH);
        }
        event.key[digits.copy(event.key, digits.size())] = '\0';
        return static_cast<int>(MOSQ_ERR_SUCCESS);
    });
}

int on_acl_check(int /*event*/, void* event_data, void* userdata) {
    return guarded(
        *static_cast<Plugin*>(userdata), MOSQ_ERR_ACL_DENIED, [&](AuthService& service) {
            const auto& event = *static_cast<const mosquitto_evt_acl_check*>(event_data);
            const char* client_id = mosquitto_client_id(event.client);
            AccessCheck check;
            switch (event.access) {
                case MOSQ_ACL_WRITE:
                    check.action = Action::publish;
                    break;
                case MOSQ_ACL_SUBSCRIBE:
                    check.action = Action::subscribe;
                    break;
                case MOSQ_ACL_READ:
                    check.action = Action::receive;
                    break;
                case MOSQ_ACL_UNSUBSCRIBE:
                    return static_cast<int>(MOSQ_ERR_SUCCESS);
                default:
                    return static_cast<int>(MOSQ_ERR_ACL_DENIED);
            }
            if (client_id == nullptr || event.topic == nullptr) {
                return static_cast<int>(MOSQ_ERR_ACL_DENIED);
            }
            check.client_id = client_id;
            check.username = text_or_none(mosquitto_client_username(event.client));
            check.topic = event.topic;
            check.qos = event.qos;
            check.retain = event.retain;
            check.has_address = mosquitto_client_address(event.client) != nullptr;
            const Decision decision =
                service.check(check, event.client, [&service, client = event.client] {
                    return details_of(service, client);
                });
            // Anything else than these would cut the client off, or delete what is queued for
            // it.
            return static_cast<int>(decision.allowed                     ? MOSQ_ERR_SUCCESS
                                    : decision.cause == Cause::handed_on ? MOSQ_ERR_PLUGIN_DEFER
                                                                         : MOSQ_ERR_ACL_DENIED);
        });
}

// 2.1 only.
int on_connect(int /*event*/, void* /*event_data*/, void* userdata) {
    return guarded(
        *static_cast<Plugin*>(userdata), MOSQ_ERR_SUCCESS, [&](AuthService& service) {
            service.connected();
            return MOSQ_ERR_SUCCESS;
        });
}

// Also for MOSQ_EVT_CLIENT_OFFLINE, whose data is the same.
int on_disconnect(int /*event*/, void* event_data, void* userdata) {
    return guarded(
        *static_cast<Plugin*>(userdata), MOSQ_ERR_SUCCESS, [&](AuthService& service) {
            const auto& event = *static_cast<const mosquitto_evt_disconnect*>(event_data);
            disown_client_id(service, event.client);
            service.disconnected(event.client, text_or_none(mosquitto_client_id(event.client)));
            // 2.0 ends TLS before it asks about the will, 2.1 after.
            if (is_at_least_2_1()) {
                service.expect_will(event.client);
            }
            return MOSQ_ERR_SUCCESS;
        });
}

int on_tick(int /*event*/, void* event_data, void* userdata) {
    return guarded(
        *static_cast<Plugin*>(userdata), MOSQ_ERR_SUCCESS, [&](AuthService& service) {
            service.tick();
            service.complete_logins([&](const std::string& client_id, bool accepted) {
                drain_log(service);  // why it is refused, before it is
                complete(client_id, accepted);
            });
            service.throw_off(kick);
            // 2.0 raises DISCONNECT with a freed connection after some kicks: there they only
            // lose their rights.
            if (is_at_least_2_1()) {
                service.throw_off_unasked([](const std::string& client_id) {
                    mosquitto_kick_client_by_clientid(client_id.c_str(), false);
                });
            }
            // On 2.1: call again every turn of the loop, and wake it up after 100 ms at the
            // latest, or sooner while somebody waits. The 2.0 headers call the field next_ns,
            // and 2.0 ignores all three.
            auto& event = *static_cast<mosquitto_evt_tick*>(event_data);
            constexpr long next_tick_ms = 100;
            constexpr long soon_ms = 5;
            event.now_s = 0;
            event.now_ns = 0;
            event.next_ns = service.has_logins_to_complete() ? soon_ms : next_tick_ms;
            return MOSQ_ERR_SUCCESS;
        });
}

// Anything but success would end a 2.1 broker.
int on_reload(int /*event*/, void* /*event_data*/, void* userdata) {
    return guarded(
        *static_cast<Plugin*>(userdata), MOSQ_ERR_SUCCESS, [&](AuthService& service) {
            service.reload();
            return MOSQ_ERR_SUCCESS;
        });
}

struct Registration {
    int event;
    MOSQ_FUNC_generic_callback callback;
};

constexpr std::array<Registration, 10> registrations{{
    {MOSQ_EVT_BASIC_AUTH, on_basic_auth},
    {MOSQ_EVT_EXT_AUTH_START, on_auth_start},
    {MOSQ_EVT_EXT_AUTH_CONTINUE, on_auth_continue},
    {MOSQ_EVT_PSK_KEY, on_psk_key},
    {MOSQ_EVT_ACL_CHECK, on_acl_check},
    {MOSQ_EVT_DISCONNECT, on_disconnect},
    {MOSQ_EVT_TICK, on_tick},
    {MOSQ_EVT_RELOAD, on_reload},
    {event_connect, on_connect},
    {event_client_offline, on_disconnect},
}};

bool is_known_to_broker(const Registration& registration) {
    const bool is_new =
        registration.event == event_connect || registration.event == event_client_offline;
    return !is_new || is_at_least_2_1();
}

int register_all(Plugin& plugin) {
    for (const Registration& registration : registrations) {
        if (!is_known_to_broker(registration)) {
            continue;
        }
        const int registered = mosquitto_callback_register(
            plugin.id, registration.event, registration.callback, nullptr, &plugin);
        if (registered != MOSQ_ERR_SUCCESS) {
            return registered;
        }
    }
    return MOSQ_ERR_SUCCESS;
}

// The broker frees its options after a reload: they are copied.
std::vector<PluginOption> copy(const mosquitto_opt* options, int count) {
    std::vector<PluginOption> copies;
    copies.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        copies.push_back({options[i].key, options[i].value == nullptr ? "" : options[i].value});
    }
    return copies;
}

int start(mosquitto_plugin_id_t* id, void** userdata, const mosquitto_opt* options, int count) {
    auto service = AuthService::start(copy(options, count));
    if (!service) {
        log_line(LogLevel::error, service.error().message.c_str());
        return MOSQ_ERR_INVAL;
    }
    auto plugin = std::make_unique<Plugin>(Plugin{id, *std::move(service)});
    if (is_at_least_2_1()) {
        mosquitto_plugin_set_info(id, "pgauth", PGAUTH_VERSION);
    }
    drain_log(*plugin->service);  // may throw: not once the broker knows where to call
    const int registered = register_all(*plugin);
    if (registered == MOSQ_ERR_SUCCESS) {
        *userdata = plugin.release();
    }
    return registered;
}

}  // namespace

// The three names that the broker looks up. Everything else in this library is hidden.
#define PGAUTH_BROKER_ENTRY extern "C" __attribute__((visibility("default")))

PGAUTH_BROKER_ENTRY int mosquitto_plugin_version(int count, const int* versions) {
    for (int i = 0; i < count; ++i) {
        if (versions[i] == MOSQ_PLUGIN_VERSION) {
            return MOSQ_PLUGIN_VERSION;
        }
    }
    return -1;
}

// Whatever goes wrong here must stop the broker: a missing configuration never means "allow".
PGAUTH_BROKER_ENTRY int mosquitto_plugin_init(mosquitto_plugin_id_t* id,
                                              void** userdata,
                                              mosquitto_opt* options,
                                              int count) {
    try {
        return start(id, userdata, options, count);
    } catch (const std::exception& problem) {
        log_line(LogLevel::error, problem.what());
    } catch (...) {
        log_line(LogLevel::error, "cannot start: unknown exception");
    }
    return MOSQ_ERR_UNKNOWN;
}

PGAUTH_BROKER_ENTRY int mosquitto_plugin_cleanup(void* userdata,
                                                 mosquitto_opt* /*options*/,
                                                 int /*count*/) {
    const std::unique_ptr<Plugin> plugin(static_cast<Plugin*>(userdata));
    if (plugin != nullptr) {
        for (const Registration& registration : registrations) {
            if (is_known_to_broker(registration)) {
                mosquitto_callback_unregister(
                    plugin->id, registration.event, registration.callback, nullptr);
            }
        }
    }
    return MOSQ_ERR_SUCCESS;
}
