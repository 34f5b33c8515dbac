#include "authz/authorizer.hpp"

#include <functional>
#include <utility>

#include "policy/identifier.hpp"
#include "topic/topic_filter.hpp"
#include "topic/topic_name.hpp"

namespace pgauth {

namespace {

Decision denied(Cause cause) {
    return {.allowed = false, .cause = cause};
}

Membership nameless_membership(const Circumstances& circumstances) {
    Membership groups;
    if (circumstances.authn.anonymous_group) {
        if (const auto group = circumstances.replica->find_group_by_name(
                *circumstances.authn.anonymous_group)) {
            groups.certain.push_back(group->id);
        }
    }
    return groups;
}

// `transport` null: it is not known how the client will connect.
Membership membership_of(const Circumstances& circumstances,
                         const Client* client,
                         std::string_view client_id,
                         const ConnectionFacts::Transport* transport) {
    if (client == nullptr) {
        return nameless_membership(circumstances);
    }
    ConnectionFacts facts;
    facts.username = client->username;
    facts.client_name = client->name;
    facts.client_id = client_id_that_counts(circumstances.authz, client, client_id);
    facts.transport = transport;
    return groups_of(*circumstances.replica, *client, facts);
}

using MakeSet = std::function<std::shared_ptr<GroupSet>(const Membership&)>;

// What the record of `check.username` gives; nothing where there is no such client.
std::optional<Rights> rights_from_record(const Circumstances& circumstances,
                                         const AccessCheck& check,
                                         const ConnectionFacts::Transport* transport,
                                         const MakeSet& make_set) {
    std::shared_ptr<const Client> client;
    if (check.username) {
        client = circumstances.replica->find_client(*check.username);
        if (client == nullptr || client->defective) {
            return std::nullopt;
        }
    }
    const Membership groups =
        membership_of(circumstances, client.get(), check.client_id, transport);
    return Rights::of(std::move(client), make_set(groups));
}

Decision decide(const Circumstances& circumstances,
                const Rights& rights,
                std::string_view client_id,
                const Request& request) {
    return rights.decide(
        *circumstances.replica,
        request,
        client_id_that_counts(circumstances.authz, rights.client.get(), client_id));
}

// `cause`, unless whoever is no client of ours is the next plugin's business.
Decision denied_or_handed_on(const Circumstances& circumstances,
                             const AccessCheck& check,
                             Cause cause) {
    const bool handed_on = circumstances.authn.unknown == UnknownUsers::defer &&
                           check.username &&
                           !circumstances.replica->has_client(*check.username);
    return denied(handed_on ? Cause::handed_on : cause);
}

// A message to or from a connected session, of which judge() would only ask what its rights
// say.
bool is_everyday(const Circumstances& circumstances,
                 const Session* session,
                 const AccessCheck& check) {
    return check.action != Action::subscribe && session != nullptr && session->connected &&
           !session->cut && circumstances.replica != nullptr;
}

const ConnectionFacts::Transport nothing_shown{};

// REQUIRES: it is not about a subscription.
Request message_of(const AccessCheck& check) {
    return check.action == Action::publish
               ? Request::publish(check.topic, check.qos, check.retain)
               : Request::receive(check.topic);
}

// Calls `judge` with the request that `check` is, or says why it is none.
template <typename Judge>
Decision with_request(const Circumstances& circumstances,
                      const AccessCheck& check,
                      Judge judge) {
    if (check.action != Action::subscribe) {
        if (!is_topic_name(check.topic)) {
            return denied(Cause::bad_topic);
        }
        return judge(message_of(check));
    }
    const auto text = strip_share(check.topic);
    const auto filter = text ? TopicFilter::parse(*text) : tl::unexpected(text.error());
    if (!filter) {
        return denied(Cause::bad_topic);
    }
    return judge(Request::subscribe(*filter, check.qos, circumstances.authz.subscribe));
}

}  // namespace

std::optional<std::string_view> client_id_that_counts(const AuthzOptions& options,
                                                      const Client* client,
                                                      std::string_view client_id) {
    const bool counts = options.client_ids == ClientIdTrust::believed ||
                        (client != nullptr && client->client_id.has_value());
    return counts ? std::optional(client_id) : std::nullopt;
}

Rights Authorizer::settle(const Circumstances& circumstances,
                          std::shared_ptr<const Client> client,
                          std::string_view client_id,
                          const ConnectionFacts::Transport& transport) {
    const Membership groups = membership_of(circumstances, client.get(), client_id, &transport);
    return Rights::of(std::move(client), sets_.find_or_add(groups));
}

Rights Authorizer::settle_as_before(std::shared_ptr<const Client> client,
                                    std::vector<GroupId> groups) {
    return Rights::of(std::move(client), sets_.find_or_add({std::move(groups), {}}));
}

Rights Authorizer::settle_nothing() {
    return Rights::of(nullptr, sets_.find_or_add({}));
}

Decision Authorizer::authorize(const Circumstances& circumstances,
                               const Session* session,
                               const AccessCheck& check) {
    // Who has a session was let in under its client id.
    if (session == nullptr && !is_safe_identifier(check.client_id)) {
        return denied(Cause::bad_client_id);
    }
    return is_everyday(circumstances, session, check)
               ? decide_or_recall(circumstances, *session, check)
               : with_request(circumstances, check, [&](const Request& request) {
                     return judge(circumstances, session, check, request);
                 });
}

// What judge() says of a message where is_everyday(): what the session's rights say.
Decision Authorizer::decide_or_recall(const Circumstances& circumstances,
                                      const Session& session,
                                      const AccessCheck& check) {
    const Request request = message_of(check);
    // Of the options, who counts as what matters; of the tables, what the groups may do.
    const std::uint64_t generation =
        2 * circumstances.replica->groups_generation() +
        (circumstances.authz.client_ids == ClientIdTrust::bound ? 1U : 0U);
    const Asker asker = session.rights.asker();
    const RecentDecisions::Question question(asker, generation, request);
    if (const Decision* known = recent_.find(question)) {
        return *known;
    }
    if (!is_topic_name(check.topic)) {
        return denied(Cause::bad_topic);
    }
    const Decision decision = decide(circumstances, session.rights, check.client_id, request);
    // That may have compiled the policy, and only then is known who gets the same answers.
    const Asker asker_now = session.rights.asker();
    recent_.remember(asker_now == asker
                         ? question
                         : RecentDecisions::Question(asker_now, generation, request),
                     decision);
    return decision;
}

Decision Authorizer::judge(const Circumstances& circumstances,
                           const Session* session,
                           const AccessCheck& check,
                           const Request& request) {
    const bool connected = session != nullptr ? session->connected : check.has_address;
    const bool generous = !connected && request.action == Action::receive;
    if (circumstances.replica == nullptr) {
        return generous ? Decision{.allowed = true, .cause = Cause::not_known_yet}
                        : denied(Cause::replica_not_ready);
    }
    // Its own connection has no rights any more, nor its will. What it has subscribed to and
    // what it has published before stay, for the case that it is let in again.
    if (session != nullptr && session->cut && check.has_address && !generous &&
        !check.being_thrown_off) {
        return denied(Cause::cut_off);
    }
    if (session != nullptr) {
        const Decision settled =
            decide(circumstances, session->rights, check.client_id, request);
        if (settled.allowed || !generous) {
            return settled;
        }
    } else if (check.being_thrown_off) {
        // Without rights it has subscribed to nothing itself.
        return {.allowed = true, .cause = Cause::not_its_own};
    } else if (connected && !check.renamed) {
        return denied_or_handed_on(circumstances, check, Cause::not_logged_in);
    }
    const Rights* rights = rights_of_record(
        circumstances, check, generous ? Judgement::generous : Judgement::exact);
    return rights == nullptr ? denied_or_handed_on(circumstances, check, Cause::unknown_client)
                             : decide(circumstances, *rights, check.client_id, request);
}

const Rights* Authorizer::rights_of_record(const Circumstances& circumstances,
                                           const AccessCheck& check,
                                           Judgement judgement) {
    const bool generous = judgement == Judgement::generous;
    Remembered& remembered = generous ? generous_ : exact_;
    // One goes for each that comes: to forget them all at once would take its time.
    if (remembered.size() >= max_remembered) {
        remembered.erase(remembered.begin());
    }
    // No username and an empty one differ; neither name holds a control character.
    std::string key(check.client_id);
    key += check.username ? '\x01' : '\x02';
    key += check.username.value_or("");
    Record& record = remembered[std::move(key)];
    const Replica& replica = *circumstances.replica;
    auto rows = check.username ? replica.find_rows(*check.username) : Ref<PackedRows>();
    if (record.rules_generation != replica.rules_generation() || !(record.rows == rows)) {
        record.rights = rights_from_record(
            circumstances,
            check,
            generous ? nullptr : &nothing_shown,
            [this](const auto& groups) { return sets_.find_or_add(groups); });
        record.rows = std::move(rows);
        record.rules_generation = replica.rules_generation();
    }
    return record.rights ? &*record.rights : nullptr;
}

void Authorizer::forget_records() {
    exact_.clear();
    generous_.clear();
}

Decision Authorizer::judge_by_record(const Circumstances& circumstances,
                                     const AccessCheck& check,
                                     std::optional<Rights>& rights) {
    if (circumstances.replica == nullptr) {
        return denied(Cause::replica_not_ready);
    }
    if (!is_safe_identifier(check.client_id)) {
        return denied(Cause::bad_client_id);
    }
    return with_request(circumstances, check, [&](const Request& request) {
        rights =
            rights_from_record(circumstances, check, &nothing_shown, [](const auto& groups) {
                return std::make_shared<GroupSet>(groups);
            });
        return rights ? decide(circumstances, *rights, check.client_id, request)
                      : denied_or_handed_on(circumstances, check, Cause::unknown_client);
    });
}

}  // namespace pgauth
