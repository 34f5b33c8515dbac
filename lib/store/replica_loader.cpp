#include "store/replica_loader.hpp"

#include <fmt/format.h>
#include <optional>
#include <set>

#include "base/quote.hpp"
#include "replica/replica_builder.hpp"

namespace pgauth {

namespace {

using Row = PgConnection::Row;

// What to select of a view for each kind of row, all of it as text: times as seconds, arrays
// and jsonb as JSON (replica/rows.hpp). What most rows say is null: it need not be converted,
// sent and kept a million times.
template <typename R>
struct Source;

template <>
struct Source<GroupRow> {
    static constexpr const char* view = "broker_groups";
    static constexpr const char* columns = "id::text, name::text";
};

template <>
struct Source<ClientRow> {
    static constexpr const char* view = "broker_clients";
    static constexpr const char* columns =
        "username::text, name::text, left(enabled::text, 1), client_id::text, "
        "to_json(nullif(required_methods::text[], '{}'))::text, to_json(networks)::text, "
        "extract(epoch FROM valid_from)::text, extract(epoch FROM valid_until)::text, "
        "nullif(attributes::text, '{}')";
};

template <>
struct Source<CredentialRow> {
    static constexpr const char* view = "broker_credentials";
    static constexpr const char* columns =
        "id::text, username::text, method::text, secret::text, fingerprint::text, "
        "extract(epoch FROM valid_from)::text, extract(epoch FROM valid_until)::text, "
        "rehashed_from::text";
};

template <>
struct Source<MemberRow> {
    static constexpr const char* view = "broker_members";
    static constexpr const char* columns = "group_name::text, username::text";
};

template <>
struct Source<RuleRow> {
    static constexpr const char* view = "broker_rules";
    static constexpr const char* columns =
        "name::text, left(enabled::text, 1), syntax::text, client_name::text, username::text, "
        "client_id::text, fingerprint::text, common_name::text, subject_alt_name::text, "
        "address::text, method::text, to_json(groups)::text";
};

template <>
struct Source<EntryRow> {
    static constexpr const char* view = "broker_entries";
    static constexpr const char* columns =
        "id::text, group_name::text, username::text, effect::text, permission::text, "
        "topic::text, priority::text, max_qos::text, left(allow_retain::text, 1)";
};

template <>
struct Source<RevokedCertificateRow> {
    static constexpr const char* view = "broker_revoked_certificates";
    static constexpr const char* columns = "fingerprint::text";
};

template <typename R>
std::string select() {
    return fmt::format("SELECT {} FROM mqtt_auth.{}", Source<R>::columns, Source<R>::view);
}

// All rows of one view.
template <typename R>
Result<void> load_all(PgConnection& connection,
                      ReplicaBuilder& builder,
                      const LoadProgress& progress) {
    std::size_t rows = 0;
    return connection.copy_out(select<R>(), [&](const Row& row) {
        constexpr std::size_t now_and_then = 4096;
        builder.add(R::from(row));
        if (++rows % now_and_then == 0) {
            progress(Source<R>::view, rows);
        }
    });
}

// The literal of a text[].
std::string array_of(const std::set<std::string>& items) {
    std::string text = "{";
    for (const std::string& item : items) {
        text += text.size() == 1 ? "\"" : ",\"";
        for (const char letter : item) {
            text += letter == '"' || letter == '\\' ? std::string("\\") + letter
                                                    : std::string(1, letter);
        }
        text += '"';
    }
    return text + "}";
}

// Those rows of one view in which `column` is one of `keys`.
template <typename R>
Result<void> load_some(PgConnection& connection,
                       ReplicaBuilder& builder,
                       std::string_view column,
                       const std::set<std::string>& keys) {
    if (keys.empty()) {
        return {};
    }
    return connection.query(fmt::format("{} WHERE {} = ANY ($1::text[])", select<R>(), column),
                            {array_of(keys)},
                            [&](const Row& row) { builder.add(R::from(row)); });
}

Result<std::shared_ptr<const Replica>> apply(PgConnection& connection,
                                             const FeedNews& news,
                                             const Replica& before) {
    ReplicaBuilder builder(before);
    for (const std::string& username : news.clients) {
        builder.drop_client(username);
    }
    for (const std::string& name : news.groups) {
        builder.drop_group(name);
    }
    for (const std::string& name : news.rules) {
        builder.drop_rule(name);
    }
    for (const std::string& fingerprint : news.revoked_certificates) {
        builder.drop_revoked_certificate(fingerprint);
    }
    // In the order that ReplicaBuilder wants.
    auto done = load_some<GroupRow>(connection, builder, "name", news.groups);
    const auto then = [&](auto step) {
        if (done) {
            done = step();
        }
    };
    then([&] { return load_some<ClientRow>(connection, builder, "username", news.clients); });
    then([&] {
        return load_some<CredentialRow>(connection, builder, "username", news.clients);
    });
    then([&] { return load_some<MemberRow>(connection, builder, "username", news.clients); });
    then([&] { return load_some<RuleRow>(connection, builder, "name", news.rules); });
    then([&] { return load_some<EntryRow>(connection, builder, "group_name", news.groups); });
    then([&] { return load_some<EntryRow>(connection, builder, "username", news.clients); });
    then([&] {
        return load_some<RevokedCertificateRow>(
            connection, builder, "fingerprint", news.revoked_certificates);
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    return std::move(builder).build();
}

Result<void> begin(PgConnection& connection) {
    // One snapshot for everything: readers see whole transactions only.
    return connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

}  // namespace

Result<void> check_schema_version(PgConnection& connection) {
    std::optional<std::string> version;
    auto read = connection.query(
        "SELECT value FROM mqtt_auth.broker_settings WHERE key = 'schema_version'",
        {},
        [&](const Row& row) { version = row[0]; });
    if (!read) {
        return read;
    }
    for (int known = oldest_schema_version; known <= newest_schema_version; ++known) {
        if (version == std::to_string(known)) {
            return {};
        }
    }
    return fail(ErrorKind::unusable,
                fmt::format("schema mqtt_auth has version {}: this plugin works with {} to {}: "
                            "upgrade the plugin, or the schema with schema/mqtt_auth.sql",
                            version ? quote(*version) : "none",
                            oldest_schema_version,
                            newest_schema_version));
}

Result<Loaded> load_replica(PgConnection& connection,
                            const Replica* before,
                            const FeedPosition* position,
                            const LoadProgress& progress) {
    auto done = begin(connection);
    if (!done) {
        return tl::unexpected(done.error());
    }
    auto news = read_position(connection, position);
    if (!news) {
        return tl::unexpected(news.error());
    }
    ReplicaBuilder builder;
    using Load = Result<void> (*)(PgConnection&, ReplicaBuilder&, const LoadProgress&);
    constexpr Load in_order[] = {// NOLINT(modernize-avoid-c-arrays)
                                 load_all<GroupRow>,
                                 load_all<ClientRow>,
                                 load_all<CredentialRow>,
                                 load_all<MemberRow>,
                                 load_all<RuleRow>,
                                 load_all<EntryRow>,
                                 load_all<RevokedCertificateRow>};
    for (const Load load : in_order) {
        if (done = load(connection, builder, progress); !done) {
            return tl::unexpected(done.error());
        }
    }
    if (done = connection.execute("COMMIT"); !done) {
        return tl::unexpected(done.error());
    }
    std::vector<std::string> changed;
    if (before != nullptr) {
        changed = builder.share_with(*before);
    }
    return Loaded{std::move(builder).build(),
                  std::move(news->position),
                  std::move(changed),
                  std::move(news->orders)};
}

Result<Update> load_update(PgConnection& connection,
                           const FeedPosition& position,
                           const Replica& before) {
    auto done = begin(connection);
    if (!done) {
        return tl::unexpected(done.error());
    }
    auto news = read_news(connection, position);
    if (!news) {
        return tl::unexpected(news.error());
    }
    Update update;
    update.read_afresh = news->read_afresh || news->keys() > max_update_keys;
    if (!update.read_afresh && news->keys() > 0) {
        auto next = apply(connection, *news, before);
        if (!next) {
            return tl::unexpected(next.error());
        }
        update.replica = *std::move(next);
    }
    if (done = connection.execute("COMMIT"); !done) {
        return tl::unexpected(done.error());
    }
    update.position = std::move(news->position);
    update.settings = news->settings;
    update.clients.assign(news->clients.begin(), news->clients.end());
    update.orders = std::move(news->orders);
    return update;
}

}  // namespace pgauth
