#include "service/login_desk.hpp"

#include <chrono>
#include <utility>

#include "base/thread.hpp"

namespace pgauth {

namespace {

using std::chrono::steady_clock;

std::optional<std::string> copy_of(const std::optional<std::string_view>& text) {
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

PasswordQuestion question_of(const Screening& screening, const LoginRequest& request) {
    return {.username = screening.username(),
            .secrets = screening.secrets(),
            .password = Secret(request.password.value_or("")),
            .address = attempt_of(request).address,
            .credentials = screening.credentials()};
}

LoginDecision not_now(LoginOutcome outcome, LoginCause cause, const Screening& screening) {
    return {outcome, cause, screening.client(), {}};
}

}  // namespace

LateLogin::LateLogin(const LoginRequest& request)
    : client_id_(request.client_id),
      username_(copy_of(request.username)),
      address_(copy_of(request.address)),
      connection_(request.connection),
      durable_(request.durable) {
    if (request.certificate != nullptr) {
        certificate_ = *request.certificate;
    }
}

LoginRequest LateLogin::request() const {
    return {.client_id = client_id_,
            .username = username_,
            .password = check_ ? std::optional(password_.reveal()) : std::nullopt,
            .address = address_,
            .connection = connection_,
            .durable = durable_,
            .certificate = certificate_ ? &*certificate_ : nullptr};
}

PasswordCheck LateLogin::check_of(const Screening& screening) const {
    if (screening.secrets().empty()) {
        return PasswordCheck::not_made;
    }
    return check_ && screening.secrets() == secrets_ ? *check_ : PasswordCheck::not_computed;
}

void LoginDesk::forget(std::string_view client_id) {
    if (const auto older = waiting_.find(client_id); older != waiting_.end()) {
        waiting_.erase(older);
    }
}

LoginDecision LoginDesk::decide(const View& view,
                                const LoginRequest& request,
                                const void* realm,
                                const Session* holder) {
    note_finished();
    const Screening screening = screen(view, request, realm, holder);
    if (screening.secrets().empty()) {
        return screening.conclude(PasswordCheck::not_made);
    }
    PasswordQuestion question = question_of(screening, request);
    if (const auto known = checks_.recall(question)) {
        return screening.conclude(*known);
    }
    return request.can_wait ? wait_for(request, screening, std::move(question))
                            : check_or_send_away(view, screening, std::move(question));
}

LoginDecision LoginDesk::wait_for(const LoginRequest& request,
                                  const Screening& screening,
                                  PasswordQuestion question) {
    const auto number = checks_.check_elsewhere(std::move(question));
    if (!number) {
        return not_now(LoginOutcome::try_again, number.error(), screening);
    }
    const Ticket ticket{std::string(request.client_id), ++last_attempt_};
    LateLogin late(request);
    late.attempt_ = ticket.attempt;
    waiting_.insert_or_assign(ticket.client_id, std::move(late));
    asked_.emplace(*number, ticket);
    deadlines_.emplace_back(steady_clock::now() + longest_wait, ticket);
    return not_now(LoginOutcome::later, LoginCause::being_checked, screening);
}

LoginDecision LoginDesk::check_or_send_away(const View& view,
                                            const Screening& screening,
                                            PasswordQuestion question) {
    const auto limit = view.options->authn.password.blocking_budget;
    if (budget_.admits(checks_.expected(question), limit, steady_clock::now())) {
        // What others take of the processor meanwhile is not the hash's.
        const auto began_at = processor_time();
        const auto check = checks_.check_here(question);
        budget_.charge(processor_time() - began_at);
        return check ? screening.conclude(*check)
                     : not_now(LoginOutcome::try_again, check.error(), screening);
    }
    const auto number = checks_.check_elsewhere(std::move(question));
    return not_now(LoginOutcome::try_again,
                   number ? LoginCause::being_checked : number.error(),
                   screening);
}

LoginDecision LoginDesk::decide_here(const View& view,
                                     const LoginRequest& request,
                                     const void* realm) {
    const Screening screening = screen(view, request, realm, nullptr);
    if (screening.secrets().empty()) {
        return screening.conclude(PasswordCheck::not_made);
    }
    const PasswordQuestion question = question_of(screening, request);
    if (const auto known = checks_.recall(question)) {
        return screening.conclude(*known);
    }
    const auto check = checks_.check_here(question);
    return check ? screening.conclude(*check)
                 : not_now(LoginOutcome::try_again, check.error(), screening);
}

LateLogin* LoginDesk::find(const Ticket& ticket) {
    const auto login = waiting_.find(ticket.client_id);
    const bool is_it = login != waiting_.end() && login->second.attempt_ == ticket.attempt;
    return is_it ? &login->second : nullptr;
}

// What the verifiers have found out is remembered, also for those who were sent away.
void LoginDesk::note_finished() {
    for (const Verifiers::Finished& finished : checks_.take_finished()) {
        const auto [begin, end] = asked_.equal_range(finished.number);
        for (auto asked = begin; asked != end; ++asked) {
            if (LateLogin* login = find(asked->second)) {
                login->secrets_ = finished.question.secrets;
                login->password_ = Secret(finished.question.password.reveal());
                login->check_ = finished.check;
                checked_.push_back(std::move(asked->second));
            }
        }
        asked_.erase(begin, end);
    }
}

std::vector<LateLogin> LoginDesk::take_late() {
    // A busy broker asks with every packet.
    if (deadlines_.empty() && checked_.empty()) {
        return {};
    }
    note_finished();
    const auto now = steady_clock::now();
    while (!deadlines_.empty() && deadlines_.front().first <= now) {
        checked_.push_back(std::move(deadlines_.front().second));
        deadlines_.pop_front();
    }
    constexpr std::size_t at_a_time = 100;
    std::vector<LateLogin> late;
    late.reserve(at_a_time);  // from here on nothing fails: nobody is left without answer
    for (; !checked_.empty() && late.size() < at_a_time; checked_.pop_front()) {
        if (LateLogin* login = find(checked_.front())) {
            late.push_back(std::move(*login));
            waiting_.erase(checked_.front().client_id);
        }
    }
    return late;
}

}  // namespace pgauth
