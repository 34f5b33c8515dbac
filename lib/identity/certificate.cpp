#include "identity/certificate.hpp"

namespace pgauth {

std::optional<std::string> AlternativeNames::only() const {
    if (usable.size() != 1 || unusable != 0) {
        return std::nullopt;
    }
    return usable.front();
}

std::vector<std::string> Certificate::subject_alt_names() const {
    std::vector<std::string> all;
    for (const AlternativeNames* names : {&dns_names, &uris, &emails}) {
        all.insert(all.end(), names->usable.begin(), names->usable.end());
    }
    return all;
}

std::optional<std::string> username_of(const Certificate& certificate, UsernameFrom from) {
    switch (from) {
        case UsernameFrom::common_name:
            return certificate.common_name;
        case UsernameFrom::san_dns:
            return certificate.dns_names.only();
        case UsernameFrom::san_uri:
            return certificate.uris.only();
        case UsernameFrom::san_email:
            return certificate.emails.only();
        case UsernameFrom::subject:
            return certificate.subject;
    }
    return std::nullopt;
}

}  // namespace pgauth
