#include "identity/certificate.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/made_certificate.hpp"

using pgauth::Certificate;
using pgauth::username_of;
using pgauth::UsernameFrom;
using pgauth::test::AlternativeName;
using pgauth::test::Attribute;
using pgauth::test::CertificateContents;
using Names = std::vector<std::string>;
using Name = std::optional<std::string>;
using namespace std::string_literals;  // for NULs

namespace {

constexpr auto nobody = std::nullopt;
constexpr auto of_previous = Attribute::Rdn::of_previous;

Certificate read(const CertificateContents& contents) {
    const auto x509 =
        pgauth::test::decode_certificate(pgauth::test::make_certificate(contents));
    REQUIRE(x509 != nullptr);
    const auto certificate = pgauth::read_certificate(*x509);
    REQUIRE(certificate.has_value());
    return *certificate;
}

Attribute common_name(const std::string& bytes, int string_type = V_ASN1_UTF8STRING) {
    return {"CN", bytes, string_type};
}

}  // namespace

TEST_CASE("each source of usernames gives its own name", "[identity]") {
    const Certificate certificate =
        read({.subject = {{"O", "Acme"}, common_name("cn")},
              .alternative_names = {
                  {GEN_EMAIL, "e@mail"}, {GEN_URI, "urn:x:uri"}, {GEN_DNS, "dns"}}});
    CHECK(username_of(certificate, UsernameFrom::common_name) == "cn");
    CHECK(username_of(certificate, UsernameFrom::san_dns) == "dns");
    CHECK(username_of(certificate, UsernameFrom::san_uri) == "urn:x:uri");
    CHECK(username_of(certificate, UsernameFrom::san_email) == "e@mail");
    CHECK(username_of(certificate, UsernameFrom::subject) == "CN=cn,O=Acme");
    CHECK(certificate.subject_alt_names() == Names{"dns", "urn:x:uri", "e@mail"});
}

TEST_CASE("a certificate without any name identifies nobody", "[identity]") {
    for (const int version : {1, 2, 3}) {
        const Certificate certificate = read({.subject = {}, .version = version});
        for (const auto from : {UsernameFrom::common_name,
                                UsernameFrom::san_dns,
                                UsernameFrom::san_uri,
                                UsernameFrom::san_email,
                                UsernameFrom::subject}) {
            CAPTURE(version, static_cast<int>(from));
            CHECK(username_of(certificate, from) == nobody);
        }
        CHECK(certificate.subject_alt_names().empty());
    }
}

TEST_CASE("a certificate of version 1 has a Common Name as others have", "[identity]") {
    CHECK(read({.subject = {common_name("press-7")}, .version = 1}).common_name == "press-7");
}

TEST_CASE("a name that no username can be is left out wherever it stands", "[identity]") {
    struct Row {
        std::string name;
        bool is_usable;
    };

    const std::vector<Row> rows{
        {"press-7", true},
        {"PRESS-7", true},
        {"press-7.example.com.", true},
        {"*.example.com", true},
        {" ", true},
        {" press 7 ", true},
        {"%u/$SYS/`\\\"'", true},
        {"~", true},
        {std::string(65535, 'x'), true},
        {std::string(65536, 'x'), false},
        {"", false},
        {"+", false},
        {"#", false},
        {"press+7", false},
        {"press-7#", false},
        {"press-7\0.evil.example"s, false},
        {"\0press-7"s, false},
        {"press-7\0"s, false},
        {"press-7\n", false},
        {"press\t7", false},
        {"\x1b[2Jpress-7", false},
        {"press-7\x1f", false},
        {"press-7\x7f", false},
    };
    for (const Row& row : rows) {
        const Certificate certificate =
            read({.subject = {common_name(row.name)},
                  .alternative_names = {
                      {GEN_DNS, row.name}, {GEN_URI, row.name}, {GEN_EMAIL, row.name}}});
        const Name expected = row.is_usable ? Name(row.name) : nobody;
        CAPTURE(row.name.substr(0, 40), row.name.size());
        CHECK(certificate.common_name == expected);
        CHECK(certificate.dns_names.only() == expected);
        CHECK(certificate.uris.only() == expected);
        CHECK(certificate.emails.only() == expected);
        CHECK(certificate.dns_names.unusable == (row.is_usable ? 0 : 1));
        CHECK(certificate.subject_alt_names().size() == (row.is_usable ? 3 : 0));
    }
}

TEST_CASE("a Common Name is the UTF-8 of its string type, or nothing", "[identity]") {
    struct Row {
        int string_type;
        std::string encoded;
        Name common_name;
    };

    const std::vector<Row> rows{
        {V_ASN1_UTF8STRING, "Größe 温度 🙂", "Größe 温度 🙂"},
        {V_ASN1_UTF8STRING, "o\u0308", "o\u0308"},     // not composed to ö
        {V_ASN1_UTF8STRING, "press-7\u0085", nobody},  // a C1 control
        {V_ASN1_UTF8STRING, "press-7\u00a0", "press-7\u00a0"},
        {V_ASN1_PRINTABLESTRING, "press-7", "press-7"},
        {V_ASN1_PRINTABLESTRING, "press_7@x*", "press_7@x*"},  // beyond X.680, in daily use
        {V_ASN1_PRINTABLESTRING, "gr\xfcn", nobody},
        {V_ASN1_PRINTABLESTRING, "größe", nobody},
        {V_ASN1_IA5STRING, "press-7", "press-7"},
        {V_ASN1_IA5STRING, "gr\xfcn", nobody},
        {V_ASN1_NUMERICSTRING, "4711", "4711"},
        {V_ASN1_NUMERICSTRING, "4711\x80", nobody},
        {V_ASN1_T61STRING, "gr\xfcn", "grün"},
        {V_ASN1_T61STRING, "press-7\x85", nobody},
        {V_ASN1_T61STRING, "press\0-7"s, nobody},
        {V_ASN1_BMPSTRING, "\0g\0r\0\xf6\x6e\x29"s, "grö温"},
        {V_ASN1_BMPSTRING, "\0a\0\0\0b"s, nobody},  // U+0000
        {V_ASN1_BMPSTRING, "\0a\0+"s, nobody},
        {V_ASN1_BMPSTRING, "+#", "\u2b23"},
        {V_ASN1_BMPSTRING, "\0a\0\x85"s, nobody},
        {V_ASN1_UNIVERSALSTRING, "\0\0\0a\0\x01\xf6\x42"s, "a🙂"},
        {V_ASN1_UNIVERSALSTRING, "\0\0\0a\0\0\0\n"s, nobody},
        {V_ASN1_UNIVERSALSTRING, "\0\0\0#"s, nobody},
        {V_ASN1_BIT_STRING, "press-7", nobody},
        {V_ASN1_SEQUENCE, "\x30\0"s, nobody},
    };
    for (const Row& row : rows) {
        CAPTURE(row.string_type, row.encoded);
        const Certificate certificate =
            read({.subject = {common_name(row.encoded, row.string_type)}});
        CHECK(certificate.common_name == row.common_name);
        CHECK(certificate.subject ==
              (row.common_name ? "CN=" + *row.common_name : Name(nobody)));
    }
}

TEST_CASE("the longest name is measured in bytes of UTF-8", "[identity]") {
    std::string longest;
    for (int i = 0; i < 65535 / 3; ++i) {
        longest += "n)";  // U+6E29, three bytes of UTF-8
    }
    CHECK(read({.subject = {common_name(longest, V_ASN1_BMPSTRING)}}).common_name->size() ==
          65535);
    CHECK(read({.subject = {common_name(longest + "\0a"s, V_ASN1_BMPSTRING)}}).common_name ==
          nobody);
}

TEST_CASE("a Common Name counts in any RDN, and only if it is alone", "[identity]") {
    struct Row {
        std::vector<Attribute> subject;
        Name common_name;
    };

    const std::vector<Row> rows{
        {{{"O", "Acme"}, {"OU", "press-7"}}, nobody},
        {{{"serialNumber", "press-7"}}, nobody},
        {{{"CN", "press-7"}, {"O", "Acme"}}, "press-7"},
        {{{"O", "Acme"}, {"CN", "press-7"}, {"C", "DE"}}, "press-7"},
        {{{"2.5.4.3", "press-7"}}, "press-7"},
        {{{"O", "Acme"}, {"CN", "press-7", V_ASN1_UTF8STRING, of_previous}}, "press-7"},
        {{{"CN", "press-7"}, {"UID", "4711", V_ASN1_UTF8STRING, of_previous}}, "press-7"},
        {{{"CN", "press-7"}, {"CN", "press-8"}}, nobody},
        {{{"CN", "press-7"}, {"CN", "press-7"}}, nobody},
        {{{"CN", "press-7"}, {"O", "Acme"}, {"CN", "press-8"}}, nobody},
        {{{"CN", "press-7"}, {"CN", "press-8", V_ASN1_UTF8STRING, of_previous}}, nobody},
        {{{"CN", "press-7"}, {"CN", "press-8"}, {"CN", "press-9"}}, nobody},
        {{{"CN", "press-7"}, {"CN", "press+8"}}, nobody},  // the other is unusable
        {{{"CN", ""}, {"CN", "press-7"}}, nobody},         //
    };
    for (const Row& row : rows) {
        const Certificate certificate = read({.subject = row.subject});
        CAPTURE(row.subject.size(), row.subject.front().type, row.subject.back().bytes);
        CHECK(certificate.common_name == row.common_name);
        CHECK(username_of(certificate, UsernameFrom::common_name) == row.common_name);
    }
}

TEST_CASE("a subject is its RFC 2253 string with UTF-8 as it is", "[identity]") {
    struct Row {
        std::vector<Attribute> subject;
        Name string;
    };

    const std::vector<Row> rows{
        {{{"CN", "press-7"}}, "CN=press-7"},
        {{{"C", "DE", V_ASN1_PRINTABLESTRING}, {"O", "Müller"}, {"CN", "Größe 🙂"}},
         "CN=Größe 🙂,O=Müller,C=DE"},
        {{{"DC", "example", V_ASN1_IA5STRING}, {"UID", "press-7"}}, "UID=press-7,DC=example"},
        {{{"emailAddress", "a@b", V_ASN1_IA5STRING}}, "emailAddress=a@b"},
        {{{"O", "Müller", V_ASN1_UTF8STRING}}, "O=Müller"},
        {{{"O", "M\xfcller", V_ASN1_T61STRING}}, "O=Müller"},
        {{{"O", "\0M\0\xfc"s, V_ASN1_BMPSTRING}}, "O=Mü"},
        {{{"CN", "a"}, {"CN", "b"}}, "CN=b,CN=a"},
        {{{"CN", "b"}, {"CN", "a"}}, "CN=a,CN=b"},
        {{{"O", "Acme, Inc."}}, "O=Acme\\, Inc."},
        {{{"O", "a,CN=b"}}, "O=a\\,CN=b"},
        {{{"O", R"(<">;\)"}}, R"(O=\<\"\>\;\\)"},
        {{{"O", " x  y "}}, "O=\\ x  y\\ "},
        {{{"O", ""}, {"CN", "a"}}, "CN=a,O="},
        {{{"CN", std::string(65532, 'x')}}, "CN=" + std::string(65532, 'x')},
        {{{"CN", std::string(65533, 'x')}}, nobody},
        {{{"O", "a"}, {"CN", "b", V_ASN1_UTF8STRING, of_previous}}, nobody},
        {{{"O", "a+b"}, {"CN", "b"}}, nobody},
        {{{"O", "#1"}, {"CN", "b"}}, nobody},
        {{{"O", "a\0b"s}, {"CN", "b"}}, nobody},
        {{{"O", "a\nb"}, {"CN", "b"}}, nobody},
        {{{"O", "a\u009b"}, {"CN", "b"}}, nobody},
        {{{"O", "M\xfcller", V_ASN1_PRINTABLESTRING}, {"CN", "b"}}, nobody},
        {{{"O", "Müller", V_ASN1_IA5STRING}, {"CN", "b"}}, nobody},
        {{{"O", "x", V_ASN1_BIT_STRING}, {"CN", "b"}}, nobody},
        {{{"1.3.6.1.4.1.99999.1", "x"}, {"CN", "b"}}, nobody},  // OpenSSL knows no name for it
    };
    for (const Row& row : rows) {
        const Certificate certificate = read({.subject = row.subject});
        CAPTURE(row.subject.front().bytes.substr(0, 40));
        CHECK(certificate.subject == row.string);
        CHECK(username_of(certificate, UsernameFrom::subject) == row.string);
    }
}

TEST_CASE("an alternative name identifies only if it is alone of its type", "[identity]") {
    struct Row {
        std::vector<AlternativeName> entries;
        Name dns;
        Name uri;
        Name email;
        Names all;
    };

    const std::vector<Row> rows{
        {{{GEN_DNS, "a"}}, "a", nobody, nobody, {"a"}},
        {{{GEN_URI, "a"}}, nobody, "a", nobody, {"a"}},
        {{{GEN_EMAIL, "a"}}, nobody, nobody, "a", {"a"}},
        {{{GEN_IPADD, "1234"}}, nobody, nobody, nobody, {}},
        {{{GEN_IPADD, "1234"}, {GEN_DNS, "a"}}, "a", nobody, nobody, {"a"}},
        {{{GEN_IPADD, "1234"}, {GEN_URI, "a"}}, nobody, "a", nobody, {"a"}},
        {{{GEN_IPADD, "1234"}, {GEN_EMAIL, "a"}}, nobody, nobody, "a", {"a"}},
        {{{GEN_DNS, "b"}, {GEN_DNS, "a"}}, nobody, nobody, nobody, {"b", "a"}},
        {{{GEN_URI, "a"}, {GEN_URI, "b"}}, nobody, nobody, nobody, {"a", "b"}},
        {{{GEN_EMAIL, "a"}, {GEN_EMAIL, "b"}}, nobody, nobody, nobody, {"a", "b"}},
        {{{GEN_DNS, "a"}, {GEN_DNS, "a"}}, nobody, nobody, nobody, {"a", "a"}},
        {{{GEN_DNS, "a"}, {GEN_DNS, "b\0"s}}, nobody, nobody, nobody, {"a"}},
        {{{GEN_DNS, "b+c"}, {GEN_DNS, "a"}}, nobody, nobody, nobody, {"a"}},
        {{{GEN_DNS, "a"}, {GEN_DNS, "b"}, {GEN_URI, "c"}},
         nobody,
         "c",
         nobody,
         {"a", "b", "c"}},
        {{{GEN_EMAIL, "e"}, {GEN_URI, "u"}, {GEN_DNS, "d"}}, "d", "u", "e", {"d", "u", "e"}},
        {{{GEN_DNS, "größe"}}, nobody, nobody, nobody, {}},  // not IA5
        {{{GEN_DNS, "gr\xf6sse"}}, nobody, nobody, nobody, {}},
        {{{GEN_URI, "urn:x:größe"}}, nobody, nobody, nobody, {}},
        {{{GEN_EMAIL, "größe@example.com"}}, nobody, nobody, nobody, {}},
        {{{GEN_DNS, "a\x80"}, {GEN_DNS, "b"}}, nobody, nobody, nobody, {"b"}},
    };
    for (const Row& row : rows) {
        const Certificate certificate =
            read({.subject = {common_name("cn")}, .alternative_names = row.entries});
        CAPTURE(row.entries.size(), row.entries.front().bytes, row.entries.back().bytes);
        CHECK(username_of(certificate, UsernameFrom::san_dns) == row.dns);
        CHECK(username_of(certificate, UsernameFrom::san_uri) == row.uri);
        CHECK(username_of(certificate, UsernameFrom::san_email) == row.email);
        CHECK(certificate.subject_alt_names() == row.all);
        CHECK(certificate.common_name == "cn");
    }
}

TEST_CASE("alternative names that cannot be decoded, or stand twice, are none", "[identity]") {
    struct Row {
        Names extensions;
        Names all;
    };

    const std::string dns_x = "\x30\x03\x82\x01x";
    const std::string dns_y = "\x30\x03\x82\x01y";
    const std::vector<Row> rows{
        {{dns_x}, {"x"}},
        {{"\x30\x06\x82\x01x\x82\x01y"}, {"x", "y"}},
        {{dns_x, dns_x}, {}},
        {{dns_x, dns_y}, {}},
        {{""}, {}},
        {{"\x30\0"s}, {}},
        {{"x"}, {}},
        {{"\x31\x03\x82\x01x"}, {}},           // a SET
        {{"\x30\x04\x82\x01x"}, {}},           // cut short
        {{"\x30\x03\x82\x02x"}, {}},           //
        {{"\x30\x06\x82\x01x\x8f\x01y"}, {}},  // no such type of name
    };
    for (const Row& row : rows) {
        const Certificate certificate =
            read({.subject = {common_name("cn")}, .raw_extensions = row.extensions});
        CAPTURE(row.extensions.size(), row.extensions.back());
        CHECK(certificate.subject_alt_names() == row.all);
        CHECK(certificate.dns_names.unusable == 0);
        CHECK(certificate.common_name == "cn");
    }
}
