#include "bench/load/packets.hpp"

#include <fmt/format.h>

#include "bench/load/failure.hpp"

namespace pgauth::load {

namespace {

constexpr std::uint32_t low_seven_bits = 0x7F;
constexpr std::uint32_t more_follows = 0x80;
constexpr int bits_of_byte = 8;

std::uint8_t byte_at(std::string_view bytes, std::size_t place) {
    if (place >= bytes.size()) {
        throw Failure("the broker sent a packet that ends too early");
    }
    return static_cast<std::uint8_t>(bytes[place]);
}

void append_byte(std::string& bytes, std::uint32_t value) {
    bytes += static_cast<char>(value);
}

void append_two(std::string& bytes, std::size_t value) {
    append_byte(bytes, static_cast<std::uint8_t>(value >> bits_of_byte));
    append_byte(bytes, static_cast<std::uint8_t>(value));
}

void append_field(std::string& bytes, std::string_view value) {
    append_two(bytes, value.size());
    bytes += value;
}

void append_head(std::string& bytes, PacketType type, std::uint32_t flags, std::size_t length) {
    append_byte(bytes, static_cast<std::uint32_t>(type) << 4U | flags);
    while (length > low_seven_bits) {
        append_byte(bytes, static_cast<std::uint32_t>(length & low_seven_bits) | more_follows);
        length >>= 7U;
    }
    append_byte(bytes, static_cast<std::uint32_t>(length));
}

// MQTT 5 only: none of ours.
void append_no_properties(std::string& bytes, Version version) {
    if (version == Version::v5) {
        append_byte(bytes, 0);
    }
}

std::size_t size_of_no_properties(Version version) {
    return version == Version::v5 ? 1 : 0;
}

std::uint16_t take_two(std::string_view& bytes) {
    const auto value =
        static_cast<std::uint16_t>(byte_at(bytes, 0) << bits_of_byte | byte_at(bytes, 1));
    bytes.remove_prefix(2);
    return value;
}

std::string_view take(std::string_view& bytes, std::size_t count) {
    if (bytes.size() < count) {
        throw Failure("the broker sent a packet that ends too early");
    }
    const std::string_view taken = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return taken;
}

struct Length {
    std::size_t value;
    std::size_t digits;  // bytes that it takes
};

// None: it has not all come yet.
std::optional<Length> read_length(std::string_view bytes) {
    constexpr std::size_t most_digits = 4;
    std::size_t value = 0;
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        if (place == most_digits) {
            throw Failure("the broker sent a packet whose length takes more than four bytes");
        }
        const auto digit = static_cast<std::uint8_t>(bytes[place]);
        value |= static_cast<std::size_t>(digit & low_seven_bits) << 7U * place;
        if (digit < more_follows) {
            return Length{value, place + 1};
        }
    }
    return std::nullopt;
}

}  // namespace

void append_connect(std::string& bytes, Version version, const Login& login) {
    constexpr std::uint32_t clean = 0x02;
    constexpr std::uint32_t with_username = 0x80;
    constexpr std::uint32_t with_password = 0x40;
    constexpr std::size_t no_keepalive = 0;
    std::string body;
    append_field(body, "MQTT");
    append_byte(body, static_cast<std::uint32_t>(version));
    append_byte(
        body,
        clean | (login.username ? with_username : 0) | (login.password ? with_password : 0));
    append_two(body, no_keepalive);
    append_no_properties(body, version);
    append_field(body, login.client_id);
    if (login.username) {
        append_field(body, *login.username);
    }
    if (login.password) {
        append_field(body, *login.password);
    }
    append_head(bytes, PacketType::connect, 0, body.size());
    bytes += body;
}

void append_publish(std::string& bytes, Version version, const Message& message) {
    const std::size_t id_size = message.qos > 0 ? 2 : 0;
    append_head(bytes,
                PacketType::publish,
                static_cast<std::uint32_t>(message.qos) << 1U | (message.retained ? 1U : 0U),
                2 + message.topic.size() + id_size + size_of_no_properties(version) +
                    message.payload.size());
    append_field(bytes, message.topic);
    if (message.qos > 0) {
        append_two(bytes, message.id);
    }
    append_no_properties(bytes, version);
    bytes += message.payload;
}

void append_puback(std::string& bytes, std::uint16_t id) {
    append_head(bytes, PacketType::puback, 0, 2);
    append_two(bytes, id);
}

void append_pingreq(std::string& bytes) {
    append_head(bytes, PacketType::pingreq, 0, 0);
}

void append_disconnect(std::string& bytes) {
    append_head(bytes, PacketType::disconnect, 0, 0);
}

void append_subscribe(std::string& bytes, Version version, const Subscription& subscription) {
    constexpr std::uint32_t fixed_flags = 0x02;
    std::string body;
    append_two(body, subscription.id);
    append_no_properties(body, version);
    append_field(body, subscription.filter);
    append_byte(body, static_cast<std::uint32_t>(subscription.qos));
    append_head(bytes, PacketType::subscribe, fixed_flags, body.size());
    bytes += body;
}

std::optional<Packet> take_packet(std::string_view& received) {
    if (received.empty()) {
        return std::nullopt;
    }
    const auto length = read_length(received.substr(1));
    if (!length || received.size() < 1 + length->digits + length->value) {
        return std::nullopt;
    }
    const std::uint32_t first = byte_at(received, 0);
    received.remove_prefix(1 + length->digits);
    constexpr std::uint32_t flags = 0x0F;
    return Packet{static_cast<PacketType>(first >> 4U),
                  static_cast<std::uint8_t>(first & flags),
                  take(received, length->value)};
}

Message read_publish(Version version, const Packet& packet) {
    constexpr std::uint32_t two_bits = 0x03;
    std::string_view rest = packet.body;
    Message message;
    message.qos = static_cast<int>(packet.flags >> 1U & two_bits);
    message.retained = (packet.flags & 1U) != 0;
    message.topic = take(rest, take_two(rest));
    if (message.qos > 0) {
        message.id = take_two(rest);
    }
    if (version == Version::v5) {
        const auto properties = read_length(rest);
        if (!properties) {
            throw Failure("the broker sent a packet that ends too early");
        }
        take(rest, properties->digits + properties->value);
    }
    message.payload = rest;
    return message;
}

int reason_code(const Packet& packet) {
    switch (packet.type) {
        case PacketType::connack:
            return byte_at(packet.body, 1);
        case PacketType::suback:
            return byte_at(packet.body, packet.body.size() - 1);
        default:
            return packet.body.size() > 2 ? byte_at(packet.body, 2) : 0;
    }
}

std::uint16_t packet_id(const Packet& packet) {
    std::string_view body = packet.body;
    return take_two(body);
}

void append_number(std::string& bytes, std::uint64_t number) {
    for (int shift = 64 - bits_of_byte; shift >= 0; shift -= bits_of_byte) {
        append_byte(bytes, static_cast<std::uint8_t>(number >> static_cast<unsigned>(shift)));
    }
}

std::uint64_t read_number(std::string_view payload) {
    constexpr std::size_t size = sizeof(std::uint64_t);
    std::uint64_t number = 0;
    for (std::size_t place = 0; place < size; ++place) {
        number = number << static_cast<unsigned>(bits_of_byte) | byte_at(payload, place);
    }
    return number;
}

}  // namespace pgauth::load
