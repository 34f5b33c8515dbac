// MqttClient: one MQTT 5 connection that asks a broker what it may.
//
//   MqttClient client;
//   client.connect(broker.socket(), {.client_id = "a", .username = "press-7", …});
//   client.publish({"plant/x", "plant/y"})       // {allowed, denied}: by the PUBACKs
//   client.subscribe({"plant/#"})                // {allowed}: by the SUBACKs
//   client.arrived()                             // the topics of what came meanwhile
//
// Many questions are on their way at once, and no answer is waited for by time: each comes, or
// the connection ends. What a broker ends the connection for is `cut`, and the rest is asked
// on the next one.
//
// The mistake to avoid: asking what is_sendable_…() says no to.
// Standard: MQTT 5.0; the packets are libmosquitto's business.
// Thread safety: none needed.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace pgauth::tool {

enum class Answer : std::uint8_t { allowed, denied, cut };

// What a client may ask of a broker at all.
[[nodiscard]] bool is_sendable_topic(const std::string& topic);
[[nodiscard]] bool is_sendable_filter(const std::string& filter);

class MqttClient {
  public:
    struct Login {
        std::string client_id;
        std::optional<std::string> username;
        Secret password;
    };

    MqttClient();
    MqttClient(const MqttClient&) = delete;
    MqttClient& operator=(const MqttClient&) = delete;
    MqttClient(MqttClient&&) = delete;
    MqttClient& operator=(MqttClient&&) = delete;
    ~MqttClient();

    // Each fails with unavailable where the broker is not there or does not answer, and where
    // it was interrupted.

    // Ends the connection that there was. REQUIRES: `login` lives until the next one.
    [[nodiscard]] Result<Answer> connect(const std::string& socket, const Login& login);

    // One answer a topic, in their order. REQUIRES: connected, as for all that follows.
    [[nodiscard]] Result<std::vector<Answer>> publish(const std::vector<std::string>& topics);
    [[nodiscard]] Result<std::vector<Answer>> subscribe(
        const std::vector<std::string>& filters);

    // Returns when all has arrived that the broker had for it before.
    [[nodiscard]] Result<void> catch_up();

    // Topics of messages on this connection.
    [[nodiscard]] const std::set<std::string>& arrived() const;

  private:
    struct Connection;
    enum class Packet : std::uint8_t { publish, subscribe, unsubscribe };

    [[nodiscard]] Result<std::vector<Answer>> ask(Packet packet,
                                                  const std::vector<std::string>& questions);
    [[nodiscard]] Result<void> connect_again();

    const std::string* socket_ = nullptr;
    const Login* login_ = nullptr;
    std::unique_ptr<Connection> connection_;
};

}  // namespace pgauth::tool
