#include "support/plant.hpp"

#include <fmt/format.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/waiting.hpp"

namespace pgauth::testing {

namespace {

// Databases that no test has at the moment: making one takes longer than most tests.
std::vector<std::unique_ptr<TestDatabase>>& spare_databases() {
    static std::vector<std::unique_ptr<TestDatabase>> spare;
    return spare;
}

std::unique_ptr<TestDatabase> empty_database() {
    auto& spare = spare_databases();
    if (spare.empty()) {
        return std::make_unique<TestDatabase>();
    }
    auto database = std::move(spare.back());
    spare.pop_back();
    database->sql(
        "TRUNCATE mqtt_auth.clients, mqtt_auth.groups, mqtt_auth.group_rules, "
        "mqtt_auth.changes CASCADE");
    return database;
}

}  // namespace

Plant::Plant() : database_(empty_database()) {
    database_->sql(fmt::format(R"(
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

Plant::~Plant() {
    spare_databases().push_back(std::move(database_));
}

PluginOptions Plant::options(const PluginOptions& more) const {
    PluginOptions all{{"database_connection", database_->connection()}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

// Asks through a connection that the broker made up, since that is judged by the record.
void Plant::until_seen(LoadedPlugin& plugin) {
    const std::string topic = fmt::format("seen/{}", ++seen_);
    database_->sql(fmt::format(
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
