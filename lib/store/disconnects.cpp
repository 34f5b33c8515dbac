#include "store/disconnects.hpp"

namespace pgauth {

Result<std::vector<DisconnectRow>> read_disconnects(PgConnection& connection,
                                                    const FeedPosition& before,
                                                    FeedPosition& after) {
    std::vector<DisconnectRow> rows;
    const auto read = connection.query(
        "SELECT token, kind, key, xid >= $2::xid8 FROM mqtt_auth.broker_changes "
        "WHERE xid >= $1::xid8 AND kind IN ('disconnect_client', 'disconnect_group') "
        "ORDER BY id",
        {before.oldest_running, after.oldest_running},
        [&](const PgConnection::Row& row) {
            std::string token(row[0].value_or(""));
            if (before.seen.contains(token)) {
                return;
            }
            rows.push_back(
                {std::string(row[1].value_or("")), std::string(row[2].value_or(""))});
            if (row[3] == "t") {
                after.seen.insert(std::move(token));
            }
        });
    if (!read) {
        return tl::unexpected(read.error());
    }
    return rows;
}

}  // namespace pgauth
