// AclEntry: one row of `mqtt_auth.acls`: allow or deny, a permission, a topic pattern, a
// priority.
//
// Owned by a group, or by one client. What the entries of a session decide together is
// policy/compiled_policy.hpp's business.
// Thread safety: immutable once it is in a Group or a Client.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "topic/topic_pattern.hpp"

namespace pgauth {

enum class Effect : std::uint8_t { allow, deny };

// read = subscribe and receive; write = publish; readWrite = both.
enum class Permission : std::uint8_t { read, write, read_write };

// As SQL has them.
[[nodiscard]] std::string_view to_string(Effect effect) noexcept;
[[nodiscard]] std::string_view to_string(Permission permission) noexcept;

struct AclEntry {
    std::int64_t id = 0;
    Effect effect = Effect::allow;
    Permission permission = Permission::read_write;
    TopicPattern topic;
    int priority = 0;
    // Limits of an allow: outside them it is not relevant. QoS for publish and subscribe,
    // retain for publish; neither limits what is received.
    std::optional<int> max_qos;
    bool allow_retain = true;
    // Whose row it is, for reasons: "group `presses`" or "client `press-7`".
    std::string owner;
};

}  // namespace pgauth
