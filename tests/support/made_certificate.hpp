// Certificates made on the spot, self-signed, with whatever names a test wants in them, however
// malformed.
//
//   const std::string der = make_certificate({.subject = {{"CN", "press-7"}},
//                                             .alternative_names = {{GEN_DNS, "press-7"}}});
//   read_certificate(*decode_certificate(der));
//   read_certificate_pem(to_pem(der));
//
// OpenSSL neither writes nor reads some malformed names: write one of equal length in a field
// of the right type, then put the bytes in its place with replaced(). The signature is wrong
// after that; nothing here looks at it.

#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity/read_certificate.hpp"

namespace pgauth::test {

struct Attribute {
    std::string type;   // OpenSSL's short name, or numbers with dots
    std::string bytes;  // as they stand in the certificate
    int string_type = V_ASN1_UTF8STRING;
    enum class Rdn { own, of_previous } rdn = Rdn::own;
};

struct AlternativeName {
    int type;  // GEN_DNS, GEN_URI, GEN_EMAIL or GEN_IPADD
    std::string bytes;
};

struct CertificateContents {
    std::vector<Attribute> subject = {};
    std::vector<AlternativeName> alternative_names = {};
    std::vector<std::string> raw_extensions = {};  // each a subjectAltName's DER
    int version = 3;
};

inline void must(bool succeeded) {
    if (!succeeded) {
        throw std::runtime_error("OpenSSL could not make the certificate that a test wants");
    }
}

inline const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline void add_attribute(X509_NAME* subject, const Attribute& attribute) {
    ASN1_OBJECT* type = OBJ_txt2obj(attribute.type.c_str(), 0);
    must(type != nullptr);
    const int added = X509_NAME_add_entry_by_OBJ(subject,
                                                 type,
                                                 attribute.string_type,
                                                 bytes_of(attribute.bytes),
                                                 static_cast<int>(attribute.bytes.size()),
                                                 -1,
                                                 attribute.rdn == Attribute::Rdn::own ? 0 : -1);
    ASN1_OBJECT_free(type);
    must(added == 1);
}

inline void add_alternative_names(X509* x509, const std::vector<AlternativeName>& names) {
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
        sk_GENERAL_NAME_new_null(), GENERAL_NAMES_free);
    for (const AlternativeName& name : names) {
        ASN1_STRING* value = ASN1_STRING_type_new(name.type == GEN_IPADD ? V_ASN1_OCTET_STRING
                                                                         : V_ASN1_IA5STRING);
        must(ASN1_STRING_set(value, name.bytes.data(), static_cast<int>(name.bytes.size())) ==
             1);
        GENERAL_NAME* entry = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(entry, name.type, value);
        must(sk_GENERAL_NAME_push(all.get(), entry) > 0);
    }
    must(names.empty() ||
         X509_add1_ext_i2d(x509, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT) == 1);
}

inline void add_raw_extension(X509* x509, const std::string& der) {
    ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
    must(ASN1_OCTET_STRING_set(value, bytes_of(der), static_cast<int>(der.size())) == 1);
    X509_EXTENSION* extension =
        X509_EXTENSION_create_by_NID(nullptr, NID_subject_alt_name, 0, value);
    must(X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
}

inline EVP_PKEY* key_of_all() {
    static const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                         EVP_PKEY_free);
    return key.get();
}

// DER. Throws where OpenSSL does not write such a certificate.
inline std::string make_certificate(const CertificateContents& contents) {
    const X509Handle x509(X509_new());
    must(X509_set_version(x509.get(), contents.version - 1) == 1);
    must(ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1) == 1);
    must(X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0) != nullptr);
    must(X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600) != nullptr);
    must(X509_set_pubkey(x509.get(), key_of_all()) == 1);
    for (const Attribute& attribute : contents.subject) {
        add_attribute(X509_get_subject_name(x509.get()), attribute);
    }
    add_alternative_names(x509.get(), contents.alternative_names);
    for (const std::string& der : contents.raw_extensions) {
        add_raw_extension(x509.get(), der);
    }
    must(X509_sign(x509.get(), key_of_all(), EVP_sha256()) > 0);
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(x509.get(), &bytes);
    must(size > 0);
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
}

// Nothing where OpenSSL, and so the broker's TLS, does not read it.
inline X509Handle decode_certificate(const std::string& der) {
    const unsigned char* at = bytes_of(der);
    return X509Handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

inline std::string to_pem(const std::string& der) {
    std::string base64((der.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                     bytes_of(der),
                                     static_cast<int>(der.size()));
    base64.resize(static_cast<std::size_t>(size));
    std::string pem = "-----BEGIN CERTIFICATE-----\n";
    for (std::size_t at = 0; at < base64.size(); at += 64) {
        pem += base64.substr(at, 64) + '\n';
    }
    return pem + "-----END CERTIFICATE-----\n";
}

// `der` with the one place that holds `old_bytes` holding `new_bytes`.
// REQUIRES: both are equally long.
inline std::string replaced(std::string der,
                            std::string_view old_bytes,
                            std::string_view new_bytes) {
    const std::size_t at = der.find(old_bytes);
    must(at != std::string::npos && old_bytes.size() == new_bytes.size());
    must(der.find(old_bytes, at + 1) == std::string::npos);
    return der.replace(at, old_bytes.size(), new_bytes);
}

}  // namespace pgauth::test
