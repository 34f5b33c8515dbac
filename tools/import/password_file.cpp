// Mosquitto's password_file, read as Mosquitto reads it (src/security_default.c): `user:hash`.

#include <fmt/format.h>
#include <map>

#include "base/quote.hpp"
#include "import/names.hpp"
#include "import/source.hpp"
#include "password/password_hash.hpp"

namespace pgauth::tool {

namespace {

// Why Mosquitto or this plugin can do nothing with it; none: it is a password of both.
std::optional<std::string> why_no_hash(std::string_view secret) {
    const auto hash = PasswordHash::parse(secret);
    if (hash) {
        const bool is_mosquittos = hash->format() == PasswordFormat::mosquitto_pbkdf2 ||
                                   hash->format() == PasswordFormat::mosquitto_sha512 ||
                                   hash->format() == PasswordFormat::argon2id;
        return is_mosquittos ? std::nullopt
                             : std::optional(fmt::format(
                                   "its password is a hash that Mosquitto does not read: {}",
                                   to_string(hash->format())));
    }
    if (secret.starts_with('$')) {
        return "its password cannot be used: " + hash.error().message;
    }
    return "its password is not hashed: run `mosquitto_passwd -U` on a copy of the file first";
}

}  // namespace

Result<void> read_password_file(const std::string& path, Plan& plan) {
    const auto lines = read_lines("password_file", path);
    if (!lines) {
        return tl::unexpected(lines.error());
    }
    std::map<std::string, std::size_t> first_lines;
    for (std::size_t number = 1; number <= lines->size(); ++number) {
        const std::string& line = (*lines)[number - 1];
        // Mosquitto skips colons that come first, and what follows a second field.
        const std::size_t begin = line.find_first_not_of(':');
        if (line.starts_with('#') || begin == std::string::npos ||
            line.find(':') == std::string::npos) {
            if (!line.starts_with('#') && !trim(line).empty()) {
                plan.note(Verdict::lost,
                          line_of(path, number),
                          "the line has no colon: Mosquitto does not read it either");
            }
            continue;
        }
        const std::size_t colon = std::min(line.find(':', begin), line.size());
        const std::string username(trim(std::string_view(line).substr(begin, colon - begin)));
        std::string_view rest = std::string_view(line).substr(colon);
        rest.remove_prefix(std::min(rest.find_first_not_of(':'), rest.size()));
        const std::string_view secret = trim(rest.substr(0, rest.find(':')));
        const std::string place = line_of(path, number);
        if (secret.empty()) {
            // What looks like a username may be a password whose username is missing.
            plan.note(Verdict::lost,
                      place,
                      "the line has no password: Mosquitto does not read it either");
            continue;
        }
        if (const auto why = why_no_username(username)) {
            plan.note(
                Verdict::lost, place, fmt::format("username {} {}", quote(username), *why));
            continue;
        }
        const auto [known, is_new] = first_lines.emplace(username, number);
        if (!is_new) {
            plan.note(
                Verdict::differs,
                place,
                fmt::format("client {} is in line {} too: the later line is taken; Mosquitto "
                            "may take either",
                            quote(username),
                            known->second));
        }
        if (const auto why = why_no_hash(secret)) {
            plan.note(
                Verdict::lost, place, fmt::format("client {}: {}", quote(username), *why));
            continue;
        }
        plan.client(username).secret = std::string(secret);
    }
    return {};
}

}  // namespace pgauth::tool
