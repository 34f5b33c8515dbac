#include "service/session_keeper.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "authn/authenticator.hpp"

namespace pgauth {

namespace {

using std::chrono::steady_clock;

// When something about the client runs out next, of which its session may not come through.
std::optional<Instant> next_end(const Client* client, Instant now) {
    std::optional<Instant> next;
    const auto consider = [&](const Window& window) {
        if (window.until && *window.until > now && (!next || *window.until < *next)) {
            next = window.until;
        }
    };
    if (client != nullptr) {
        consider(client->window);
        for (const Credential& credential : client->credentials) {
            consider(credential.window);
        }
    }
    return next;
}

}  // namespace

void SessionKeeper::note(Changes changes) noexcept {
    try {
        for (Disconnect& whom : changes.disconnects) {
            commands_.push_back({std::move(whom), sessions_.last_opening()});
        }
        changed_.insert(changed_.end(),
                        std::make_move_iterator(changes.clients.begin()),
                        std::make_move_iterator(changes.clients.end()));
    } catch (const std::exception&) {
        note_everything();
    }
    if (changes.everything || changes.rules) {
        note_everything();
    }
}

void SessionKeeper::note_everything() noexcept {
    round_is_due_ = true;
}

void SessionKeeper::take_over(Session& session,
                              const AuthzOptions& options,
                              Instant now) const {
    session.keeper = this;
    if (options.apply_changes == ApplyChanges::immediately) {
        session.deadline = next_end(session.rights.client.get(), now);
    }
}

bool SessionKeeper::has_work() const noexcept {
    return !changed_.empty() || !commands_.empty() || round_ || round_is_due_;
}

void SessionKeeper::work(const Circumstances& circumstances, Deadlines deadlines) noexcept {
    if (circumstances.replica == nullptr || (!has_work() && deadlines == Deadlines::skip)) {
        return;
    }
    const Instant now = std::chrono::system_clock::now();
    if (!has_work() && sessions_.first_due(this, now) == nullptr) {
        return;
    }
    const SteadyInstant start = steady_clock::now();
    if (start < resume_at_) {
        return;
    }
    SteadyInstant end = start;
    try {
        while (end - start < slice && step(circumstances, now)) {
            end = steady_clock::now();
        }
    } catch (const std::exception&) {
        // Out of memory. The session that it failed at is met again on the next round.
        note_everything();
        end = start + slice;
    }
    constexpr int pause = 9;
    resume_at_ = end + pause * (end - start);
}

bool SessionKeeper::step(const Circumstances& circumstances, Instant now) {
    const bool immediately = circumstances.authz.apply_changes == ApplyChanges::immediately;
    if (!immediately) {
        forget_changes();
    }
    if (!changed_.empty()) {
        look_at_changed(circumstances, now);
        return true;
    }
    if (!commands_.empty() && !kicks_.has_many()) {
        carry_out(circumstances);
        return true;
    }
    if (Session* due = sessions_.first_due(this, now)) {
        // Before anything can go wrong: one that fails must not keep the others from their
        // turn.
        sessions_.set_deadline(*due, std::nullopt);
        if (immediately) {
            look_at(*due, circumstances, now);
        }
        return true;
    }
    if (round_is_due_ && !round_) {
        round_ = Round{std::string(), 0};
        round_is_due_ = false;
    }
    if (round_) {
        look_at_next_of_all(circumstances, now);
        return true;
    }
    return false;
}

void SessionKeeper::forget_changes() noexcept {
    changed_.clear();
    changed_serial_ = 0;
    round_.reset();
    round_is_due_ = false;
}

void SessionKeeper::look_at_changed(const Circumstances& circumstances, Instant now) {
    Session* session = sessions_.next(changed_.front(), changed_serial_);
    if (session == nullptr || session->username != changed_.front()) {
        changed_.pop_front();
        changed_serial_ = 0;
        return;
    }
    changed_serial_ = session->serial;
    if (session->keeper == this) {
        look_at(*session, circumstances, now);
    }
}

void SessionKeeper::look_at_next_of_all(const Circumstances& circumstances, Instant now) {
    Session* session = sessions_.next(round_->username, round_->serial);
    if (session == nullptr) {
        round_.reset();
        return;
    }
    if (round_->username != username_or_empty(*session)) {
        round_->username = username_or_empty(*session);
    }
    round_->serial = session->serial;
    if (session->keeper == this) {
        look_at(*session, circumstances, now);
    }
}

// Works out `session` as it would be if it had come in just now.
void SessionKeeper::look_at(Session& session, const Circumstances& circumstances, Instant now) {
    const LoginDecision decision = Authenticator(circumstances.authn)
                                       .judge_again(*circumstances.replica,
                                                    session.client_id,
                                                    session.username,
                                                    *session.admission,
                                                    now);
    const bool may_be_in = decision.outcome == LoginOutcome::accepted;
    auto client =
        session.username ? circumstances.replica->find_client(*session.username) : nullptr;
    const bool is_gone = session.username && (client == nullptr || client->defective);
    // What is queued for a session that is not connected is not lost because its client may not
    // connect at the moment.
    const MethodSet methods = may_be_in ? decision.satisfied : session.admission->satisfied;
    Rights rights = is_gone ? authorizer_.settle_nothing()
                            : authorizer_.settle(circumstances,
                                                 client,
                                                 session.client_id,
                                                 transport_of(*session.admission, methods));
    if (!session.connected) {
        sessions_.set_rights(session, std::move(rights));
        return;
    }
    if (!may_be_in && !session.cut) {
        kicks_.add(session, decision.cause);
    }
    session.cut = may_be_in ? std::nullopt : std::optional(decision.cause);
    sessions_.set_rights(session, std::move(rights));
    sessions_.set_deadline(session, next_end(client.get(), now));
}

void SessionKeeper::carry_out(const Circumstances& circumstances) {
    Command& command = commands_.front();
    Session* session = next_named(command, circumstances);
    if (session == nullptr) {
        commands_.pop_front();
        return;
    }
    command.serial = session->serial;
    if (session->keeper == this && session->connected && !session->cut &&
        session->serial <= command.last) {
        kicks_.add(*session, LoginCause::thrown_off);
    }
}

Session* SessionKeeper::next_named(Command& command, const Circumstances& circumstances) {
    if (command.whom.username) {
        Session* session = sessions_.next(*command.whom.username, command.serial);
        return session != nullptr && session->username == command.whom.username ? session
                                                                                : nullptr;
    }
    if (!command.sets) {
        const auto group =
            circumstances.replica->find_group_by_name(command.whom.group_name.value_or(""));
        command.sets.emplace(group ? authorizer_.sets_holding(group->id)
                                   : std::vector<std::shared_ptr<const GroupSet>>());
    }
    while (!command.sets->empty()) {
        if (Session* session = sessions_.next_of(*command.sets->back(), command.serial)) {
            return session;
        }
        command.sets->pop_back();
        command.serial = 0;
    }
    return nullptr;
}

}  // namespace pgauth
