// GroupRule: conditions on a connecting client, and the groups that it then belongs to.
//
//   if (rule.match(facts) == Match::yes) join(rule.group_names);
//
// All conditions that are set must hold. Rules are alternatives: every rule that matches
// contributes its groups.
//
// The mistake to avoid: taking Match::unknown for a match. It is there for the one judgement
// that may be generous, deliveries to sessions that are not connected (DESIGN 3.4). Thread
// safety: immutable once it is in a Replica.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/client.hpp"
#include "policy/method.hpp"
#include "policy/network.hpp"
#include "policy/text_pattern.hpp"

namespace pgauth {

// What is known of a connection when its groups are worked out.
struct ConnectionFacts {
    std::string_view username;
    std::string_view client_name;
    // None where the client id does not count (`authorization.client_ids: bound`).
    std::optional<std::string_view> client_id = std::nullopt;

    // How it connected. Without these (a session that is not connected, or never was in this
    // process) conditions on them are neither met nor unmet.
    struct Transport {
        std::optional<IpAddress> address;
        MethodSet methods;
        std::string fingerprint;  // empty: no certificate
        std::string common_name;
        std::vector<std::string> subject_alt_names;
    };

    const Transport* transport = nullptr;
};

enum class Match : std::uint8_t { no, unknown, yes };

struct GroupRule {
    std::string name;
    bool enabled = false;
    std::optional<TextPattern> client_name;
    std::optional<TextPattern> username;
    std::optional<TextPattern> client_id;
    std::optional<TextPattern> fingerprint;
    std::optional<TextPattern> common_name;
    std::optional<TextPattern> subject_alt_name;  // one of the names must match
    std::optional<Network> address;
    std::optional<Method> method;          // among those that were satisfied
    std::vector<std::string> group_names;  // whoever matches is in the groups of these names

    // A disabled rule and a rule without conditions never match.
    [[nodiscard]] Match match(const ConnectionFacts& facts) const;
};

}  // namespace pgauth
