#include "replica/replica.hpp"

#include <atomic>

namespace pgauth {

namespace {

std::uint64_t next_generation() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

template <typename Map>
auto find_or_null(const Map& map, std::string_view key) -> typename Map::mapped_type {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : found->second;
}

}  // namespace

Replica::Replica() : generation_(next_generation()) {}

std::shared_ptr<const Client> Replica::find_client(std::string_view username) const {
    return find_or_null(clients_, username);
}

std::shared_ptr<const Client> Replica::find_client_by_fingerprint(
    std::string_view fingerprint) const {
    return find_or_null(pinned_, fingerprint);
}

std::shared_ptr<const Group> Replica::find_group(const GroupId& id) const {
    return find_or_null(groups_, id);
}

std::shared_ptr<const Group> Replica::find_group_by_name(std::string_view name) const {
    const auto id = group_ids_.find(name);
    return id == group_ids_.end() ? nullptr : find_group(id->second);
}

bool Replica::is_revoked(std::string_view fingerprint) const {
    return revoked_.find(fingerprint) != revoked_.end();
}

}  // namespace pgauth
