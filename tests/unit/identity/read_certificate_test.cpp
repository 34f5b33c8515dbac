#include "identity/read_certificate.hpp"

#include <array>
#include <string>
#include <vector>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "support/catch.hpp"
#include "support/made_certificate.hpp"

using pgauth::ErrorKind;
using pgauth::read_certificate;
using pgauth::read_certificate_pem;
using pgauth::test::decode_certificate;
using pgauth::test::make_certificate;
using pgauth::test::replaced;
using pgauth::test::to_pem;
using Names = std::vector<std::string>;

namespace {

// openssl req -x509 -new -key k.pem -days 36500 -utf8
//   -subj '/C=DE/O=Acme, Inc./OU=Größe/CN=press-7' -addext 'subjectAltName=
//   DNS:press-7.example.com,IP:10.0.0.7,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:press-7@upn,
//   URI:urn:dev:mac:0024befffe804ff1,email:press-7@example.com,dirName:d,RID:1.2.3.4'
// where section d of openssl.cnf says CN=press-8.
constexpr std::string_view press_7_pem = R"(-----BEGIN CERTIFICATE-----
MIICeDCCAh+gAwIBAgIUGS92YGEj/vHbUNNLjD9bPxCfF68wCgYIKoZIzj0EAwIw
RjELMAkGA1UEBhMCREUxEzARBgNVBAoMCkFjbWUsIEluYy4xEDAOBgNVBAsMB0dy
w7bDn2UxEDAOBgNVBAMMB3ByZXNzLTcwIBcNMjYxMTIxMjMyMjA0WhgPMjEyNjEw
MjgyMzIyMDRaMEYxCzAJBgNVBAYTAkRFMRMwEQYDVQQKDApBY21lLCBJbmMuMRAw
DgYDVQQLDAdHcsO2w59lMRAwDgYDVQQDDAdwcmVzcy03MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEKNvhdpiRNd5pZgSFW1MwC5qOuGDJcGXUsaUa3TcMMmh7QtMe
ZRhm8s4+47s/JQNC5Vi0onUrUUu1eNFgUem7fqOB6DCB5TAdBgNVHQ4EFgQUNuA6
YHYKD8BP/xWL3Jryj5vWBZ4wHwYDVR0jBBgwFoAUNuA6YHYKD8BP/xWL3Jryj5vW
BZ4wDwYDVR0TAQH/BAUwAwEB/zCBkQYDVR0RBIGJMIGGghNwcmVzcy03LmV4YW1w
bGUuY29thwQKAAAHoBsGCisGAQQBgjcUAgOgDQwLcHJlc3MtN0B1cG6GHHVybjpk
ZXY6bWFjOjAwMjRiZWZmZmU4MDRmZjGBE3ByZXNzLTdAZXhhbXBsZS5jb22kFDAS
MRAwDgYDVQQDDAdwcmVzcy04iAMqAwQwCgYIKoZIzj0EAwIDRwAwRAIgbhvKhz2K
KmWfeBdtKufrF9ODm/mCUFklh9KFjfdLlp0CIGhw5DE7aXpdYFv89KCGE3EzCe9C
ladwrw4RJiMnsMZf
-----END CERTIFICATE-----
)";

// NOLINTNEXTLINE(cert-err58-cpp): a test that ends before it starts has failed, which is right
const std::string other_pem = to_pem(make_certificate({.subject = {{"CN", "other"}}}));

std::string digest_of(const std::string& der) {
    std::array<unsigned char, 32> digest{};
    REQUIRE(EVP_Digest(der.data(), der.size(), digest.data(), nullptr, EVP_sha256(), nullptr) ==
            1);
    std::string text = "SHA256:";
    for (const unsigned char byte : digest) {
        text += "0123456789abcdef"[byte / 16];
        text += "0123456789abcdef"[byte % 16];
    }
    return text;
}

}  // namespace

TEST_CASE("a certificate reads as openssl x509 prints it", "[identity]") {
    const auto certificate = read_certificate_pem(press_7_pem);
    REQUIRE(certificate.has_value());
    // openssl x509 -noout -fingerprint -sha256 -subject -nameopt RFC2253,-esc_msb
    CHECK(certificate->fingerprint ==
          "SHA256:6b6c4adbf41f44c3b579e31f129124e2b6db1793034a3ebd0384f96c5d480bd8");
    CHECK(certificate->subject == "CN=press-7,OU=Größe,O=Acme\\, Inc.,C=DE");
    CHECK(certificate->common_name == "press-7");
    CHECK(certificate->dns_names.usable == Names{"press-7.example.com"});
    CHECK(certificate->uris.usable == Names{"urn:dev:mac:0024befffe804ff1"});
    CHECK(certificate->emails.usable == Names{"press-7@example.com"});
    CHECK(certificate->subject_alt_names().size() == 3);
}

TEST_CASE("a fingerprint is the SHA-256 of the whole certificate in DER", "[identity]") {
    const std::string der = make_certificate({.subject = {{"CN", "press-7"}}});
    const std::string renewed = make_certificate({.subject = {{"CN", "press-7"}}});
    std::string other_signature = der;
    other_signature.back() = static_cast<char>(other_signature.back() ^ 1);
    for (const std::string& each : {der, renewed, other_signature}) {
        const auto certificate = read_certificate(*decode_certificate(each));
        REQUIRE(certificate.has_value());
        CHECK(certificate->fingerprint == digest_of(each));
        CHECK(certificate->common_name == "press-7");
    }
    CHECK(digest_of(der) != digest_of(renewed));
    CHECK(digest_of(der) != digest_of(other_signature));
}

TEST_CASE("a certificate in PEM is the one that it was made from", "[identity]") {
    const std::string der = make_certificate({.subject = {{"CN", "press-7"}}});
    const auto expected = read_certificate(*decode_certificate(der));
    REQUIRE(expected.has_value());
    const std::string key =
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    for (const std::string& pem : {to_pem(der),
                                   "Subject: CN = other\n" + to_pem(der),
                                   key + to_pem(der),
                                   to_pem(der) + other_pem,
                                   to_pem(der) + std::string(9, '\0')}) {
        CAPTURE(pem);
        CHECK(read_certificate_pem(pem) == expected);
    }
}

TEST_CASE("what is not a certificate in PEM is refused, and not shown", "[identity]") {
    struct Row {
        std::string pem;
        std::string reason;
    };

    const std::string begin = "-----BEGIN CERTIFICATE-----\n";
    const std::string end = "\n-----END CERTIFICATE-----\n";
    const std::string secret = "MHcCAQEEIKdKTcQzGw0yXaSa";
    const std::string key_in_pem =
        "-----BEGIN EC PRIVATE KEY-----\n" + secret + "\n-----END EC PRIVATE KEY-----\n";
    const std::string encryption =
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n";
    const std::string der = make_certificate({.subject = {{"CN", "press-7"}}});
    const std::vector<Row> rows{
        {"", "no start line"},
        {"press-7", "no start line"},
        {der, "no start line"},
        {key_in_pem, "no start line"},
        {begin + secret, "bad end line"},
        {begin + secret + end, "ASN1 lib"},
        {begin + secret + "!" + end, "bad base64 decode"},
        {to_pem(der.substr(0, der.size() - 1)), "ASN1 lib"},
        {begin + encryption + secret + secret + "AAAA" + end, "bad password read"},
        {begin + end.substr(1) + other_pem, "no reason given"},  // not the next one
    };
    for (const Row& row : rows) {
        CAPTURE(row.pem);
        const auto certificate = read_certificate_pem(row.pem);
        REQUIRE_FALSE(certificate.has_value());
        CHECK(certificate.error() ==
              pgauth::Error{ErrorKind::invalid_input,
                            "certificate: not readable as PEM: " + row.reason +
                                ": use a block that begins with "
                                "`-----BEGIN CERTIFICATE-----`"});
    }
}

TEST_CASE("more PEM than a mebibyte is refused", "[identity]") {
    std::string pem = other_pem;
    pem.resize(pgauth::max_pem_bytes, '\n');
    CHECK(read_certificate_pem(pem).has_value());
    pem += '\n';
    const auto certificate = read_certificate_pem(pem);
    REQUIRE_FALSE(certificate.has_value());
    CHECK(certificate.error() ==
          pgauth::Error{ErrorKind::invalid_input,
                        "certificate: 1048577 bytes of PEM are too many: use up to 1048576"});
}

TEST_CASE("an ill-formed name in a subject makes the certificate unreadable", "[identity]") {
    struct Row {
        int string_type;
        std::string stand_in;
        std::string bytes;
    };

    const std::vector<Row> rows{
        {V_ASN1_UTF8STRING, "abc", "a\xc3z"},
        {V_ASN1_UTF8STRING, "abc", "ab\xc3"},
        {V_ASN1_UTF8STRING, "abc", "ab\xff"},
        {V_ASN1_UTF8STRING, "abc", "a\xc0\xaf"},          // overlong
        {V_ASN1_UTF8STRING, "abc", "\xed\xa0\x80"},       // a surrogate
        {V_ASN1_UTF8STRING, "abcd", "\xf4\x90\x80\x80"},  // beyond U+10FFFF
        {V_ASN1_BMPSTRING, "abcd", "\xd8\x3d\xde\x42"},   // a pair of surrogates
        {V_ASN1_BMPSTRING, "abcd", "ab\xdc\x80"},
        {V_ASN1_UNIVERSALSTRING, std::string("\0\0ab", 4), std::string("\0\x11\0\0", 4)},
        {V_ASN1_UNIVERSALSTRING, std::string("\0\0ab", 4), std::string("\0\0\xd8\0", 4)},
    };
    for (const Row& row : rows) {
        const std::string good =
            make_certificate({.subject = {{"CN", row.stand_in, row.string_type}}});
        CAPTURE(row.string_type, row.bytes);
        CHECK(read_certificate_pem(to_pem(good)).has_value());
        // A type and a length before it, so that it is found only once.
        const auto field = [&](const std::string& value) {
            return std::string{static_cast<char>(row.string_type),
                               static_cast<char>(value.size())} +
                   value;
        };
        const std::string bad = replaced(good, field(row.stand_in), field(row.bytes));
        const auto certificate = read_certificate_pem(to_pem(bad));
        REQUIRE_FALSE(certificate.has_value());
        CHECK(certificate.error().kind == ErrorKind::invalid_input);
    }
}

TEST_CASE("a certificate that cannot be encoded has no fingerprint and is refused",
          "[identity]") {
    const pgauth::X509Handle blank(X509_new());
    const auto certificate = read_certificate(*blank);
    REQUIRE_FALSE(certificate.has_value());
    CHECK(certificate.error().kind == ErrorKind::unusable);
    CHECK(certificate.error().message.starts_with("certificate: no SHA-256 fingerprint: "));
}

TEST_CASE("OpenSSL's error queue is left as it was found", "[identity]") {
    const pgauth::X509Handle blank(X509_new());
    const auto unreadable_names = decode_certificate(make_certificate(
        {.subject = {{"CN", "x", V_ASN1_BIT_STRING}}, .raw_extensions = {"a"}}));
    ERR_clear_error();

    CHECK_FALSE(read_certificate(*blank).has_value());
    CHECK(ERR_peek_error() == 0);
    CHECK(read_certificate(*unreadable_names).has_value());
    CHECK(ERR_peek_error() == 0);
    CHECK_FALSE(read_certificate_pem("press-7").has_value());
    CHECK(ERR_peek_error() == 0);

    ERR_raise(ERR_LIB_USER, 77);
    CHECK_FALSE(read_certificate_pem("press-7").has_value());
    CHECK(read_certificate(*unreadable_names).has_value());
    CHECK(ERR_GET_REASON(ERR_get_error()) == 77);
    CHECK(ERR_get_error() == 0);
}
