#include "service/kick_queue.hpp"

#include <utility>

namespace pgauth {

namespace {

bool is_still_meant(const SessionTable& sessions, const Kick& kick) {
    const Session* session = sessions.find_connected(kick.client_id);
    return session != nullptr && session->serial == kick.serial &&
           (session->cut || kick.cause == LoginCause::thrown_off ||
            kick.cause == LoginCause::no_conversation);
}

}  // namespace

void KickQueue::add(const Session& session, LoginCause cause) {
    kicks_.push_back(
        {session.client_id, session.username, session.serial, session.token, cause});
}

std::optional<Kick> KickQueue::next(const SessionTable& sessions,
                                    std::optional<std::string_view> but) {
    done();
    while (!kicks_.empty() && kicks_.front().client_id != but) {
        Kick kick = std::move(kicks_.front());
        kicks_.pop_front();
        if (is_still_meant(sessions, kick)) {
            being_thrown_off_ = kick.token;
            return kick;
        }
    }
    return std::nullopt;
}

}  // namespace pgauth
