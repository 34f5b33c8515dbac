#include "authz/session_table.hpp"

#include <algorithm>
#include <utility>

namespace pgauth {

std::uint64_t serial_of(const Session& session) noexcept {
    return session.serial;
}

std::string_view username_or_empty(const Session& session) noexcept {
    return session.username ? std::string_view(*session.username) : std::string_view();
}

const GroupSet* group_set_of(const Session& session) noexcept {
    return session.rights.groups.get();
}

std::tuple<const void*, Instant> due_at(const Session& session) noexcept {
    return {session.keeper, session.deadline.value_or(Instant::min())};
}

void SessionTable::open(Session session) {
    session.serial = ++last_opened_;
    // The address of a connection that went without a word may be in use again.
    close(session.token, std::nullopt);
    const auto connection = connected_.emplace(session.token, session.client_id).first;
    try {
        const auto [place, is_new] = current_.try_emplace(session.client_id);
        Session& before = place->second;
        if (!is_new) {
            // Another connection may have the address of one that has closed.
            if (before.connected) {
                connected_.erase(before.token);
            }
            before.replaced = before.connected;
            before.connected = false;
            depart(before);
        }
        before = std::move(session);
        try {
            put_in_order(before);
        } catch (...) {
            take_out_of_order(before);
            current_.erase(place);
            throw;
        }
    } catch (...) {
        connected_.erase(connection);
        throw;
    }
}

const Session* SessionTable::restore(Session session) {
    session.serial = ++last_opened_;
    session.closed_serial = ++last_serial_;
    const auto [place, is_new] = current_.try_emplace(session.client_id);
    if (!is_new) {
        return nullptr;
    }
    place->second = std::move(session);
    try {
        put_in_order(place->second);
        closed_.push_back({place->first, place->second.closed_serial});
    } catch (...) {
        take_out_of_order(place->second);
        current_.erase(place);
        throw;
    }
    const std::string client_id = place->first;
    forget_oldest_closed();
    const auto found = current_.find(client_id);
    return found == current_.end() ? nullptr : &found->second;
}

std::size_t SessionTable::hint_of(const void* token) noexcept {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
    constexpr unsigned upper_half = 32;
    return reinterpret_cast<std::uintptr_t>(token) * odd >> upper_half & (hint_places - 1);
}

void SessionTable::put_in_order(Session& session) {
    by_username_.insert(session);
    by_groups_.insert(session);
    if (session.deadline) {
        by_deadline_.insert(session);
    }
}

void SessionTable::take_out_of_order(Session& session) noexcept {
    lately_[hint_of(session.token)] = nullptr;
    by_username_.erase(session);
    by_groups_.erase(session);
    by_deadline_.erase(session);
}

void SessionTable::close(const void* token, std::optional<std::string_view> client_id) {
    for (const Departed& departed : departed_) {
        if (departed.token == token) {
            departed.session->replaced = false;
        }
    }
    const auto connected = connected_.find(token);
    if (connected == connected_.end() || (client_id && *client_id != connected->second)) {
        return;
    }
    const auto found = current_.find(connected->second);
    connected_.erase(connected);
    Session& session = found->second;
    session.connected = false;
    set_deadline(session, std::nullopt);
    if (session.durable) {
        session.closed_serial = ++last_serial_;
        closed_.push_back({session.client_id, session.closed_serial});
        forget_oldest_closed();
    } else {
        depart(session);
        current_.erase(found);
    }
}

// Leaves `session` as it is where memory runs out.
void SessionTable::depart(Session& session) {
    if (departed_.size() == max_departed) {
        departed_.pop_front();
    }
    departed_.push_back({session.token, std::make_unique<Session>()});
    take_out_of_order(session);
    *departed_.back().session = std::move(session);
}

// closed_ also has sessions that have come back since: those cost an item each, and go with it.
void SessionTable::forget_oldest_closed() {
    if (closed_.size() <= max_closed_durable) {
        return;
    }
    const Closed oldest = std::move(closed_.front());
    closed_.pop_front();
    const auto found = current_.find(oldest.client_id);
    if (found != current_.end() && !found->second.connected &&
        found->second.closed_serial == oldest.serial) {
        take_out_of_order(found->second);
        current_.erase(found);
    }
}

const Session* SessionTable::find(const void* realm,
                                  std::string_view client_id,
                                  const void* token,
                                  std::optional<std::string_view> username) const {
    const auto is_this_connection = [&](const Session& session) {
        return session.token == token && session.realm == realm &&
               (!username || username == session.username) && session.client_id == client_id;
    };
    const Session*& lately = lately_[hint_of(token)];
    if (lately != nullptr && is_this_connection(*lately)) {
        return lately;
    }
    const auto current = current_.find(client_id);
    const Session* of_client_id = current == current_.end() ? nullptr : &current->second;
    if (of_client_id != nullptr && is_this_connection(*of_client_id)) {
        lately = of_client_id;
        return of_client_id;
    }
    const auto departed =
        std::find_if(departed_.rbegin(), departed_.rend(), [&](const Departed& one) {
            return one.token == token && is_this_connection(*one.session);
        });
    if (departed != departed_.rend()) {
        return departed->session.get();
    }
    const bool on_its_behalf = of_client_id != nullptr && of_client_id->realm == realm &&
                               username == of_client_id->username;
    return on_its_behalf ? of_client_id : nullptr;
}

bool SessionTable::logged_in(std::string_view client_id, const void* token) const {
    const auto found = current_.find(client_id);
    return found != current_.end() && found->second.token == token;
}

bool SessionTable::is_there(std::string_view client_id, const void* token) const {
    const auto found = current_.find(client_id);
    if (found != current_.end() && found->second.token == token && found->second.connected) {
        return true;
    }
    return std::any_of(departed_.begin(), departed_.end(), [&](const Departed& departed) {
        return departed.token == token && departed.session->replaced &&
               departed.session->client_id == client_id;
    });
}

const Session* SessionTable::find_connected(std::string_view client_id) const {
    const auto found = current_.find(client_id);
    return found != current_.end() && found->second.connected ? &found->second : nullptr;
}

Session* SessionTable::next_of(const GroupSet& groups, std::uint64_t serial) const {
    Session* next = by_groups_.after(&groups, serial);
    return next != nullptr && next->rights.groups.get() == &groups ? next : nullptr;
}

Session* SessionTable::first_due(const void* keeper, Instant now) const {
    Session* next = by_deadline_.after({keeper, Instant::min()}, 0);
    return next != nullptr && next->keeper == keeper && *next->deadline <= now ? next : nullptr;
}

void SessionTable::set_rights(Session& session, Rights rights) noexcept {
    const auto exchange = [&] { session.rights = std::move(rights); };
    if (rights.groups == session.rights.groups) {
        exchange();
    } else {
        by_groups_.change(session, exchange);
    }
}

void SessionTable::set_deadline(Session& session, std::optional<Instant> deadline) {
    if (session.deadline == deadline) {
        return;
    }
    by_deadline_.erase(session);
    session.deadline = deadline;
    if (!deadline) {
        return;
    }
    try {
        by_deadline_.insert(session);
    } catch (...) {
        session.deadline.reset();
        throw;
    }
}

}  // namespace pgauth
