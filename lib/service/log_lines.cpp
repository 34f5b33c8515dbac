#include "service/log_lines.hpp"

#include <fmt/format.h>

#include "base/quote.hpp"
#include "policy/request.hpp"

namespace pgauth {

namespace {

std::string quote_or_none(const std::optional<std::string_view>& text) {
    return text ? quote(*text) : "none";
}

std::string_view verb(LoginOutcome outcome) {
    switch (outcome) {
        case LoginOutcome::accepted:
            return "accepted";
        case LoginOutcome::refused:
            return "refused";
        case LoginOutcome::try_again:
            return "turned away for now";
        case LoginOutcome::handed_on:
            return "handed on";
        case LoginOutcome::later:
            return "to be answered later:";
    }
    return "unknown";
}

}  // namespace

// While nothing is loaded the feed says so, once a minute: not once for each attempt.
LogLevel level_of(const LoginDecision& decision) noexcept {
    const bool quiet = decision.outcome == LoginOutcome::accepted ||
                       decision.outcome == LoginOutcome::handed_on ||
                       decision.outcome == LoginOutcome::later ||
                       decision.cause == LoginCause::replica_not_ready;
    return quiet ? LogLevel::debug : LogLevel::notice;
}

std::string line_of(const LoginRequest& request, const LoginDecision& decision) {
    return fmt::format("{} client id {} username {} from {}: {}",
                       verb(decision.outcome),
                       quote(request.client_id),
                       quote_or_none(request.username),
                       request.address.value_or("nowhere"),
                       explain(decision.cause));
}

std::string line_of_key(std::string_view identity,
                        std::optional<std::string_view> address,
                        LoginCause cause) {
    return fmt::format("refused pre-shared key identity {} from {}: {}",
                       quote(identity),
                       address.value_or("nowhere"),
                       explain(cause));
}

bool is_told(const AccessCheck& check, const Decision& decision) noexcept {
    return !decision.allowed && decision.cause != Cause::handed_on &&
           check.action != Action::receive;
}

std::string line_of(const AccessCheck& check, const Decision& decision) {
    return fmt::format("client id {} username {}: {} {} {}",
                       quote(check.client_id),
                       quote_or_none(check.username),
                       to_string(check.action),
                       quote(check.topic),
                       explain(decision));
}

std::string line_of(const Kick& kick) {
    return fmt::format("disconnected client id {} username {}: {}",
                       quote(kick.client_id),
                       quote_or_none(kick.username),
                       explain(kick.cause));
}

}  // namespace pgauth
