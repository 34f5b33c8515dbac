#include "password/scram_verifier.hpp"

#include <fmt/format.h>
#include <string>
#include <vector>

#include "password/base64.hpp"
#include "password/password_hash.hpp"
#include "password/saslprep.hpp"
#include "support/catch.hpp"

using pgauth::decode_base64;
using pgauth::Padding;
using pgauth::PasswordHash;
using pgauth::PasswordVerdict;
using pgauth::saslprep;
using pgauth::ScramVerifier;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes bytes_of(const ScramVerifier::Key& key) {
    return {key.begin(), key.end()};
}

}  // namespace

TEST_CASE("a verifier falls into the parts that PostgreSQL wrote", "[password][scram]") {
    const auto verifier = ScramVerifier::parse(
        "SCRAM-SHA-256$4096:CwDsE0YK9GJ2Cg/MldVLZQ==$iUU7cDiph3AhSWjJpaelXuJDyPiS/"
        "s6ZoyP86ujASVc=:Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=");
    REQUIRE(verifier.has_value());
    CHECK(verifier->iterations == 4096);
    CHECK(verifier->salt == decode_base64("CwDsE0YK9GJ2Cg/MldVLZQ==", Padding::required));
    CHECK(bytes_of(verifier->stored_key) ==
          decode_base64("iUU7cDiph3AhSWjJpaelXuJDyPiS/s6ZoyP86ujASVc=", Padding::required));
    CHECK(bytes_of(verifier->server_key) ==
          decode_base64("Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=", Padding::required));
}

TEST_CASE("the keys are those of RFC 7677's example", "[password][scram]") {
    // Its salt and password; hashlib.pbkdf2_hmac, hmac and hashlib.sha256 of Python.
    const auto salt = decode_base64("W22ZaJ0SNY7soEsUEjb6gQ==", Padding::required);
    REQUIRE(salt.has_value());
    const auto verifier = ScramVerifier::derive("pencil", *salt, 4096);
    REQUIRE(verifier.has_value());
    CHECK(bytes_of(verifier->stored_key) ==
          decode_base64("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=", Padding::required));
    CHECK(bytes_of(verifier->server_key) ==
          decode_base64("wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=", Padding::required));
}

TEST_CASE("a password is prepared as PostgreSQL prepares it", "[password][scram]") {
    struct Row {
        std::string password;  // of CREATE ROLE, PostgreSQL 15
        std::string secret;
    };

    const std::vector<Row> rows = {
        // a soft hyphen, a no-break space, a Roman nine, an o and its dots apart
        {"\u00adsoft\u00a0hyphen \u2168 gro\u0308\u00dfe",
         "SCRAM-SHA-256$4096:/ds9kp10Wr27wHh35B1QAg==$H434mR4GjNbdWarBkQB6aItfSluJTAMu7860g1PZ"
         "3hQ=:c95aZ+7bSWkFo8S7pU004kf4btjCKYFJnR1pKIclO9k="},
        // the same, prepared
        {"soft hyphen IX gr\u00f6\u00dfe",
         "SCRAM-SHA-256$4096:/ds9kp10Wr27wHh35B1QAg==$H434mR4GjNbdWarBkQB6aItfSluJTAMu7860g1PZ"
         "3hQ=:c95aZ+7bSWkFo8S7pU004kf4btjCKYFJnR1pKIclO9k="},
        // prohibited: for private use
        {"pr\u00f6hibited \ue000",
         "SCRAM-SHA-256$4096:PF7dJgMXrNpNiATQcEiD9Q==$WFb6LspGB+c6Nn9nGsQAGXtjYYNZpetVhufuibG1"
         "ks0=:3RdQvDbZbjWJeWF3w8hMwkTpWBjYBc9BHub4XDVhvjg="},
        // unassigned in Unicode 3.2
        {"un\u00e4ssigned \u0221",
         "SCRAM-SHA-256$4096:b/gKxBf3jEpyKMdeh49UiA==$JWSqJrxLPUCp+60/yXULnd1DsqzQS0RBlU4CLYdv"
         "pJ0=:thdd4xmYxJNlUYraKT0dARULU50nvkrcLV6Giw8zjr4="},
        // left and right at once
        {"bi\u05d0di \u00f6",
         "SCRAM-SHA-256$4096:Vzjf9ZYXDqs9tMWYJIlLSQ==$oH2xlJd1xzXXci+MGR0uA3YL1kT0LP0j0hmWojiI"
         "vmU=:RBfbl9O/GtecCOloUs0gZyubYLPHNdziYLzF9ZgRa0A="},
        // a soft hyphen alone
        {"\u00ad",
         "SCRAM-SHA-256$4096:qsF5Tfq1eZj+KTWpzf4Nlw==$PlzWUE37Ad4dmcHfLTEi3vF/Th4KIddFQYZIm8A+"
         "Zf4=:kFQgOvvpz76KS4KajYT7rKmOVbGkoQTkjpPPUqN42xE="},
        // a control character
        {"bell\x07",
         "SCRAM-SHA-256$4096:ysxghsmZspigfSkOKhY97A==$pGMbrsH7GfTxGZ0ZzGB2iD3QE8GmcDLAp6oyQl06"
         "jyc=:VikT1cfci92muc1U3p75+ejkXYB1Q+lI/pAhIP4JEc8="},
        // Latin-1, in a database that is
        {"gr\xf6\xdf"
         "e",
         "SCRAM-SHA-256$4096:DnGMRkmMVQ5NWo7L+vwgUw==$+UVj4wnXxhjy2wSxYYFByiU7FI0tWQ2pHm9p+"
         "cR7NqU=:Ikt2munVWqoO1LCkoVzxoMW5sapnIeHafvSy1iyLMws="},
    };
    for (const Row& row : rows) {
        INFO(row.secret);
        const auto hash = PasswordHash::parse(row.secret);
        REQUIRE(hash.has_value());
        CHECK(hash->verify(row.password) == PasswordVerdict::right);
        CHECK(hash->verify(row.password + " ") == PasswordVerdict::wrong);
    }
}

TEST_CASE("what cannot be prepared stays as it is", "[password][scram]") {
    for (const std::string password : {"",
                                       "correct horse",
                                       "\xff\xfe",
                                       "\xc3",
                                       "\xed\xa0\x80",
                                       "gr\xf6",
                                       "\xf4\x90\x80\x80",
                                       "\ue000",
                                       "\u00ad"}) {
        INFO(password);
        CHECK(saslprep(password).reveal() == password);
    }
    CHECK(saslprep("o\u0308").reveal() == "\u00f6");
    CHECK(saslprep("\u2168\u00ad").reveal() == "IX");
}
