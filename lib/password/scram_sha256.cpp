// scram-sha-256: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, as PostgreSQL writes it.

#include <fmt/format.h>

#include "password/scram_verifier.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

Result<std::string> cost_class(std::string_view text) {
    return ScramVerifier::parse(text).map([](const ScramVerifier& verifier) {
        return fmt::format("SCRAM-SHA-256${}", verifier.iterations);
    });
}

// Both keys: a verifier that was damaged in either is nobody's.
PasswordVerdict verify(std::string_view text, std::string_view password) {
    const ScramVerifier stored = ScramVerifier::parse(text).value();
    const auto derived = ScramVerifier::derive(password, stored.salt, stored.iterations);
    if (!derived) {
        return PasswordVerdict::not_computed;
    }
    const PasswordVerdict by_stored_key =
        compare_hashes(derived->stored_key, stored.stored_key);
    const PasswordVerdict by_server_key =
        compare_hashes(derived->server_key, stored.server_key);
    return by_stored_key == PasswordVerdict::right ? by_server_key : by_stored_key;
}

}  // namespace

constinit const SecretFormat scram_sha256_format{
    .format = PasswordFormat::scram_sha256,
    .looks_like = "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>",
    .claims = [](std::string_view text) { return text.starts_with("SCRAM-SHA-256$"); },
    .cost_class = cost_class,
    .verify = verify,
};

}  // namespace pgauth
