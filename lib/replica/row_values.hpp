// What the fields of rows mean: text as PostgreSQL prints it, turned into values.
//
//   const Result<Window> window = parse_window(row.valid_from, row.valid_until);
//
// Every function fails with invalid_input, naming the column, the value and what is accepted.
// A secret is never named.
// Thread safety: pure.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy/acl_entry.hpp"
#include "policy/client.hpp"
#include "policy/group_rule.hpp"
#include "replica/rows.hpp"

namespace pgauth {

[[nodiscard]] Result<std::string> parse_name(std::string_view column, const Field& field);
[[nodiscard]] Result<bool> parse_bool(std::string_view column, const Field& field);
[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view column, const Field& field);

// A JSON array of strings.
[[nodiscard]] Result<std::vector<std::string>> parse_list(std::string_view column,
                                                          const Field& field);

[[nodiscard]] Result<Window> parse_window(const Field& from, const Field& until);

// Null means none required.
[[nodiscard]] Result<MethodSet> parse_methods(std::string_view column, const Field& field);

// A JSON array of CIDR blocks. Not empty: what nobody may use is said by disabling the client.
[[nodiscard]] Result<std::vector<Network>> parse_networks(const Field& field);

// A JSON object of strings, numbers and booleans; null means none.
[[nodiscard]] Result<Attributes> parse_attributes(const Field& field);

// `owner` is whose row it is, for reasons: "group `presses`".
[[nodiscard]] Result<AclEntry> parse_entry(const EntryRow& row, std::string owner);

// What a row that parse_entry() refused still denies: all that it may have meant to deny.
// Nothing where the row was meant to allow.
[[nodiscard]] std::optional<AclEntry> denial_of(const EntryRow& row, std::string owner);

// The rule without its groups.
[[nodiscard]] Result<GroupRule> parse_rule(const RuleRow& row);

}  // namespace pgauth
