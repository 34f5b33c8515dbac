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
    Field id = std::nullopt;
    Field name = std::nullopt;
};

struct ClientRow {
    Field username = std::nullopt;
    Field name = std::nullopt;
    Field enabled = std::nullopt;
    Field client_id = std::nullopt;
    Field required_methods = std::nullopt;
    Field networks = std::nullopt;
    Field valid_from = std::nullopt;
    Field valid_until = std::nullopt;
    Field attributes = std::nullopt;
};

struct CredentialRow {
    Field id = std::nullopt;
    Field username = std::nullopt;
    Field method = std::nullopt;
    Field secret = std::nullopt;
    Field fingerprint = std::nullopt;
    Field valid_from = std::nullopt;
    Field valid_until = std::nullopt;
};

struct MemberRow {
    Field group_name = std::nullopt;
    Field username = std::nullopt;
};

struct RuleRow {
    Field name = std::nullopt;
    Field enabled = std::nullopt;
    Field syntax = std::nullopt;
    Field client_name = std::nullopt;
    Field username = std::nullopt;
    Field client_id = std::nullopt;
    Field fingerprint = std::nullopt;
    Field common_name = std::nullopt;
    Field subject_alt_name = std::nullopt;
    Field address = std::nullopt;
    Field method = std::nullopt;
    Field groups = std::nullopt;
};

struct EntryRow {
    Field id = std::nullopt;
    Field group_name = std::nullopt;
    Field username = std::nullopt;
    Field effect = std::nullopt;
    Field permission = std::nullopt;
    Field topic = std::nullopt;
    Field priority = std::nullopt;
    Field max_qos = std::nullopt;
    Field allow_retain = std::nullopt;
};

struct RevokedCertificateRow {
    Field fingerprint = std::nullopt;
};

}  // namespace pgauth
