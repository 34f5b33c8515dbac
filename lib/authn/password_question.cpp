#include "authn/password_question.hpp"

#include "password/password_hash.hpp"

namespace pgauth {

PasswordCheck check_password(const PasswordQuestion& question) {
    PasswordCheck::Verdict check = PasswordCheck::not_made;
    for (std::size_t i = 0; i < question.secrets.size(); ++i) {
        const auto hash = PasswordHash::parse(question.secrets[i]);
        if (!hash) {
            continue;  // not in a Replica: ReplicaBuilder keeps none that cannot be read
        }
        switch (hash->verify(question.password.reveal())) {
            case PasswordVerdict::right:
                return {PasswordCheck::right, i};
            case PasswordVerdict::wrong:
                check = check == PasswordCheck::not_computed ? check : PasswordCheck::wrong;
                break;
            case PasswordVerdict::not_computed:
                check = PasswordCheck::not_computed;
                break;
        }
    }
    return check;
}

}  // namespace pgauth
