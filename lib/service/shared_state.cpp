#include "service/shared_state.hpp"

#include <algorithm>

namespace pgauth {

std::shared_ptr<ReplicaFeed> Realm::feed() {
    std::shared_ptr<ReplicaFeed> feed = feed_.lock();
    if (feed == nullptr || feed->is_stopped()) {
        feed = std::make_shared<ReplicaFeed>(options_);
        feed_ = feed;
    }
    return feed;
}

std::shared_ptr<SecretWriter> Realm::writer() {
    std::shared_ptr<SecretWriter> writer = writer_.lock();
    if (writer == nullptr || writer->is_stopped()) {
        writer = std::make_shared<SecretWriter>(options_);
        writer_ = writer;
    }
    return writer;
}

std::shared_ptr<SharedState> SharedState::get() {
    static std::weak_ptr<SharedState> state;
    std::shared_ptr<SharedState> shared = state.lock();
    if (shared == nullptr) {
        shared = std::make_shared<SharedState>();
        state = shared;
    }
    return shared;
}

Realm& SharedState::realm(const DatabaseOptions& options) {
    const auto known = std::find_if(realms_.begin(), realms_.end(), [&](const Realm& realm) {
        return realm.options() == options;
    });
    return known != realms_.end() ? *known : realms_.emplace_back(options);
}

}  // namespace pgauth
