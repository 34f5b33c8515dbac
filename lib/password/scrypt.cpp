// scrypt as PHC strings: `$scrypt$ln=16,r=8,p=1$salt$hash`, as passlib writes them. RFC 7914.

#include <array>
#include <fmt/format.h>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "password/phc.hpp"
#include "password/secret_format.hpp"

namespace pgauth {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr NumberRange log_n_range{1, 18};
constexpr NumberRange block_range{8, 32};
constexpr NumberRange lanes_range{1, 16};
// passlib's. No other, since a shorter hash is the beginning of a longer one: one that was cut
// short would go unnoticed.
constexpr NumberRange hash_size{32, 32};

constexpr std::uint64_t max_size = 1U << 21U;              // N times r, 128 bytes each: 256 MiB
constexpr std::uint64_t max_work = 1U << 22U;              // N times r times p
constexpr std::uint64_t max_memory = 300UL * 1024 * 1024;  // and what OpenSSL needs beside

struct Cost {
    std::uint32_t log_n;
    std::uint32_t block;
    std::uint32_t lanes;

    [[nodiscard]] std::uint64_t n() const noexcept { return std::uint64_t{1} << log_n; }
};

struct Scrypt {
    Cost cost;
    Bytes salt;
    Bytes hash;
};

Result<Cost> read_cost(std::string_view list) {
    const auto ln = take_value(list, "ln=");
    const auto r = take_value(list, ",r=");
    const auto p = take_value(list, ",p=");
    if (!ln || !r || !p || !list.empty()) {
        return fail(ErrorKind::invalid_input, "parameters are not of the form ln=16,r=8,p=1");
    }
    const auto log_n = read_number("cost ln", *ln, log_n_range);
    const auto block = read_number("block size r", *r, block_range);
    const auto lanes = read_number("lanes p", *p, lanes_range);
    for (const auto* number : {&log_n, &block, &lanes}) {
        if (!*number) {
            return tl::unexpected(number->error());
        }
    }
    const Cost cost{*log_n, *block, *lanes};
    if (cost.n() * cost.block > max_size) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("ln=`{}` with r=`{}` takes too much memory: use 2^ln*r up to {}",
                        cost.log_n,
                        cost.block,
                        max_size));
    }
    if (cost.n() * cost.block * cost.lanes > max_work) {
        return fail(
            ErrorKind::invalid_input,
            fmt::format("ln=`{}` with r=`{}` and p=`{}` is too slow: use 2^ln*r*p up to {}",
                        cost.log_n,
                        cost.block,
                        cost.lanes,
                        max_work));
    }
    return cost;
}

Result<Scrypt> read(std::string_view text) {
    const std::vector<std::string_view> fields = split_fields(text);
    if (fields.size() != 4) {
        return fail_shape(scrypt_format);
    }
    const Result<Cost> cost = read_cost(fields[1]);
    if (!cost) {
        return tl::unexpected(cost.error());
    }
    Result<Bytes> salt = read_phc_bytes("salt", fields[2], {8, 64});
    if (!salt) {
        return tl::unexpected(salt.error());
    }
    Result<Bytes> hash = read_phc_bytes("hash", fields[3], hash_size);
    if (!hash) {
        return tl::unexpected(hash.error());
    }
    return Scrypt{*cost, std::move(*salt), std::move(*hash)};
}

Result<std::string> cost_class(std::string_view text) {
    return read(text).map([](const Scrypt& secret) {
        const Cost& cost = secret.cost;
        return fmt::format("$scrypt$ln={},r={},p={}", cost.log_n, cost.block, cost.lanes);
    });
}

PasswordVerdict verify(std::string_view text, std::string_view password) {
    const Scrypt secret = read(text).value();
    std::array<std::uint8_t, hash_size.max> computed{};
    const bool done = EVP_PBE_scrypt(password.data(),
                                     password.size(),
                                     secret.salt.data(),
                                     secret.salt.size(),
                                     secret.cost.n(),
                                     secret.cost.block,
                                     secret.cost.lanes,
                                     max_memory,
                                     computed.data(),
                                     computed.size()) == 1;
    const PasswordVerdict verdict =
        done ? compare_hashes(computed, secret.hash) : PasswordVerdict::not_computed;
    OPENSSL_cleanse(computed.data(), computed.size());
    return verdict;
}

}  // namespace

constinit const SecretFormat scrypt_format{
    .format = PasswordFormat::scrypt,
    .looks_like = "$scrypt$ln=16,r=8,p=1$<salt>$<hash>",
    .claims = [](std::string_view text) { return text.starts_with("$scrypt$"); },
    .cost_class = cost_class,
    .verify = verify,
};

}  // namespace pgauth
