#include "base/digest.hpp"

#include <string>

#include "support/catch.hpp"

using pgauth::first_bits_in;
using pgauth::first_bits_of_sha256;

TEST_CASE("the bits of a text are those of its written digest", "[base]") {
    // FIPS 180-4, of "abc".
    const std::string digest =
        "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    CHECK(first_bits_of_sha256("abc") == 0xba7816bf8f01cfeaU);
    CHECK(first_bits_in(digest) == first_bits_of_sha256("abc"));
    CHECK(first_bits_of_sha256("abd") != first_bits_of_sha256("abc"));
}

TEST_CASE("what is no digest has no bits", "[base]") {
    for (const std::string text : {"",
                                   "SHA256:",
                                   "SHA256:ba7816bf8f01cfe",
                                   "ba7816bf8f01cfea",
                                   "SHA256:ba7816bf8f01cfeg",
                                   "SHA256:-a7816bf8f01cfea"}) {
        CAPTURE(text);
        CHECK_FALSE(first_bits_in(text));
    }
}
