// The MQTT packets that a load is made of, for MQTT 3.1.1 and 5, written and read.
//
//   std::string bytes;
//   append_publish(bytes, Version::v5, {.topic = "a/b", .payload = "on", .qos = 1, .id = 7});
//   std::string_view received = …;
//   while (const auto packet = take_packet(received)) …;   // what is left is not whole yet
//
// Only what a benchmark needs: no QoS 2, no properties of its own, and those that come are
// skipped. The mistake to avoid: keeping a Packet or a Message: they point into what was
// received. MQTT 3.1.1 and 5.0, sections 2 and 3. Thread safety: pure.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgauth::load {

enum class Version : std::uint8_t { v3_1_1 = 4, v5 = 5 };  // as CONNECT says it

enum class PacketType : std::uint8_t {
    connect = 1,
    connack = 2,
    publish = 3,
    puback = 4,
    subscribe = 8,
    suback = 9,
    pingreq = 12,
    pingresp = 13,
    disconnect = 14,
};

struct Packet {
    PacketType type;
    std::uint8_t flags;  // the low four bits of the first byte
    std::string_view body;
};

struct Message {
    std::string_view topic;
    std::string_view payload;
    int qos = 0;
    bool retained = false;
    std::uint16_t id = 0;  // none at QoS 0
};

struct Login {
    std::string client_id;
    std::optional<std::string> username;
    std::optional<std::string> password;
};

// --- writing ----------------------------------------------------------------------------

void append_connect(std::string& bytes, Version version, const Login& login);
void append_publish(std::string& bytes, Version version, const Message& message);
void append_puback(std::string& bytes, std::uint16_t id);
void append_pingreq(std::string& bytes);
void append_disconnect(std::string& bytes);

struct Subscription {
    std::string_view filter;
    int qos = 0;
    std::uint16_t id = 1;
};

void append_subscribe(std::string& bytes, Version version, const Subscription& subscription);

// --- reading: throws Failure where a broker would have to be broken to send that ----------

// The first packet of `received`, and takes it off there. None: it has not all come yet.
[[nodiscard]] std::optional<Packet> take_packet(std::string_view& received);

// REQUIRES: a packet of that type.
[[nodiscard]] Message read_publish(Version version, const Packet& packet);

// Of CONNACK, SUBACK and PUBACK: 0 (SUBACK: up to 2) where all is well.
[[nodiscard]] int reason_code(const Packet& packet);

// Of PUBACK.
[[nodiscard]] std::uint16_t packet_id(const Packet& packet);

// A number of eight bytes, to make a payload of and to find it again.
void append_number(std::string& bytes, std::uint64_t number);
[[nodiscard]] std::uint64_t read_number(std::string_view payload);

}  // namespace pgauth::load
