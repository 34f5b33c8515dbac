// EmqxRule: a row of EMQX's mqtt_acl, of version 5 (permission, action, ipaddress, qos, retain)
// or 4 (allow, access, ipaddr).
//
//   "SELECT " + EmqxRule::columns_of(columns) + " FROM mqtt_acl"
//   if (auto rule = EmqxRule::read(row)) …
//
// The mistake to avoid: taking a row that names nobody for one that is about everybody. `$all`
// is; a row without a username, client id or address was asked for by no query.
// Thread safety: a value.

#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "policy/acl_entry.hpp"
#include "store/pg_connection.hpp"

namespace pgauth::tool {

struct EmqxRule {
    std::string place;  // `mqtt_acl 12`
    Effect effect = Effect::allow;
    Permission permission = Permission::read;
    bool is_for_all = false;  // `$all`; then the next three are empty
    std::string username;     // empty: any
    std::string client_id;
    std::string address;
    std::string topic;
    std::string qos;  // `0,1`; empty: all
    std::string retain;

    // What to select, where the table has those columns.
    [[nodiscard]] static std::string columns_of(const std::set<std::string>& columns);

    // None where it does not say what it allows or denies. REQUIRES: a row of columns_of().
    [[nodiscard]] static std::optional<EmqxRule> read(const PgConnection::Row& row);

    // None where it is for some `qos` and not for one below.
    [[nodiscard]] std::optional<int> max_qos() const;
};

// `topic` with `+` for each level that holds a placeholder: what a deny may have meant.
[[nodiscard]] std::string without_placeholders(std::string_view topic);

}  // namespace pgauth::tool
