#include "service/unasked_connections.hpp"

#include <algorithm>
#include <utility>

namespace pgauth {

void UnaskedConnections::begin(const void* connection) {
    identities_.erase(connection);
    refused_.erase(connection);
    forget_stranger(connection);
    expects_will_ = nullptr;
}

void UnaskedConnections::forget_stranger(const void* connection) {
    std::erase(strangers_, connection);
}

void UnaskedConnections::note_pre_shared_key(const void* connection,
                                             std::string_view identity) {
    identities_.insert_or_assign(connection, std::string(identity));
}

bool UnaskedConnections::has_pre_shared_key(const void* connection,
                                            std::string_view username) const {
    const auto identity = identities_.find(connection);
    return identity != identities_.end() && identity->second == username;
}

void UnaskedConnections::refuse(const void* connection, std::string_view client_id) {
    refused_.insert_or_assign(connection, std::string(client_id));
    if (newly_refused_.size() < max_newly_refused) {
        newly_refused_.push_back(connection);
    }
}

bool UnaskedConnections::is_refused(const void* connection, std::string_view client_id) const {
    const auto refused = refused_.find(connection);
    return refused != refused_.end() && refused->second == client_id;
}

bool UnaskedConnections::knows(const void* connection) const {
    return refused_.contains(connection) || identities_.contains(connection);
}

void UnaskedConnections::end(const void* connection, bool had_session) {
    begin(connection);
    if (had_session) {
        return;
    }
    strangers_.push_back(connection);
    if (strangers_.size() > max_strangers) {
        strangers_.pop_front();
    }
}

bool UnaskedConnections::is_stranger(const void* connection) const {
    return std::find(strangers_.begin(), strangers_.end(), connection) != strangers_.end();
}

bool UnaskedConnections::take_expected_will(const void* connection) noexcept {
    return std::exchange(expects_will_, nullptr) == connection && connection != nullptr;
}

std::vector<const void*> UnaskedConnections::take_refused() {
    return std::exchange(newly_refused_, {});
}

std::optional<std::string> UnaskedConnections::refused_client_id(const void* connection) const {
    const auto refused = refused_.find(connection);
    return refused == refused_.end() ? std::nullopt : std::optional(refused->second);
}

}  // namespace pgauth
