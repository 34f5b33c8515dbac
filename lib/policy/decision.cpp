#include "policy/decision.hpp"

#include <fmt/format.h>
#include <string_view>

#include "base/quote.hpp"
#include "policy/request.hpp"

namespace pgauth {

namespace {

std::string_view explain(Cause cause) {
    switch (cause) {
        case Cause::entry:
            return "an entry decided";
        case Cause::no_entry:
            return "no entry allows it";
        case Cause::not_known_yet:
            return "the session is not connected; it is judged when it is back";
        case Cause::replica_not_ready:
            return "the tables have not been loaded yet";
        case Cause::not_logged_in:
            return "this connection never logged in here: does its listener set "
                   "use_identity_as_username or use_subject_as_username?";
        case Cause::not_its_own:
            return "it is thrown off, and this subscription is another's";
        case Cause::cut_off:
            return "its client may not be connected any more; it is about to be thrown off";
        case Cause::unknown_client:
            return "no client has this username";
        case Cause::bad_client_id:
            return "client ids with `+`, `#` or control characters have no rights";
        case Cause::bad_topic:
            return "not a valid topic";
        case Cause::always_allowed:
            return "unsubscribing is always allowed";
        case Cause::handed_on:
            return "not a client of ours; the next plugin decides";
    }
    return "unknown";
}

}  // namespace

std::string_view to_string(Action action) noexcept {
    switch (action) {
        case Action::publish:
            return "publish";
        case Action::subscribe:
            return "subscribe";
        case Action::receive:
            return "receive";
    }
    return "unknown";
}

std::string explain(const Decision& decision) {
    const std::string_view verdict = decision.allowed ? "allowed" : "denied";
    if (decision.entry == nullptr) {
        return fmt::format("{}: {}", verdict, explain(decision.cause));
    }
    const AclEntry& entry = *decision.entry;
    return fmt::format("{} by entry {} of {}: {} {} {}, priority {}",
                       verdict,
                       entry.id,
                       entry.owner,
                       to_string(entry.effect),
                       to_string(entry.permission),
                       entry.topic.text().empty() ? "every topic" : quote(entry.topic.text()),
                       entry.priority);
}

}  // namespace pgauth
