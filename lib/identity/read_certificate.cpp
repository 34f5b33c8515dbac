#include "identity/read_certificate.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/control_characters.hpp"

namespace pgauth {

namespace {

constexpr std::size_t max_name_bytes = 65535;  // of a username: MQTT 5.0, 1.5.4

class ErrorQueueMark {
  public:
    ErrorQueueMark() noexcept { ERR_set_mark(); }

    ~ErrorQueueMark() { ERR_pop_to_mark(); }

    ErrorQueueMark(const ErrorQueueMark&) = delete;
    ErrorQueueMark& operator=(const ErrorQueueMark&) = delete;
    ErrorQueueMark(ErrorQueueMark&&) = delete;
    ErrorQueueMark& operator=(ErrorQueueMark&&) = delete;
};

struct OpensslDeleter {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }

    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }

    void operator()(unsigned char* bytes) const noexcept { OPENSSL_free(bytes); }
};

template <typename T>
using Owned = std::unique_ptr<T, OpensslDeleter>;

std::string_view bytes_of(const ASN1_STRING& value) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&value)),
            static_cast<std::size_t>(ASN1_STRING_length(&value))};
}

bool is_seven_bit_type(int type) {
    return type != V_ASN1_UTF8STRING && type != V_ASN1_BMPSTRING &&
           type != V_ASN1_UNIVERSALSTRING && type != V_ASN1_T61STRING;
}

bool has_high_byte(std::string_view bytes) {
    return std::any_of(bytes.begin(), bytes.end(), [](char byte) {
        return static_cast<unsigned char>(byte) >= 0x80;
    });
}

// OpenSSL takes what is wrongly there in a seven-bit string for ISO 8859-1: UTF-8 in a
// PrintableString would become another name.
std::optional<std::string> to_utf8(const ASN1_STRING& value) {
    if (is_seven_bit_type(ASN1_STRING_type(&value)) && has_high_byte(bytes_of(value))) {
        return std::nullopt;
    }
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, &value);
    if (size < 0) {
        return std::nullopt;
    }
    const Owned<unsigned char> owner(bytes);
    return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

bool is_usable(std::string_view name) {
    return !name.empty() && name.size() <= max_name_bytes &&
           name.find_first_of("+#") == std::string_view::npos && !has_control_character(name);
}

std::optional<std::string> read_name(const ASN1_STRING& value) {
    std::optional<std::string> name = to_utf8(value);
    return name && is_usable(*name) ? std::move(name) : std::nullopt;
}

std::optional<std::string> read_common_name(const X509_NAME& subject) {
    const int first = X509_NAME_get_index_by_NID(&subject, NID_commonName, -1);
    if (first < 0 || X509_NAME_get_index_by_NID(&subject, NID_commonName, first) >= 0) {
        return std::nullopt;
    }
    return read_name(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(&subject, first)));
}

std::optional<std::string> read_subject(const X509_NAME& subject) {
    for (int i = 0; i < X509_NAME_entry_count(&subject); ++i) {
        if (!to_utf8(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(&subject, i)))) {
            return std::nullopt;
        }
    }
    // Control characters are left as they are, for is_usable() to find.
    constexpr unsigned long flags =
        XN_FLAG_RFC2253 & ~(ASN1_STRFLGS_ESC_MSB | ASN1_STRFLGS_ESC_CTRL);
    const Owned<BIO> printed(BIO_new(BIO_s_mem()));
    if (printed == nullptr || X509_NAME_print_ex(printed.get(), &subject, 0, flags) < 0) {
        return std::nullopt;
    }
    char* bytes = nullptr;
    const long size = BIO_ctrl(printed.get(), BIO_CTRL_INFO, 0, static_cast<void*>(&bytes));
    std::string text(bytes, static_cast<std::size_t>(size));
    return is_usable(text) ? std::optional(std::move(text)) : std::nullopt;
}

AlternativeNames* names_of_type(Certificate& certificate, int type) {
    switch (type) {
        case GEN_DNS:
            return &certificate.dns_names;
        case GEN_URI:
            return &certificate.uris;
        case GEN_EMAIL:
            return &certificate.emails;
        default:
            return nullptr;
    }
}

void read_alternative_names(const X509& x509, Certificate& certificate) {
    const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(&x509, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        int type = 0;
        const void* value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
        AlternativeNames* const of_type = names_of_type(certificate, type);
        if (of_type == nullptr) {
            continue;
        }
        // dNSName, URI and rfc822Name are IA5Strings.
        if (auto name = read_name(*static_cast<const ASN1_STRING*>(value))) {
            of_type->usable.push_back(std::move(*name));
        } else {
            ++of_type->unusable;
        }
    }
}

std::optional<std::string> read_fingerprint(const X509& x509) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(&x509, EVP_sha256(), digest.data(), &size) != 1) {
        return std::nullopt;
    }
    std::string fingerprint = "SHA256:";
    for (unsigned i = 0; i < size; ++i) {
        fingerprint += fmt::format("{:02x}", digest.at(i));
    }
    return fingerprint;
}

// Why OpenSSL failed, in its words.
std::string_view last_reason() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != nullptr ? reason : "no reason given";
}

// Instead of a prompt on the terminal.
int refuse_password(char* /*buffer*/, int /*size*/, int /*is_for_writing*/, void* /*context*/) {
    return -1;
}

}  // namespace

void X509Deleter::operator()(x509_st* certificate) const noexcept {
    X509_free(certificate);
}

Result<Certificate> read_certificate(const x509_st& certificate) {
    const ErrorQueueMark mark;
    std::optional<std::string> fingerprint = read_fingerprint(certificate);
    if (!fingerprint) {
        return fail(ErrorKind::unusable,
                    fmt::format("certificate: no SHA-256 fingerprint: {}", last_reason()));
    }
    const X509_NAME& subject = *X509_get_subject_name(&certificate);
    Certificate read;
    read.fingerprint = std::move(*fingerprint);
    read.common_name = read_common_name(subject);
    read.subject = read_subject(subject);
    read_alternative_names(certificate, read);
    return read;
}

Result<Certificate> read_certificate_pem(std::string_view pem) {
    if (pem.size() > max_pem_bytes) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("certificate: {} bytes of PEM are too many: use up to {}",
                                pem.size(),
                                max_pem_bytes));
    }
    const ErrorQueueMark mark;
    const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const X509Handle x509(
        bio == nullptr ? nullptr
                       : PEM_read_bio_X509(bio.get(), nullptr, refuse_password, nullptr));
    if (x509 == nullptr) {
        return fail(ErrorKind::invalid_input,
                    fmt::format("certificate: not readable as PEM: {}: use a block that begins "
                                "with `-----BEGIN CERTIFICATE-----`",
                                last_reason()));
    }
    return read_certificate(*x509);
}

}  // namespace pgauth
