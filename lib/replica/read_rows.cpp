#include "replica/read_rows.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/quote.hpp"
#include "replica/row_values.hpp"

namespace pgauth {

namespace {

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_fingerprint(std::string_view text) {
    constexpr std::size_t prefix_bytes = 7;
    constexpr std::size_t digits = 64;
    return text.starts_with("SHA256:") && text.size() == prefix_bytes + digits &&
           text.find_first_not_of("0123456789abcdef", prefix_bytes) == std::string_view::npos;
}

bool is_pre_shared_key(std::string_view secret) {
    const std::string_view key =
        secret.substr(std::min(pre_shared_key_prefix.size(), secret.size()));
    return secret.starts_with(pre_shared_key_prefix) && is_hex(key) && key.size() % 2 == 0 &&
           key.size() >= 32 && key.size() <= 128;
}

std::string owner_of(const EntryRow& row) {
    return row.group_name ? "group " + shown(row.group_name) : "client " + shown(row.username);
}

}  // namespace

std::string shown(const Field& field) {
    return field ? quote(*field) : "null";
}

Result<void> read_client(const ClientRow& row, Client& client) {
    client.name = row.name.value_or(client.username);
    const auto enabled = parse_bool("enabled", row.enabled);
    if (!enabled) {
        return tl::unexpected(enabled.error());
    }
    client.enabled = *enabled;
    if (row.client_id) {
        client.client_id = ClientIdPattern(*row.client_id);
    }
    const auto required = parse_methods("required_methods", row.required_methods);
    if (!required) {
        return tl::unexpected(required.error());
    }
    client.required_methods = *required;
    if (row.networks) {
        auto networks = parse_networks(row.networks);
        if (!networks) {
            return tl::unexpected(networks.error());
        }
        client.networks = *std::move(networks);
    }
    const auto window = parse_window(row.valid_from, row.valid_until);
    if (!window) {
        return tl::unexpected(window.error());
    }
    client.window = *window;
    auto attributes = parse_attributes(row.attributes);
    if (!attributes) {
        return tl::unexpected(attributes.error());
    }
    client.attributes = *std::move(attributes);
    return {};
}

Result<Credential> read_credential(const CredentialRow& row) {
    Credential credential;
    const auto id = parse_integer("id", row.id);
    if (!id) {
        return tl::unexpected(id.error());
    }
    credential.id = *id;
    const auto method = row.method ? parse_method(*row.method) : std::nullopt;
    if (!method) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("method: {}: use password, certificate, psk", shown(row.method)));
    }
    credential.method = *method;
    const auto window = parse_window(row.valid_from, row.valid_until);
    if (!window) {
        return tl::unexpected(window.error());
    }
    credential.window = *window;
    credential.secret = row.secret.value_or("");
    credential.fingerprint = row.fingerprint.value_or("");
    credential.rehashed_from = row.rehashed_from.value_or("");
    for (const auto& [column, digest] : {std::pair("fingerprint", row.fingerprint),
                                         std::pair("rehashed_from", row.rehashed_from)}) {
        if (digest && !is_fingerprint(*digest)) {
            return fail(ErrorKind::invalid_input,
                        fmt::format("{}: {}: use `SHA256:` and 64 lower-case hex digits",
                                    column,
                                    quote(*digest)));
        }
    }
    if (credential.method == Method::psk && !is_pre_shared_key(credential.secret)) {
        return fail(ErrorKind::invalid_input,
                    "secret: not a pre-shared key: use `psk:` and 32 to 128 hex digits");
    }
    return credential;
}

ReadEntry read_entry(const EntryRow& row) {
    const std::string owner = owner_of(row);
    if (row.group_name.has_value() == row.username.has_value()) {
        return {
            denial_of(row, owner),
            fmt::format("entry {}: it must name either a group or a client", shown(row.id))};
    }
    auto parsed = parse_entry(row, owner);
    if (parsed) {
        return {*std::move(parsed), {}};
    }
    auto entry = denial_of(row, owner);
    const char* worth = entry ? "denies every topic" : "allows nothing";
    return {std::move(entry),
            fmt::format(
                "entry {} of {} {}: {}", shown(row.id), owner, worth, parsed.error().message)};
}

std::shared_ptr<const Client> read_client(const PackedRows& rows,
                                          const GroupIdOf& group_id_of) {
    auto client = std::make_shared<Client>();
    client->username = rows.key();
    bool is_first = true;
    rows.for_each([&](RowKind kind, std::span<const Field> fields) {
        switch (kind) {
            case RowKind::client:
                // One that occurs twice is no better than one that makes no sense.
                client->defective = !is_first || !read_client(ClientRow::from(fields), *client);
                break;
            case RowKind::credential:
                if (auto credential = read_credential(CredentialRow::from(fields))) {
                    client->credentials.push_back(*std::move(credential));
                }
                break;
            case RowKind::member:
                if (const auto row = MemberRow::from(fields); row.group_name) {
                    if (auto id = group_id_of(*row.group_name)) {
                        client->groups.push_back(*std::move(id));
                    }
                }
                break;
            case RowKind::entry: {
                EntryRow row = EntryRow::from(fields);
                row.username = rows.key();
                if (auto read = read_entry(row); read.entry) {
                    client->entries.push_back(*std::move(read.entry));
                }
                break;
            }
            default:
                break;
        }
        is_first = false;
    });
    return client;
}

}  // namespace pgauth
