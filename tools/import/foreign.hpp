// What the readers of other plugins' and brokers' tables share.
//
//   Result<PgConnection> connection = open_foreign("--emqx", options);
//   const auto columns = columns_of(*connection, "mqtt_acl");
//   translate_topic("plant/${username}/#", {{"${username}", "%u"}}, username)   // plant/%u/#
//   add_superuser(plan, username, 0);
//
// The mistake to avoid: writing into the old database. All that is asked there is asked in one
// transaction that can only read, and sees one state of it.
// Thread safety: none needed.

#pragma once

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "import/plan.hpp"
#include "store/database_options.hpp"
#include "store/pg_connection.hpp"

namespace pgauth::tool {

// Errors begin with `place`, and say which database it is.
[[nodiscard]] Result<PgConnection> open_foreign(std::string_view place,
                                                const DatabaseOptions& options);

// Of a table or view that is found by its name alone; none where there is no such table.
[[nodiscard]] Result<std::set<std::string>> columns_of(PgConnection& connection,
                                                       const std::string& table);

// `"a"::text, NULL::text, …`: `wanted`, and null for what is not there.
[[nodiscard]] std::string as_texts(const std::set<std::string>& columns,
                                   std::initializer_list<std::string_view> wanted);

// Why no client id can be required to match that, in a form that follows it; none: it can.
[[nodiscard]] std::optional<std::string> why_no_client_id(std::string_view pattern);

// Whether `secret` is one that can be stored, and else why not. Never shows it.
[[nodiscard]] Result<void> check_secret(std::string_view secret);

// For the note about a client whose hash cannot be stored.
[[nodiscard]] std::string without_password(const Error& why);

// `true`, `t`, `1`, `yes`, `on` and their contraries, whatever the case; none for other text.
[[nodiscard]] std::optional<bool> read_switch(std::string_view text);

struct OldPlaceholder {
    std::string_view old;   // `${username}`
    std::string_view ours;  // `%u`
};

// `topic` as table acls takes it. A placeholder that is not a whole level is filled in with
// `username`, where it is that and is known, and is an Error otherwise; so is what is no topic
// filter here.
[[nodiscard]] Result<std::string> translate_topic(
    std::string_view topic,
    std::initializer_list<OldPlaceholder> placeholders,
    std::optional<std::string_view> username);

// A member of the group `superusers`, which may do everything: as one whom no rule was asked
// about. `priority`: above every deny.
void add_superuser(Plan& plan, const std::string& username, int priority);

// Adds `topics` to what `username` may do: a right to both as one entry.
void add_rights(Plan& plan,
                const std::string& username,
                const std::set<std::string>& readable,
                const std::set<std::string>& writable,
                const std::string& from);

}  // namespace pgauth::tool
