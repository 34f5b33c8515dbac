#include "support/fake_broker.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <stdexcept>

#include <openssl/x509.h>

#include "support/allocation_failure.hpp"
#include "support/waiting.hpp"

extern "C" {
__attribute__((weak)) int mosquitto_plugin_set_info(mosquitto_plugin_id_t* id,
                                                    const char* name,
                                                    const char* version);
}

namespace {

struct Callback {
    MOSQ_FUNC_generic_callback function;
    void* userdata;
};

}  // namespace

// What the broker knows of one loaded plugin.
// NOLINTNEXTLINE(readability-identifier-naming): the broker's name for it
struct mosquitto_plugin_id_t {
    std::map<int, Callback> callbacks;
};

// --- what the plugin calls ----------------------------------------------------------------

namespace {

std::vector<std::string>& kicks() {
    static std::vector<std::string> client_ids;
    return client_ids;
}

// Who waits for a late answer, by client id, and what became of those who did.
struct Waiting {
    mosquitto* client;
    const mosquitto_plugin_id_t* plugin;
};

std::map<std::string, Waiting>& waiting() {
    static std::map<std::string, Waiting> clients;
    return clients;
}

std::map<const mosquitto*, int>& late_results() {
    static std::map<const mosquitto*, int> results;
    return results;
}

pgauth::testing::KicksPlayed::Play& kick_player() {
    static pgauth::testing::KicksPlayed::Play play;
    return play;
}

const char* text_or_null(const std::optional<std::string>& text) {
    return text ? text->c_str() : nullptr;
}

}  // namespace

extern "C" {

int mosquitto_callback_register(mosquitto_plugin_id_t* identifier,
                                int event,
                                MOSQ_FUNC_generic_callback cb_func,
                                const void* /*event_data*/,
                                void* userdata) {
    const pgauth::testing::AllocationsSucceed here;  // C does not throw
    const bool known = event <= MOSQ_EVT_DISCONNECT || pgauth::testing::is_2_1();
    if (!known) {
        return MOSQ_ERR_NOT_SUPPORTED;
    }
    return identifier->callbacks.emplace(event, Callback{cb_func, userdata}).second
               ? MOSQ_ERR_SUCCESS
               : MOSQ_ERR_ALREADY_EXISTS;
}

int mosquitto_callback_unregister(mosquitto_plugin_id_t* identifier,
                                  int event,
                                  MOSQ_FUNC_generic_callback cb_func,
                                  const void* /*event_data*/) {
    const auto found = identifier->callbacks.find(event);
    if (found == identifier->callbacks.end() || found->second.function != cb_func) {
        return MOSQ_ERR_NOT_FOUND;
    }
    identifier->callbacks.erase(found);
    return MOSQ_ERR_SUCCESS;
}

// NOLINTNEXTLINE(cert-dcl50-cpp): the broker's function is variadic
void mosquitto_log_printf(int level, const char* fmt, ...) {
    std::array<char, 4096> text{};
    va_list arguments;
    va_start(arguments, fmt);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized,clang-diagnostic-format-nonliteral):
    // passed on
    static_cast<void>(std::vsnprintf(text.data(), text.size(), fmt, arguments));
    va_end(arguments);
    pgauth::testing::broker_log().add(level, text.data());
}

const char* mosquitto_client_id(const mosquitto* client) {
    return text_or_null(client->id);
}

const char* mosquitto_client_username(const mosquitto* client) {
    return text_or_null(client->username);
}

const char* mosquitto_client_address(const mosquitto* client) {
    return text_or_null(client->address);
}

bool mosquitto_client_clean_session(const mosquitto* client) {
    return client->clean_session;
}

int mosquitto_client_protocol_version(const mosquitto* client) {
    return client->protocol_version;
}

// An X509*, which is the plugin's to free.
void* mosquitto_client_certificate(const mosquitto* client) {
    const std::string& der = client->certificate;
    const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
    return der.empty() ? nullptr : d2i_X509(nullptr, &begin, static_cast<long>(der.size()));
}

// Frees the username that the event had, as the broker does.
int mosquitto_set_username(mosquitto* client, const char* username) {
    const pgauth::testing::AllocationsSucceed here;  // C does not throw
    std::string copy = username;
    client->username.reset();
    client->username = std::move(copy);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_kick_client_by_clientid(const char* clientid, bool with_will) {
    const pgauth::testing::AllocationsSucceed here;
    kicks().emplace_back(clientid);
    if (kick_player()) {
        kick_player()(clientid, with_will);
    }
    return MOSQ_ERR_SUCCESS;
}

}  // extern "C"

namespace pgauth::testing {

std::vector<std::string> take_kicks() {
    return std::exchange(kicks(), {});
}

KicksPlayed::KicksPlayed(Play play) {
    kick_player() = std::move(play);
}

KicksPlayed::~KicksPlayed() {
    kick_player() = nullptr;
}

bool is_2_1() noexcept {
    return &mosquitto_plugin_set_info != nullptr;
}

// --- the log ------------------------------------------------------------------------------

void BrokerLog::add(int level, std::string_view text) {
    const AllocationsSucceed here;  // the broker's own log cannot fail
    const std::lock_guard lock(mutex_);
    foreign_ += std::this_thread::get_id() == owner_ ? 0U : 1U;
    lines_.push_back({level, std::string(text)});
}

void BrokerLog::clear() {
    const std::lock_guard lock(mutex_);
    owner_ = std::this_thread::get_id();
    lines_.clear();
    foreign_ = 0;
}

std::vector<BrokerLog::Line> BrokerLog::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
}

std::vector<BrokerLog::Line> BrokerLog::lines(int level) const {
    std::vector<Line> some = lines();
    std::erase_if(some, [&](const Line& line) { return line.level != level; });
    return some;
}

std::size_t BrokerLog::count(std::string_view part) const {
    const std::vector<Line> all = lines();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& line) {
            return line.text.find(part) != std::string::npos;
        }));
}

std::size_t BrokerLog::foreign() const {
    const std::lock_guard lock(mutex_);
    return foreign_;
}

std::string BrokerLog::text() const {
    std::string text;
    for (const Line& line : lines()) {
        text += std::to_string(line.level) + " " + line.text + "\n";
    }
    return text;
}

BrokerLog& broker_log() {
    static BrokerLog log;
    return log;
}

// --- one plugin ---------------------------------------------------------------------------

struct PluginLibrary {
    void* handle;
    decltype(&mosquitto_plugin_version) version = nullptr;
    decltype(&mosquitto_plugin_init) init = nullptr;
    decltype(&mosquitto_plugin_cleanup) clean_up = nullptr;

    PluginLibrary() : handle(dlopen(PGAUTH_PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL)) {
        if (handle == nullptr) {
            throw std::runtime_error(dlerror());
        }
        find(version, "mosquitto_plugin_version");
        find(init, "mosquitto_plugin_init");
        find(clean_up, "mosquitto_plugin_cleanup");
    }

    ~PluginLibrary() { dlclose(handle); }

    PluginLibrary(const PluginLibrary&) = delete;
    PluginLibrary& operator=(const PluginLibrary&) = delete;
    PluginLibrary(PluginLibrary&&) = delete;
    PluginLibrary& operator=(PluginLibrary&&) = delete;

  private:
    template <typename Function>
    void find(Function& function, const char* name) const {
        void* const address = dlsym(handle, name);
        if (address == nullptr) {
            throw std::runtime_error(dlerror());
        }
        static_assert(sizeof function == sizeof address);
        std::memcpy(&function, &address, sizeof function);
    }
};

int negotiate(const std::vector<int>& versions) {
    const PluginLibrary library;
    return library.version(static_cast<int>(versions.size()), versions.data());
}

namespace {

// Options as C has them. What the plugin was given is gone after its init, as in the broker.
class OptionArray {
  public:
    explicit OptionArray(PluginOptions options) : texts_(std::move(options)) {
        for (auto& [key, value] : texts_) {
            options_.push_back({key.data(), value ? value->data() : nullptr});
        }
    }

    ~OptionArray() {
        for (auto& [key, value] : texts_) {
            std::fill(key.begin(), key.end(), '?');
            if (value) {
                std::fill(value->begin(), value->end(), '?');
            }
        }
    }

    OptionArray(const OptionArray&) = delete;
    OptionArray& operator=(const OptionArray&) = delete;
    OptionArray(OptionArray&&) = delete;
    OptionArray& operator=(OptionArray&&) = delete;

    mosquitto_opt* data() { return options_.empty() ? nullptr : options_.data(); }

    [[nodiscard]] int size() const { return static_cast<int>(options_.size()); }

  private:
    PluginOptions texts_;
    std::vector<mosquitto_opt> options_;
};

}  // namespace

LoadedPlugin::LoadedPlugin(const PluginOptions& options, std::size_t failing_allocation)
    : library_(std::make_unique<PluginLibrary>()),
      id_(std::make_unique<mosquitto_plugin_id_t>()) {
    broker_log().clear();
    static_cast<void>(take_kicks());
    waiting().clear();
    late_results().clear();
    const int versions[] = {3, 4, 5};  // what 2.0 and 2.1 offer
    if (library_->version(std::size(versions), versions) != MOSQ_PLUGIN_VERSION) {
        throw std::runtime_error("the plugin does not speak version 5");
    }
    OptionArray array(options);
    const AllocationFailure failure(failing_allocation);
    init_result_ = library_->init(id_.get(), &userdata_, array.data(), array.size());
}

LoadedPlugin::~LoadedPlugin() {
    static_cast<void>(clean_up());
}

int LoadedPlugin::clean_up() {
    if (init_result_ != MOSQ_ERR_SUCCESS) {
        return init_result_;
    }
    init_result_ = MOSQ_ERR_NOT_FOUND;
    return library_->clean_up(std::exchange(userdata_, nullptr), nullptr, 0);
}

std::size_t LoadedPlugin::callback_count() const {
    return id_->callbacks.size();
}

int LoadedPlugin::call(int event, void* data) {
    const Callback& callback = id_->callbacks.at(event);
    return callback.function(event, data, callback.userdata);
}

void complete_waiting(const char* client_id, int result) {
    Waiting one{};
    {
        const AllocationsSucceed here;  // C does not throw
        const auto found = waiting().find(client_id);
        if (found == waiting().end()) {
            return;
        }
        one = found->second;
        waiting().erase(found);
        late_results()[one.client] = result;
    }
    if (result == MOSQ_ERR_SUCCESS) {
        mosquitto_evt_disconnect event{};  // laid out as that of CONNECT
        event.client = one.client;
        const Callback& callback = one.plugin->callbacks.at(event_connect);
        callback.function(event_connect, &event, callback.userdata);
    }
}

std::optional<int> LoadedPlugin::late_result(const mosquitto& client) const {
    const auto found = late_results().find(&client);
    return found == late_results().end() ? std::nullopt : std::optional(found->second);
}

void LoadedPlugin::drop_waiting(mosquitto& client) {
    waiting().erase(client.id.value_or(""));
}

int LoadedPlugin::log_in(mosquitto& client, const std::optional<std::string>& password) {
    const int result = begin_log_in(client, password);
    if (result != auth_delayed) {
        return result;
    }
    const bool answered = eventually([&] {
        tick();
        return late_result(client).has_value();
    });
    return answered ? *late_result(client) : auth_delayed;
}

int LoadedPlugin::begin_log_in(mosquitto& client, const std::optional<std::string>& password) {
    std::optional<std::string> secret = password;
    mosquitto_evt_basic_auth event{};
    event.client = &client;
    event.username = client.username ? client.username->data() : nullptr;
    event.password = secret ? secret->data() : nullptr;
    const int result = call(MOSQ_EVT_BASIC_AUTH, &event);
    if (result == auth_delayed) {
        const AllocationsSucceed here;
        late_results().erase(&client);
        waiting()[client.id.value_or("")] = {&client, id_.get()};
    }
    return result;
}

int LoadedPlugin::check(mosquitto& client, int access, const char* topic, int qos) {
    mosquitto_evt_acl_check event{};
    event.client = &client;
    event.topic = topic;
    event.access = access;
    event.qos = static_cast<std::uint8_t>(qos);
    return call(MOSQ_EVT_ACL_CHECK, &event);
}

int LoadedPlugin::write(mosquitto& client, const char* topic, int qos) {
    return check(client, MOSQ_ACL_WRITE, topic, qos);
}

int LoadedPlugin::read(mosquitto& client, const char* topic) {
    return check(client, MOSQ_ACL_READ, topic);
}

int LoadedPlugin::subscribe(mosquitto& client, const char* filter, int qos) {
    return check(client, MOSQ_ACL_SUBSCRIBE, filter, qos);
}

int LoadedPlugin::unsubscribe(mosquitto& client, const char* filter) {
    return check(client, MOSQ_ACL_UNSUBSCRIBE, filter);
}

int LoadedPlugin::authenticate(int event_number,
                               mosquitto& client,
                               const char* method,
                               std::string_view data) {
    std::vector<char> received;  // ends where the data do, so that reading on is found out
    {
        const AllocationsSucceed here;
        received.assign(data.begin(), data.end());
    }
    mosquitto_evt_extended_auth event{};
    event.client = &client;
    event.auth_method = method;
    event.data_in = received.data();
    event.data_in_len = static_cast<std::uint16_t>(received.size());
    const int result = call(event_number, &event);
    const AllocationsSucceed here;
    sent_.assign(static_cast<const char*>(event.data_out), event.data_out_len);
    std::free(event.data_out);  // NOLINT(cppcoreguidelines-no-malloc): as the broker does
    return result;
}

int LoadedPlugin::start_authentication(mosquitto& client,
                                       const char* method,
                                       std::string_view message) {
    return authenticate(MOSQ_EVT_EXT_AUTH_START, client, method, message);
}

// 2.0.11 does not say the method again.
int LoadedPlugin::continue_authentication(mosquitto& client,
                                          const char* method,
                                          std::string_view message) {
    return authenticate(
        MOSQ_EVT_EXT_AUTH_CONTINUE, client, is_2_1() ? method : nullptr, message);
}

std::optional<std::string> LoadedPlugin::pre_shared_key(mosquitto& client,
                                                        const char* identity,
                                                        int room) {
    std::vector<char> key(static_cast<std::size_t>(room) + 1, '?');
    mosquitto_evt_psk_key event{};
    event.client = &client;
    event.identity = identity;
    event.key = key.data();
    event.max_key_len = room;
    const int result = call(MOSQ_EVT_PSK_KEY, &event);
    if (key.back() != '?') {
        throw std::runtime_error("the plugin wrote past the end of the key");
    }
    return result == MOSQ_ERR_SUCCESS ? std::optional<std::string>(key.data()) : std::nullopt;
}

int LoadedPlugin::disconnect(mosquitto& client) {
    mosquitto_evt_disconnect event{};
    event.client = &client;
    return call(MOSQ_EVT_DISCONNECT, &event);
}

int LoadedPlugin::go_offline(mosquitto& client) {
    mosquitto_evt_disconnect event{};
    event.client = &client;
    return call(event_client_offline, &event);
}

int LoadedPlugin::tick() {
    mosquitto_evt_tick event{};
    return tick(event);
}

int LoadedPlugin::tick(mosquitto_evt_tick& event) {
    return call(MOSQ_EVT_TICK, &event);
}

int LoadedPlugin::reload() {
    mosquitto_evt_reload event{};
    return call(MOSQ_EVT_RELOAD, &event);
}

}  // namespace pgauth::testing
