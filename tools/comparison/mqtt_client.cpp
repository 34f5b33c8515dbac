#include "comparison/mqtt_client.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <mqtt_protocol.h>
#include <span>
#include <string_view>

#include <mosquitto.h>

#include "base/quote.hpp"
#include "comparison/interruption.hpp"

namespace pgauth::tool {

namespace {

using std::chrono::steady_clock;

// So many are on their way at once: less than any buffer on it.
constexpr std::size_t most_at_once = 100;
constexpr std::chrono::seconds patience{30};
constexpr int longest_wait_ms = 100;  // until an interruption is noticed
constexpr std::string_view payload = "pgauth import --compare";

Answer answer_of(int reason_code) {
    return reason_code < MQTT_RC_UNSPECIFIED ? Answer::allowed : Answer::denied;
}

}  // namespace

bool is_sendable_topic(const std::string& topic) {
    return mosquitto_pub_topic_check2(topic.data(), topic.size()) == MOSQ_ERR_SUCCESS &&
           mosquitto_validate_utf8(topic.data(), static_cast<int>(topic.size())) ==
               MOSQ_ERR_SUCCESS &&
           !topic.empty();
}

bool is_sendable_filter(const std::string& filter) {
    return mosquitto_sub_topic_check2(filter.data(), filter.size()) == MOSQ_ERR_SUCCESS &&
           mosquitto_validate_utf8(filter.data(), static_cast<int>(filter.size())) ==
               MOSQ_ERR_SUCCESS &&
           !filter.empty();
}

// What libmosquitto knows of one, and what its callbacks leave here.
struct MqttClient::Connection {
    explicit Connection(const std::string& client_id)
        : mosquitto(mosquitto_new(client_id.c_str(), true, this), mosquitto_destroy) {
        struct mosquitto* const raw = mosquitto.get();
        if (raw == nullptr) {
            return;
        }
        mosquitto_int_option(raw, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
        mosquitto_connect_v5_callback_set(
            raw, [](struct mosquitto*, void* self, int code, int, const mosquitto_property*) {
                static_cast<Connection*>(self)->connack = code;
            });
        mosquitto_publish_v5_callback_set(
            raw,
            [](struct mosquitto*, void* self, int id, int code, const mosquitto_property*) {
                static_cast<Connection*>(self)->answers[id] = answer_of(code);
            });
        mosquitto_subscribe_v5_callback_set(raw,
                                            [](struct mosquitto*,
                                               void* self,
                                               int id,
                                               int count,
                                               const int* codes,
                                               const mosquitto_property*) {
                                                static_cast<Connection*>(self)->answers[id] =
                                                    count == 1 ? answer_of(*codes)
                                                               : Answer::denied;
                                            });
        mosquitto_unsubscribe_v5_callback_set(
            raw, [](struct mosquitto*, void* self, int id, const mosquitto_property*) {
                static_cast<Connection*>(self)->answers[id] = Answer::allowed;
            });
        mosquitto_message_v5_callback_set(
            raw,
            [](struct mosquitto*,
               void* self,
               const mosquitto_message* message,
               const mosquitto_property*) {
                static_cast<Connection*>(self)->arrived.insert(message->topic);
            });
    }

    // Until that is so, or the connection is lost.
    template <typename Condition>
    Result<void> run_until(Condition condition) {
        const auto deadline = steady_clock::now() + patience;
        while (!is_lost && !condition()) {
            if (Interruption::is_wanted()) {
                return interrupted();
            }
            if (steady_clock::now() > deadline) {
                return fail(
                    ErrorKind::unavailable,
                    fmt::format("the broker did not answer within {} s", patience.count()));
            }
            is_lost = mosquitto_loop(mosquitto.get(), longest_wait_ms, 1) != MOSQ_ERR_SUCCESS;
        }
        return {};
    }

    // The packet's id, or what libmosquitto has against it.
    Result<int> send(Packet packet, const std::string& text) {
        int id = 0;
        int sent = MOSQ_ERR_INVAL;
        switch (packet) {
            case Packet::publish:
                sent = mosquitto_publish_v5(mosquitto.get(),
                                            &id,
                                            text.c_str(),
                                            static_cast<int>(payload.size()),
                                            payload.data(),
                                            1,
                                            false,
                                            nullptr);
                break;
            case Packet::subscribe:
                sent =
                    mosquitto_subscribe_v5(mosquitto.get(), &id, text.c_str(), 0, 0, nullptr);
                break;
            case Packet::unsubscribe:
                sent = mosquitto_unsubscribe_v5(mosquitto.get(), &id, text.c_str(), nullptr);
                break;
        }
        const bool is_text_refused =
            sent == MOSQ_ERR_INVAL || sent == MOSQ_ERR_MALFORMED_UTF8 || sent == MOSQ_ERR_NOMEM;
        if (sent != MOSQ_ERR_SUCCESS && !is_text_refused) {
            is_lost = true;
        } else if (is_text_refused) {
            return fail(
                ErrorKind::invalid_input,
                fmt::format("{} cannot be asked: {}", quote(text), mosquitto_strerror(sent)));
        }
        return id;
    }

    // As many answers as came before the connection was lost.
    Result<std::vector<Answer>> ask(Packet packet, std::span<const std::string> questions) {
        std::vector<int> ids;
        answers.clear();
        for (const std::string& text : questions) {
            const Result<int> id = send(packet, text);
            if (!id) {
                return tl::unexpected(id.error());
            }
            ids.push_back(*id);
        }
        return run_until([&] { return answers.size() == ids.size(); }).map([&] {
            std::vector<Answer> in_order;
            for (const int id : ids) {
                const auto answer = answers.find(id);
                if (answer == answers.end()) {
                    break;
                }
                in_order.push_back(answer->second);
            }
            return in_order;
        });
    }

    std::unique_ptr<struct mosquitto, decltype(&mosquitto_destroy)> mosquitto;
    std::optional<int> connack;     // its reason code
    std::map<int, Answer> answers;  // by packet id
    std::set<std::string> arrived;
    bool is_lost = false;
};

MqttClient::MqttClient() = default;

MqttClient::~MqttClient() {
    if (connection_ != nullptr && !connection_->is_lost) {
        mosquitto_disconnect(connection_->mosquitto.get());
    }
}

Result<Answer> MqttClient::connect(const std::string& socket, const Login& login) {
    constexpr int keepalive_s = 65535;  // 0 makes libmosquitto 2.0 ping all the time
    constexpr int is_socket_path = 0;
    if (connection_ != nullptr && !connection_->is_lost) {
        mosquitto_disconnect(connection_->mosquitto.get());
    }
    socket_ = &socket;
    login_ = &login;
    connection_ = std::make_unique<Connection>(login.client_id);
    struct mosquitto* const mosquitto = connection_->mosquitto.get();
    std::string password(login.password.reveal());
    const bool ready =
        mosquitto != nullptr &&
        (!login.username ||
         mosquitto_username_pw_set(mosquitto, login.username->c_str(), password.c_str()) ==
             MOSQ_ERR_SUCCESS);
    wipe(password);
    if (!ready) {
        connection_->is_lost = true;
        return Answer::denied;  // no broker takes such a name
    }
    if (mosquitto_connect(mosquitto, socket.c_str(), is_socket_path, keepalive_s) !=
        MOSQ_ERR_SUCCESS) {
        connection_->is_lost = true;
        return fail(ErrorKind::unavailable, "a broker that was started has ended");
    }
    const auto waited =
        connection_->run_until([&] { return connection_->connack.has_value(); });
    if (!waited) {
        return tl::unexpected(waited.error());
    }
    const bool accepted = connection_->connack == MQTT_RC_SUCCESS;
    connection_->is_lost = connection_->is_lost || !accepted;
    return !connection_->connack ? Answer::cut : answer_of(*connection_->connack);
}

Result<std::vector<Answer>> MqttClient::publish(const std::vector<std::string>& topics) {
    return ask(Packet::publish, topics);
}

Result<std::vector<Answer>> MqttClient::subscribe(const std::vector<std::string>& filters) {
    return ask(Packet::subscribe, filters);
}

Result<void> MqttClient::catch_up() {
    return ask(Packet::unsubscribe, {"pgauth"}).map([](const auto&) {});
}

const std::set<std::string>& MqttClient::arrived() const {
    return connection_->arrived;
}

Result<std::vector<Answer>> MqttClient::ask(Packet packet,
                                            const std::vector<std::string>& questions) {
    std::vector<Answer> all;
    while (all.size() < questions.size()) {
        const std::size_t count = std::min(most_at_once, questions.size() - all.size());
        const auto answers =
            connection_->ask(packet, std::span(questions).subspan(all.size(), count));
        if (!answers) {
            return tl::unexpected(answers.error());
        }
        all.insert(all.end(), answers->begin(), answers->end());
        if (connection_->is_lost) {
            // Answers come in the order of the questions: the first without one did it.
            if (answers->size() < count) {
                all.push_back(Answer::cut);
            }
            const Result<void> again = connect_again();
            if (!again) {
                return tl::unexpected(again.error());
            }
        }
    }
    return all;
}

Result<void> MqttClient::connect_again() {
    return connect(*socket_, *login_).and_then([](Answer answer) {
        return answer == Answer::allowed
                   ? Result<void>()
                   : fail(ErrorKind::unavailable, "it let a client in, and not again");
    });
}

}  // namespace pgauth::tool
