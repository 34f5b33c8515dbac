// Authorizer: may this session do that, and why (DESIGN 3.3, 3.4).
//
//   Authorizer authorizer;
//   Rights rights = authorizer.settle(circumstances, client, facts);      // at login
//   Decision decision = authorizer.authorize(circumstances, session, check);
//
// A check without a session is answered from the client's record where the broker asks on
// behalf of somebody who is not there: restored from before a restart, or the source of a
// retained message. A connection that never logged in here has no rights.
//
// The mistake to avoid: refusing a delivery to a session that is not connected because
// something about it is not known. The broker takes that as "delete the message", and checks
// again anyway before it hands a message over. So those, and nothing else, are judged
// generously. Thread safety: none; for the broker's thread. judge_by_record() is for any.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "authn/authn_options.hpp"
#include "authz/authz_options.hpp"
#include "authz/group_set.hpp"
#include "authz/recent_decisions.hpp"
#include "authz/rights.hpp"
#include "authz/session_table.hpp"
#include "policy/decision.hpp"
#include "policy/group_rule.hpp"
#include "policy/request.hpp"
#include "replica/replica.hpp"

namespace pgauth {

// What the broker asks about.
struct AccessCheck {
    std::string_view client_id;
    std::optional<std::string_view> username;
    Action action = Action::publish;
    std::string_view topic;  // subscribe: a topic filter, perhaps $share/<name>/<filter>
    int qos = 0;
    bool retain = false;
    // Without an address: not connected since the broker started, or made up by the broker.
    bool has_address = true;
    // This connection logged in under another username (another plugin may change it).
    bool renamed = false;
    // The broker is throwing it off, and asks which of its subscriptions it is to keep.
    bool being_thrown_off = false;
};

// What decisions are read from.
struct Circumstances {
    const Replica* replica;  // null before the first load
    const AuthnOptions& authn;
    const AuthzOptions& authz;
};

// Whether group rules and `%c` may look at the client id: `bound` lets it count only where the
// client's row says which ids it may use.
[[nodiscard]] std::optional<std::string_view> client_id_that_counts(const AuthzOptions& options,
                                                                    const Client* client,
                                                                    std::string_view client_id);

class Authorizer {
  public:
    // The rights of a connection that was accepted as `client`; the nameless one's where null.
    // REQUIRES: circumstances.replica.
    [[nodiscard]] Rights settle(const Circumstances& circumstances,
                                std::shared_ptr<const Client> client,
                                std::string_view client_id,
                                const ConnectionFacts::Transport& transport);

    // The rights of a session that was settled on this client and these groups before.
    [[nodiscard]] Rights settle_as_before(std::shared_ptr<const Client> client,
                                          std::vector<GroupId> groups);

    // The rights of a session whose client is no more.
    [[nodiscard]] Rights settle_nothing();

    // The sets of groups of its sessions that hold `group` for certain.
    [[nodiscard]] std::vector<std::shared_ptr<const GroupSet>> sets_holding(
        const GroupId& group) const {
        return sets_.holding(group);
    }

    // `session`: whose check it is, or null. The decision holds until the next call.
    // REQUIRES: is_safe_identifier(session->client_id): nobody logs in under another one.
    [[nodiscard]] Decision authorize(const Circumstances& circumstances,
                                     const Session* session,
                                     const AccessCheck& check);

    // As authorize() without a session and without memory: for other threads than the broker's,
    // in each of which `rights` must outlive the decision.
    [[nodiscard]] static Decision judge_by_record(const Circumstances& circumstances,
                                                  const AccessCheck& check,
                                                  std::optional<Rights>& rights);

    // To be called when the options have changed.
    void forget_records();

  private:
    // What a record gives is remembered until it changes, for so many sessions.
    static constexpr std::size_t max_remembered = 100'000;

    enum class Judgement : std::uint8_t { exact, generous };

    [[nodiscard]] Decision judge(const Circumstances& circumstances,
                                 const Session* session,
                                 const AccessCheck& check,
                                 const Request& request);
    [[nodiscard]] Decision decide_or_recall(const Circumstances& circumstances,
                                            const Session& session,
                                            const AccessCheck& check);
    [[nodiscard]] const Rights* rights_of_record(const Circumstances& circumstances,
                                                 const AccessCheck& check,
                                                 Judgement judgement);

    struct Record {
        // What it was worked out from: good as long as both are those of the Replica.
        Ref<PackedRows> rows;
        std::uint64_t rules_generation = 0;
        std::optional<Rights> rights;
    };

    using Remembered = std::unordered_map<std::string, Record>;

    GroupSets sets_;
    RecentDecisions recent_;
    Remembered exact_;
    Remembered generous_;
};

}  // namespace pgauth
