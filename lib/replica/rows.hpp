// The rows of the views mqtt_auth.broker_*, one struct a view, as text.
//
// A field is what PostgreSQL prints for the column (`t`, `42`, `10.1.0.0/16`), with two
// exceptions that the loader asks for: times are seconds since 1970 (`1700000000.5`,
// `Infinity`), arrays and jsonb are JSON. Nothing is believed here: a site may have put its own
// view in a view's place, and what a row is worth is read_rows.hpp's business. Each struct
// comes from the fields of a row in the order of its members, and gives them back. Thread
// safety: values; they refer to the buffer that they were read from.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pgauth {

using Field = std::optional<std::string_view>;  // none: SQL null

// The numbers are those of the replica file: what a number means never changes.
enum class RowKind : std::uint8_t {
    client = 0,
    credential = 1,
    member = 2,
    entry = 3,
    group = 4,
    rule = 5,
    revoked_certificate = 6,
    pin = 7,  // of no view: a fingerprint, and the usernames on whose credentials it is pinned
    session = 8,        // of no view: a client id, and how it logged in
    session_group = 9,  // of no view: the id of a group that a session is in
};

inline constexpr RowKind last_row_kind = RowKind::session_group;

struct GroupRow {
    static constexpr RowKind kind = RowKind::group;
    static constexpr std::size_t columns = 2;

    Field id = std::nullopt;
    Field name = std::nullopt;

    // REQUIRES: as many fields as columns.
    [[nodiscard]] static GroupRow from(std::span<const Field> row) { return {row[0], row[1]}; }

    [[nodiscard]] std::array<Field, columns> fields() const { return {id, name}; }
};

struct ClientRow {
    static constexpr RowKind kind = RowKind::client;
    static constexpr std::size_t columns = 9;

    Field username = std::nullopt;
    Field name = std::nullopt;
    Field enabled = std::nullopt;
    Field client_id = std::nullopt;
    Field required_methods = std::nullopt;
    Field networks = std::nullopt;
    Field valid_from = std::nullopt;
    Field valid_until = std::nullopt;
    Field attributes = std::nullopt;

    [[nodiscard]] static ClientRow from(std::span<const Field> row) {
        return {row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8]};
    }

    [[nodiscard]] std::array<Field, columns> fields() const {
        return {username,
                name,
                enabled,
                client_id,
                required_methods,
                networks,
                valid_from,
                valid_until,
                attributes};
    }
};

struct CredentialRow {
    static constexpr RowKind kind = RowKind::credential;
    static constexpr std::size_t columns = 8;

    Field id = std::nullopt;
    Field username = std::nullopt;
    Field method = std::nullopt;
    Field secret = std::nullopt;
    Field fingerprint = std::nullopt;
    Field valid_from = std::nullopt;
    Field valid_until = std::nullopt;
    Field rehashed_from = std::nullopt;

    [[nodiscard]] static CredentialRow from(std::span<const Field> row) {
        return {row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]};
    }

    [[nodiscard]] std::array<Field, columns> fields() const {
        return {
            id, username, method, secret, fingerprint, valid_from, valid_until, rehashed_from};
    }
};

struct MemberRow {
    static constexpr RowKind kind = RowKind::member;
    static constexpr std::size_t columns = 2;

    Field group_name = std::nullopt;
    Field username = std::nullopt;

    [[nodiscard]] static MemberRow from(std::span<const Field> row) { return {row[0], row[1]}; }

    [[nodiscard]] std::array<Field, columns> fields() const { return {group_name, username}; }
};

struct RuleRow {
    static constexpr RowKind kind = RowKind::rule;
    static constexpr std::size_t columns = 12;

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

    [[nodiscard]] static RuleRow from(std::span<const Field> row) {
        return {row[0],
                row[1],
                row[2],
                row[3],
                row[4],
                row[5],
                row[6],
                row[7],
                row[8],
                row[9],
                row[10],
                row[11]};
    }

    [[nodiscard]] std::array<Field, columns> fields() const {
        return {name,
                enabled,
                syntax,
                client_name,
                username,
                client_id,
                fingerprint,
                common_name,
                subject_alt_name,
                address,
                method,
                groups};
    }
};

struct EntryRow {
    static constexpr RowKind kind = RowKind::entry;
    static constexpr std::size_t columns = 9;

    Field id = std::nullopt;
    Field group_name = std::nullopt;
    Field username = std::nullopt;
    Field effect = std::nullopt;
    Field permission = std::nullopt;
    Field topic = std::nullopt;
    Field priority = std::nullopt;
    Field max_qos = std::nullopt;
    Field allow_retain = std::nullopt;

    [[nodiscard]] static EntryRow from(std::span<const Field> row) {
        return {row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8]};
    }

    [[nodiscard]] std::array<Field, columns> fields() const {
        return {id,
                group_name,
                username,
                effect,
                permission,
                topic,
                priority,
                max_qos,
                allow_retain};
    }
};

struct RevokedCertificateRow {
    static constexpr RowKind kind = RowKind::revoked_certificate;
    static constexpr std::size_t columns = 1;

    Field fingerprint = std::nullopt;

    [[nodiscard]] static RevokedCertificateRow from(std::span<const Field> row) {
        return {row[0]};
    }

    [[nodiscard]] std::array<Field, columns> fields() const { return {fingerprint}; }
};

}  // namespace pgauth
