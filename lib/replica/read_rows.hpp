// What rows amount to: a Client, a Credential, an AclEntry, or why not.
//
//   const std::shared_ptr<const Client> client = read_client(*rows, group_id_of);
//
// The database refuses rows that make no sense; where one gets here all the same (constraints
// dropped, a site's own view), that row denies and nothing else is affected (DESIGN 3.5): a
// client is refused, a credential satisfies nothing, an allow grants nothing, and a deny denies
// more rather than less. The same functions say what is wrong with a row when it is loaded and
// what it is worth when it is used.
// Thread safety: pure.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "policy/acl_entry.hpp"
#include "policy/client.hpp"
#include "replica/packed_rows.hpp"
#include "replica/rows.hpp"

namespace pgauth {

// How a field is shown in messages.
[[nodiscard]] std::string shown(const Field& field);

// Reads every column of a client's row but the username into `client`, or says which makes no
// sense.
[[nodiscard]] Result<void> read_client(const ClientRow& row, Client& client);

// Fails with invalid_input where the credential satisfies nothing. What a password's hash is
// worth is for password/ to say.
[[nodiscard]] Result<Credential> read_credential(const CredentialRow& row);

struct ReadEntry {
    std::optional<AclEntry> entry;  // what it is worth; none: nothing
    std::string defect;             // what is wrong with it; empty: nothing
};

[[nodiscard]] ReadEntry read_entry(const EntryRow& row);

// The id of the group with this name; none where there is no such group.
using GroupIdOf = std::function<std::optional<GroupId>(std::string_view name)>;

// All of a client. In `rows` its row in `clients` comes first, and the others leave their
// username out.
[[nodiscard]] std::shared_ptr<const Client> read_client(const PackedRows& rows,
                                                        const GroupIdOf& group_id_of);

}  // namespace pgauth
