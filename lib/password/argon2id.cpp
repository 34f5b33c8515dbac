// argon2id as PHC strings: `$argon2id$v=19$m=47104,t=1,p=1$salt$hash`. RFC 9106.

#include "password/argon2id.hpp"

#include <argon2.h>
#include <array>
#include <fmt/format.h>
#include <utility>

#include <openssl/crypto.h>

#include "password/phc.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr NumberRange memory_range{8, 256 * 1024};  // KiB
constexpr NumberRange passes_range{1, 16};
constexpr NumberRange lanes_range{1, 16};
constexpr std::uint32_t max_work = 1024 * 1024;  // KiB written: memory times passes

struct Argon2id {
    Argon2idCost cost;
    Bytes salt;
    Bytes hash;
};

Result<Argon2idCost> read_cost(std::string_view list) {
    const auto m = take_value(list, "m=");
    const auto t = take_value(list, ",t=");
    const auto p = take_value(list, ",p=");
    if (!m || !t || !p || !list.empty()) {
        return fail(ErrorKind::invalid_input, "parameters are not of the form m=47104,t=1,p=1");
    }
    const auto memory = read_number("memory m (KiB)", *m, memory_range);
    const auto passes = read_number("passes t", *t, passes_range);
    const auto lanes = read_number("lanes p", *p, lanes_range);
    for (const auto* number : {&memory, &passes, &lanes}) {
        if (!*number) {
            return tl::unexpected(number->error());
        }
    }
    if (*memory < 8 * *lanes) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format(
                "memory m=`{}` is too little for p=`{}`: use 8*p KiB", *memory, *lanes));
    }
    if (*memory * *passes > max_work) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("m=`{}` times t=`{}` is too slow: use up to {} KiB",
                                *memory,
                                *passes,
                                max_work));
    }
    return Argon2idCost{*memory, *passes, *lanes};
}

Result<Argon2id> read(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 5) {
        return fail_shape(argon2id_format);
    }
    if (fields[1] != "v=19") {
        return fail(ErrorKind::invalid_input, "version is not the accepted one: use v=19");
    }
    const Result<Argon2idCost> cost = read_cost(fields[2]);
    if (!cost) {
        return tl::unexpected(cost.error());
    }
    Result<Bytes> salt = read_phc_bytes("salt", fields[3], {8, 64});
    if (!salt) {
        return tl::unexpected(salt.error());
    }
    Result<Bytes> hash = read_phc_bytes("hash", fields[4], {16, 64});
    if (!hash) {
        return tl::unexpected(hash.error());
    }
    return Argon2id{*cost, std::move(*salt), std::move(*hash)};
}

Result<std::string> cost_class(std::string_view text) {
    return read(text).map([](const Argon2id& secret) {
        const Argon2idCost& cost = secret.cost;
        return fmt::format(
            "$argon2id$v=19$m={},t={},p={}", cost.memory, cost.passes, cost.lanes);
    });
}

PasswordVerdict verify(std::string_view text, std::string_view password) {
    Argon2id secret = read(text).value();
    std::array<std::uint8_t, 64> computed{};

    argon2_context context{};
    context.out = computed.data();
    context.outlen = static_cast<std::uint32_t>(secret.hash.size());
    // libargon2 takes a mutable password in order to wipe it on request, which is not made
    // here.
    context.pwd = reinterpret_cast<std::uint8_t*>(const_cast<char*>(password.data()));
    context.pwdlen = static_cast<std::uint32_t>(password.size());
    context.salt = secret.salt.data();
    context.saltlen = static_cast<std::uint32_t>(secret.salt.size());
    context.m_cost = secret.cost.memory;
    context.t_cost = secret.cost.passes;
    context.lanes = secret.cost.lanes;
    context.threads = 1;  // the caller's: new ones would take the broker's signals
    context.version = ARGON2_VERSION_13;
    const int status = argon2id_ctx(&context);

    const PasswordVerdict verdict =
        status == ARGON2_OK
            ? compare_hashes(std::span(computed).first(secret.hash.size()), secret.hash)
            : PasswordVerdict::not_computed;
    OPENSSL_cleanse(computed.data(), computed.size());
    return verdict;
}

}  // namespace

Argon2idCost argon2id_cost_of(std::string_view text) {
    return read(text).value().cost;
}

constinit const SecretFormat argon2id_format{
    .format = PasswordFormat::argon2id,
    .looks_like = "$argon2id$v=19$m=47104,t=1,p=1$<salt>$<hash>",
    .claims = [](std::string_view text) { return text.starts_with("$argon2id$"); },
    .cost_class = cost_class,
    .verify = verify,
};

}  // namespace pgauth
