#include "authn/remembered_verdicts.hpp"

namespace pgauth {

KeyedMac::Tag RememberedVerdicts::tag_of(const PasswordQuestion& question,
                                         const std::string& secret) const {
    return mac_({question.username, secret, question.password.reveal()});
}

RememberedVerdicts::Remembered* RememberedVerdicts::find(Verdicts& verdicts,
                                                         const KeyedMac::Tag& tag,
                                                         SteadyInstant now) {
    Remembered* known = verdicts.find(tag.first);
    const bool holds = known != nullptr && known->second == tag.second && now < known->until;
    return holds ? known : nullptr;
}

std::optional<PasswordCheck> RememberedVerdicts::recall(const PasswordQuestion& question,
                                                        SteadyInstant now,
                                                        SteadyInstant until) {
    bool all_are_wrong = true;
    for (std::size_t i = 0; i < question.secrets.size(); ++i) {
        const KeyedMac::Tag tag = tag_of(question, question.secrets[i]);
        if (Remembered* right = find(right_, tag, now)) {
            right->until = until;
            return PasswordCheck(PasswordCheck::right, i);
        }
        all_are_wrong = all_are_wrong && find(wrong_, tag, now) != nullptr;
    }
    return all_are_wrong ? std::optional<PasswordCheck>(PasswordCheck::wrong) : std::nullopt;
}

void RememberedVerdicts::remember(const PasswordQuestion& question,
                                  PasswordCheck check,
                                  SteadyInstant until) {
    const bool is_right = check.verdict == PasswordCheck::right;
    if (!is_right && check.verdict != PasswordCheck::wrong) {
        return;
    }
    const std::size_t wrong = is_right ? check.fitting : question.secrets.size();
    for (std::size_t i = 0; i < wrong; ++i) {
        const KeyedMac::Tag tag = tag_of(question, question.secrets[i]);
        wrong_.at(tag.first) = {tag.second, until};
    }
    if (is_right) {
        const KeyedMac::Tag tag = tag_of(question, question.secrets[check.fitting]);
        right_.at(tag.first) = {tag.second, until};
    }
}

}  // namespace pgauth
