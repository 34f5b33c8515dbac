#include "policy/group_rule.hpp"

#include <algorithm>

namespace pgauth {

namespace {

// Folds conditions with AND over {no, unknown, yes}; no conditions at all are a no.
class AllOf {
  public:
    void add(Match match) {
        result_ = any_ ? std::min(result_, match) : match;
        any_ = true;
    }

    void add(bool holds) { add(holds ? Match::yes : Match::no); }

    [[nodiscard]] Match result() const { return any_ ? result_ : Match::no; }

  private:
    bool any_ = false;
    Match result_ = Match::no;
};

}  // namespace

Match GroupRule::match(const ConnectionFacts& facts) const {
    if (!enabled) {
        return Match::no;
    }
    AllOf all;
    if (client_name) {
        all.add(client_name->matches(facts.client_name));
    }
    if (username) {
        all.add(username->matches(facts.username));
    }
    if (client_id) {
        all.add(facts.client_id && client_id->matches(*facts.client_id));
    }
    const bool about_transport =
        fingerprint || common_name || subject_alt_name || address || method;
    if (about_transport && facts.transport == nullptr) {
        all.add(Match::unknown);
    } else if (about_transport) {
        const ConnectionFacts::Transport& transport = *facts.transport;
        const auto holds = [](const std::optional<TextPattern>& pattern,
                              const std::string& text) {
            return !pattern || (!text.empty() && pattern->matches(text));
        };
        all.add(holds(fingerprint, transport.fingerprint));
        all.add(holds(common_name, transport.common_name));
        all.add(!subject_alt_name ||
                std::any_of(transport.subject_alt_names.begin(),
                            transport.subject_alt_names.end(),
                            [&](const auto& san) { return subject_alt_name->matches(san); }));
        all.add(!address || (transport.address && address->contains(*transport.address)));
        all.add(!method || transport.methods.contains(*method));
    }
    return all.result();
}

}  // namespace pgauth
