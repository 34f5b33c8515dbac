// StandIn: a password in the place of those that nobody knows, and what both brokers store of
// it.
//
//   const StandIn stand_in = StandIn::make();
//   stand_in.secret()                  // $7$101$…$…: Mosquitto reads it, and so does the
//   plugin
//
// Hashes do not give passwords back, and a comparison is about everything but them. All clients
// have the same one. It is random, and its hash is made in no time: brokers that hold it live
// for seconds, and nobody else can connect to them.
// Standard: mosquitto_passwd(1).
// Thread safety: a value.

#pragma once

#include <cstdint>
#include <string>

#include "base/secret.hpp"

namespace pgauth::tool {

inline constexpr std::uint32_t stand_in_iterations = 101;  // Mosquitto's own

struct StandIn {
    Secret password;
    std::string salt;  // base64, as the hash
    std::string hash;

    // Throws std::runtime_error where OpenSSL fails.
    [[nodiscard]] static StandIn make();

    [[nodiscard]] std::string secret() const;
};

}  // namespace pgauth::tool
