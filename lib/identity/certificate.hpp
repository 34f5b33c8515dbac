// Certificate: what a client's X.509 certificate says, as text to compare with rows and rules.
//
//   const Result<Certificate> certificate = read_certificate(*x509);    // read_certificate.hpp
//   certificate->fingerprint                                            // SHA256:9f86d0…
//   username_of(*certificate, UsernameFrom::common_name)                // press-7, or nobody
//
// Names are UTF-8 and compare byte for byte: no case is folded (not that of a DNS name either),
// no space trimmed, no Unicode normalised. A row is written as the certificate is.
//
// A name is *unusable*, and then left out whole, never cut or repaired, if it
//   - is empty, or longer than 65535 bytes (X.520's own, shorter limits are the CA's affair);
//   - holds `+`, `#`, NUL or another control character, which no username may;
//   - is not well formed in its string type, or of a type that is no text.
// UTF8String, BMPString (no surrogates) and UniversalString are what they say. TeletexString is
// read as ISO 8859-1, which is what CAs put there, not as T.61. All others, IA5String and with
// it every alternative name, are seven bits: they have no bytes from 0x80 on.
//
// The mistake to avoid: taking a name of a list for *the* name. A certificate with two DNS
// names identifies nobody by DNS name, or whoever gets a second name signed could choose whom
// to be; username_of() sees to that. Group rules may look at all of subject_alt_names(), but
// see them without their type: there `press-7` as a URI is `press-7` as a DNS name.
//
// Formats: X.509 (RFC 5280), names as strings by RFC 2253. Thread safety: values.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgauth {

// The entries of one type in a certificate's subjectAltName.
struct AlternativeNames {
    std::vector<std::string> usable;  // in the certificate's order
    std::size_t unusable = 0;         // how many were left out

    // The entry where there is exactly one, usable or not, and it is usable.
    [[nodiscard]] std::optional<std::string> only() const;

    bool operator==(const AlternativeNames&) const = default;
};

struct Certificate {
    // Of the whole certificate in DER: `SHA256:` and 64 lower-case hexadecimal digits, as the
    // database stores it. What `openssl x509 -fingerprint -sha256` prints, without its colons.
    std::string fingerprint;

    // The subject's Common Name, in whichever of its RDNs it stands. None where there is none,
    // where it is unusable, and where there are several, even equal ones.
    std::optional<std::string> common_name;

    // The whole subject, last RDN first: `CN=press-7,OU=Größe,O=Acme\, Inc.`. As `openssl x509
    // -subject -nameopt RFC2253,-esc_msb` prints it: UTF-8 stands for itself where Mosquitto's
    // use_subject_as_username has `\C3\B6`; `,` `"` `\` `<` `>` `;` and spaces at either end of
    // a value get a backslash. None where one value is not well formed text and where the
    // string is unusable: so with `+` or `#` in a value, with a multi-valued RDN (`+` joins
    // it), and with an attribute type that OpenSSL has no name for (`#` begins its value).
    std::optional<std::string> subject;

    // None at all where the extension cannot be decoded or stands there twice. Entries of other
    // types (IP addresses, directory names, …) are not looked at.
    AlternativeNames dns_names;
    AlternativeNames uris;
    AlternativeNames emails;

    // All that are usable: DNS names, then URIs, then e-mail addresses.
    [[nodiscard]] std::vector<std::string> subject_alt_names() const;

    bool operator==(const Certificate&) const = default;
};

// Where a certificate's username stands: `authentication.certificate.username_from`.
enum class UsernameFrom : std::uint8_t { common_name, san_dns, san_uri, san_email, subject };

// The username that the certificate is for. None where it has no such name, where the name is
// unusable, or where there are several: such a certificate identifies nobody by its name.
// Whether anybody of that name exists, and accepts the certificate, is for others to say.
[[nodiscard]] std::optional<std::string> username_of(const Certificate& certificate,
                                                     UsernameFrom from);

}  // namespace pgauth
