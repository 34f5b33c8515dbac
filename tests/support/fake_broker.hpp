// FakeBroker: as much of Mosquitto as a plugin sees of it, in the test's own process.
//
//   LoadedPlugin plugin({{"database_connection", "…"}});      // dlopen and init, as the broker
//   mosquitto press{.id = "a", .username = "press-7"};        // the broker's connection
//   CHECK(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
//   CHECK(plugin.write(press, "plant/7") == MOSQ_ERR_ACL_DENIED);
//   CHECK(broker_log().lines().empty());
//
// It is for what the real broker cannot be made to do at will: lose a client id, use an address
// again, ask through a connection on its stack or from another thread.
//
// One source makes two executables: a 2.0 broker, and a 2.1 broker that has fake_broker_2_1.cpp
// as well. Which of them this is, is_2_1() says.
//
// The mistake to avoid: believing that a real broker calls in this order because a test does.
// BROKER.md has what was seen in the real ones.
// Thread safety: BrokerLog and the calls of log_in() and the checks; the rest is for one
// thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

// The broker's connection. What is none is NULL to the plugin.
// NOLINTNEXTLINE(readability-identifier-naming): the broker's name for it
struct mosquitto {
    std::optional<std::string> id = std::nullopt;
    std::optional<std::string> username = std::nullopt;
    std::optional<std::string> address = "127.0.0.1";
    bool clean_session = true;
    int protocol_version = 4;
    std::string certificate = {};  // DER; empty: none was presented
};

namespace pgauth::testing {

inline constexpr int event_connect = 11;         // from 2.1 on
inline constexpr int event_client_offline = 28;  // from 2.1 on
inline constexpr int server_unavailable = 136;   // the reason code, on 2.1
inline constexpr int auth_delayed = -5;          // a login is answered later, on 2.1

[[nodiscard]] bool is_2_1() noexcept;

class BrokerLog {
  public:
    struct Line {
        int level;
        std::string text;
    };

    void add(int level, std::string_view text);
    void clear();

    [[nodiscard]] std::vector<Line> lines() const;
    [[nodiscard]] std::vector<Line> lines(int level) const;

    // How many lines have `part` in them.
    [[nodiscard]] std::size_t count(std::string_view part) const;

    // How often another thread than the one that last called clear() has logged. The broker's
    // log function is for its own thread.
    [[nodiscard]] std::size_t foreign() const;

    // All lines, for INFO().
    [[nodiscard]] std::string text() const;

  private:
    mutable std::mutex mutex_;
    std::thread::id owner_ = std::this_thread::get_id();
    std::vector<Line> lines_;
    std::size_t foreign_ = 0;
};

[[nodiscard]] BrokerLog& broker_log();

// The client ids that the plugin has had thrown off since this was last asked. What a broker
// does about it, with its disconnect, is the test's to play.
[[nodiscard]] std::vector<std::string> take_kicks();

// Plays it within the call, as the broker does, as long as this lives. Not for two at a time.
class KicksPlayed {
  public:
    using Play = std::function<void(const std::string& client_id, bool with_will)>;

    explicit KicksPlayed(Play play);
    ~KicksPlayed();

    KicksPlayed(const KicksPlayed&) = delete;
    KicksPlayed& operator=(const KicksPlayed&) = delete;
    KicksPlayed(KicksPlayed&&) = delete;
    KicksPlayed& operator=(KicksPlayed&&) = delete;
};

// What mosquitto_complete_basic_auth() does on a 2.1 broker: whoever waits under this client id
// is answered, and let in with a CONNECT event within the call.
void complete_waiting(const char* client_id, int result);

// What the plugin answers to a broker that speaks these versions of the interface.
[[nodiscard]] int negotiate(const std::vector<int>& versions);

// A value that is none is NULL to the plugin.
using PluginOptions = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct PluginLibrary;

class LoadedPlugin {
  public:
    // Clears the log, opens the library and calls its init, in which allocation number
    // `failing_allocation` fails. Throws where it cannot be opened.
    explicit LoadedPlugin(const PluginOptions& options, std::size_t failing_allocation = 0);
    ~LoadedPlugin();

    LoadedPlugin(const LoadedPlugin&) = delete;
    LoadedPlugin& operator=(const LoadedPlugin&) = delete;
    LoadedPlugin(LoadedPlugin&&) = delete;
    LoadedPlugin& operator=(LoadedPlugin&&) = delete;

    [[nodiscard]] int init_result() const noexcept { return init_result_; }

    [[nodiscard]] std::size_t callback_count() const;

    // Everything below: REQUIRES: init_result() == MOSQ_ERR_SUCCESS. All but tick() and
    // reload() give what the callback returned.

    // With the username of the connection, which the plugin may change. `password` none: NULL.
    // Where the plugin answers later, ticks until it has.
    int log_in(mosquitto& client, const std::optional<std::string>& password);

    // The same without waiting: auth_delayed where the plugin answers later. REQUIRES: nobody
    // waits under the same client id (a broker asks nothing of a second one).
    int begin_log_in(mosquitto& client, const std::optional<std::string>& password);

    // 2.1 only. What became of a login that was to be answered later; none: it waits still.
    [[nodiscard]] std::optional<int> late_result(const mosquitto& client) const;

    // 2.1 only. The connection goes while it waits: the plugin is told nothing.
    void drop_waiting(mosquitto& client);

    int write(mosquitto& client, const char* topic, int qos = 0);
    int read(mosquitto& client, const char* topic);
    int subscribe(mosquitto& client, const char* filter, int qos = 0);
    int unsubscribe(mosquitto& client, const char* filter);
    int check(mosquitto& client, int access, const char* topic, int qos = 0);

    // Enhanced authentication, with this Authentication Method. Gives, as authentication(),
    // what the client is sent along with it.
    int start_authentication(mosquitto& client, const char* method, std::string_view message);
    int continue_authentication(mosquitto& client,
                                const char* method,
                                std::string_view message);

    [[nodiscard]] const std::string& authentication() const noexcept { return sent_; }

    // The key that a TLS-PSK handshake is made with; none where there is to be none. A key may
    // have `room` bytes with its end.
    std::optional<std::string> pre_shared_key(mosquitto& client,
                                              const char* identity,
                                              int room = 256);

    int disconnect(mosquitto& client);
    int go_offline(mosquitto& client);  // 2.1 only

    int tick();
    int tick(mosquitto_evt_tick& event);

    // Without options, as both brokers do.
    int reload();

    // Before the destructor does it. Unregistered callbacks are the test's to look at.
    int clean_up();

  private:
    int call(int event, void* data);
    int authenticate(int event, mosquitto& client, const char* method, std::string_view data);

    std::unique_ptr<PluginLibrary> library_;
    std::unique_ptr<mosquitto_plugin_id_t> id_;
    void* userdata_ = nullptr;
    int init_result_ = MOSQ_ERR_UNKNOWN;
    std::string sent_;
};

}  // namespace pgauth::testing
