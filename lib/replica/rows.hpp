// The rows of the views mqtt_auth.broker_*, one struct a view, as text.
//
// A field is what PostgreSQL prints for the column (`t`, `42`, `10.1.0.0/16`), with two
// exceptions that the loader asks for: times are seconds since 1970 (`1700000000.5`,
// `Infinity`), arrays and jsonb are JSON. Nothing is believed here: a site may have put its own
// view in a view's place, and what a row is worth is ReplicaBuilder's business. Thread safety:
// values; they refer to the buffer that they were read from.

#pragma once

#include <optional>
#include <string_view>

namespace pgauth {

using Field = std::optional<std::string_view>;  // none: SQL null

struct GroupRow {
    Field id, name;
};

struct ClientRow {
    Field username, name, enabled, client_id, required_methods, networks, valid_from,
        valid_until, attributes;
};

struct CredentialRow {
    Field id, username, method, secret, fingerprint, valid_from, valid_until;
};

struct MemberRow {
    Field group_name, username;
};

struct RuleRow {
    Field name, enabled, syntax, client_name, username, client_id, fingerprint, common_name,
        subject_alt_name, address, method, groups;
};

struct EntryRow {
    Field id, group_name, username, effect, permission, topic, priority, max_qos, allow_retain;
};

struct RevokedCertificateRow {
    Field fingerprint;
};

}  // namespace pgauth
