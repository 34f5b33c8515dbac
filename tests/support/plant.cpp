#include "support/plant.hpp"

#include <fmt/format.h>
#include <stdexcept>

#include "support/waiting.hpp"

namespace pgauth::testing {

Plant::Plant() {
    database_.sql(fmt::format(R"(
        SELECT mqtt_auth.create_group('presses');
        SELECT mqtt_auth.allow('presses', 'readWrite', 'plant/%u/#');
        SELECT mqtt_auth.allow('presses', 'read', 'news');
        SELECT mqtt_auth.create_group('guests');
        SELECT mqtt_auth.allow('guests', 'read', 'news');
        SELECT mqtt_auth.create_client(name, secret => '{0}')
            FROM unnest(ARRAY['press-7', 'press-8', 'boss', 'idle', 'retired', 'herald']) AS name;
        SELECT mqtt_auth.add_to_group('press-7', 'presses');
        SELECT mqtt_auth.add_to_group('press-8', 'presses');
        SELECT mqtt_auth.allow(username => 'boss', permission => 'read', topic => 'plant/#');
        SELECT mqtt_auth.disable_client('retired');)",
                              sesame_secret));
}

PluginOptions Plant::options(const PluginOptions& more) const {
    PluginOptions all{{"database_connection", database_.connection()}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

// Asks through a connection that the broker made up, since that is judged by the record.
void Plant::until_seen(LoadedPlugin& plugin) {
    const std::string topic = fmt::format("seen/{}", ++seen_);
    database_.sql(fmt::format(
        "SELECT mqtt_auth.allow(username => 'herald', permission => 'write', topic => '{}')",
        topic));
    mosquitto herald{.id = "herald", .username = "herald", .address = std::nullopt};
    if (!eventually([&] { return plugin.write(herald, topic.c_str()) == MOSQ_ERR_SUCCESS; })) {
        throw std::runtime_error("the plugin did not see a change:\n" + broker_log().text());
    }
}

mosquitto connection_of(const std::string& username) {
    return {.id = username, .username = username};
}

}  // namespace pgauth::testing
