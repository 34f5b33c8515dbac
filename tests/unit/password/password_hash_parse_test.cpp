#include <algorithm>
#include <string>
#include <vector>

#include "password/password_hash.hpp"
#include "support/catch.hpp"
#include "support/secret_vectors.hpp"

using pgauth::PasswordFormat;
using pgauth::PasswordHash;
using pgauth::SecretVector;

namespace {

// Fields that are well formed.
// NOLINTBEGIN(cert-err58-cpp): a test that ends before it starts has failed, which is right
const std::string salt_16 = "c29tZXNhbHQxMjM0NTY3OA";
const std::string hash_32 = "SxLyp0HZ7kznrwYcTa/cyKGlNyICRTMGLd2KYH4rFLg";
const std::string salt_12 = "AAECAwQFBgcICQoL";
const std::string hash_64 =
    "MfPgXTCJYUSqMED0hurs7EAGD1FjS3mgU82VGW5VXjevwaryaimv2c3/nyVIabStjPkozwg5bN3Wk54OCtz+dQ==";
const std::string bcrypt_53 = "C/FkBGvbgHhqqvkWBiDEU.SLtJoRCOtHIuHyytca/v43Ya9WfuVum";
const std::string crypt_salt = "eQOETuxcEVgfVz2koJExq0";
const std::string crypt_43 = "NiPlE20pOaZqg50CPD6QZS5CmatApVKDnH8yngZ9MeD";
const std::string crypt_86 =
    "aK3ZBfP8VYNdqbUggJvwfIgtCb8arZWa/lB7J7E/vm29NAT.Nti22SUezA4MIoNNx0biQWWEgIis72XKq6i/0/";

// NOLINTEND(cert-err58-cpp)

std::string argon2id(const std::string& parameters) {
    return "$argon2id$v=19$" + parameters + "$" + salt_16 + "$" + hash_32;
}

std::string scrypt(const std::string& parameters) {
    return "$scrypt$" + parameters + "$" + salt_16 + "$" + hash_32;
}

std::string cut(const std::string& text) {
    return text.substr(0, text.size() - 1);
}

std::string ending(const std::string& text, char last) {
    return cut(text) + last;
}

struct BadRow {
    std::string secret;
    std::string error;
};

void check_refused(const std::vector<BadRow>& rows) {
    for (const BadRow& row : rows) {
        INFO(row.secret);
        const auto hash = PasswordHash::parse(row.secret);
        REQUIRE_FALSE(hash.has_value());
        CHECK(hash.error().kind == pgauth::ErrorKind::invalid_input);
        CHECK(hash.error().message == row.error);
    }
}

}  // namespace

TEST_CASE("a secret knows its format, its cost class and its text", "[password]") {
    for (const SecretVector& vector : pgauth::secret_vectors()) {
        INFO(vector.secret);
        const auto hash = PasswordHash::parse(vector.secret);
        REQUIRE(hash.has_value());
        CHECK(hash->format() == vector.format);
        CHECK(hash->cost_class() == vector.cost_class);
        CHECK(hash->text() == vector.secret);
    }
}

TEST_CASE("sha512-crypt with its default written out is of the class without", "[password]") {
    const auto bare = PasswordHash::parse("$6$salt$" + crypt_86);
    const auto written = PasswordHash::parse("$6$rounds=5000$salt$" + crypt_86);
    const auto slower = PasswordHash::parse("$6$rounds=5001$salt$" + crypt_86);
    REQUIRE((bare && written && slower));
    CHECK(bare->cost_class() == written->cost_class());
    CHECK(bare->cost_class() != slower->cost_class());
}

TEST_CASE("the dearest secrets that are accepted stand at the bounds", "[password]") {
    const std::vector<std::string> accepted = {
        argon2id("m=262144,t=4,p=1"),
        argon2id("m=65536,t=16,p=16"),
        argon2id("m=128,t=1,p=16"),
        argon2id("m=65536,t=3,p=4"),  // RFC 9106, second recommendation
        "$2b$14$" + bcrypt_53,
        "$2b$04$" + bcrypt_53,
        "$y$jDT$" + crypt_salt + "$" + crypt_43,
        scrypt("ln=18,r=8,p=2"),
        scrypt("ln=16,r=32,p=2"),
        scrypt("ln=15,r=8,p=16"),
        scrypt("ln=1,r=8,p=1"),
        "$7$EU..../...." + std::string(86, '.') + "$" + crypt_43,
        "$7$BU..../....abcdefghijD$" + crypt_43,
        "$5$rounds=1000000$0123456789./azAZ$" + crypt_43,
        "$6$rounds=1000$a$" + crypt_86,
        "$7$2000000$" + salt_12 + "$" + hash_64,
        "$7$1$" + salt_12 + "$" + hash_64,
        "PBKDF2$sha512$1000000$" + salt_16 + "==$" + hash_64,
        "PBKDF2$sha256$1000000$" + salt_16 + "==$" + hash_32 + "=",
        "PBKDF2$sha256$500000$" + salt_16 + "==$" + hash_64,
        "PBKDF2$sha512$1$AAECAwQFBgc=$" + std::string(32, 'A'),
        "PBKDF2$sha512$1$AAECAwQFBgc=$" + std::string(64, 'A'),
        "SCRAM-SHA-256$1:AAECAwQFBgc=$" + hash_32 + "=:" + hash_32 + "=",
        "SCRAM-SHA-256$2000000:" + hash_64 + "$" + hash_32 + "=:" + hash_32 + "=",
    };
    for (const std::string& secret : accepted) {
        INFO(secret);
        CHECK(PasswordHash::parse(secret).has_value());
    }
}

TEST_CASE("what is of no known format is refused with all formats", "[password]") {
    const std::string error =
        "secret: not of a known format: use "
        "argon2id ($argon2id$v=19$m=47104,t=1,p=1$<salt>$<hash>), "
        "bcrypt ($2b$10$<salt><hash>), "
        "yescrypt ($y$j9T$<salt>$<hash>), "
        "scrypt ($scrypt$ln=16,r=8,p=1$<salt>$<hash>), "
        "crypt-scrypt ($7$CU..../....<salt>$<hash>), "
        "sha512-crypt ($6$<salt>$<hash> or $6$rounds=656000$<salt>$<hash>), "
        "sha256-crypt ($5$<salt>$<hash> or $5$rounds=535000$<salt>$<hash>), "
        "mosquitto-pbkdf2 ($7$101$<salt>$<hash>), "
        "mosquitto-sha512 ($6$<salt>$<hash>==), "
        "pbkdf2 (PBKDF2$sha512$100000$<salt>$<hash>), "
        "scram-sha-256 (SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>), "
        "generated ($generated$sha256$<salt>$<hash>)";
    check_refused({
        {"", error},
        {"$", error},
        {"hunter2", error},
        {" $2b$10$" + bcrypt_53, error},
        {"u:$7$101$" + salt_12 + "$" + hash_64, error},
        {"$1$abcdefgh$G//4keteveJp0qb8z2DxG/", error},
        {"$2x$10$" + bcrypt_53, error},
        {"$scrypt", error},
        {"pbkdf2$sha512$1$" + salt_16 + "==$" + hash_64, error},
        {"$PBKDF2$sha512$1$" + salt_16 + "==$" + hash_64, error},
        {"$pbkdf2-sha512$1$" + salt_16 + "$" + hash_32, error},
        {"SCRAM-SHA-1$4096:" + salt_12 + "$" + hash_32 + "=:" + hash_32 + "=", error},
        {"$SCRAM-SHA-256$4096:" + salt_12 + "$" + hash_32 + "=:" + hash_32 + "=", error},
        {"$2$10$" + bcrypt_53, error},
        {"$argon2i$v=19$m=47104,t=1,p=1$" + salt_16 + "$" + hash_32, error},
        {"$ARGON2ID$v=19$m=47104,t=1,p=1$" + salt_16 + "$" + hash_32, error},
        {"$gy$j9T$" + crypt_salt + "$" + crypt_43, error},
        {std::string(513, '$'), "secret: 513 bytes are too many: use up to 512"},
    });
}

TEST_CASE("a malformed argon2id secret is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "argon2id secret: a part is missing or too many: it looks like "
        "$argon2id$v=19$m=47104,t=1,p=1$<salt>$<hash>";
    const std::string form = "argon2id secret: parameters are not of the form m=47104,t=1,p=1";
    const std::string version = "argon2id secret: version is not the accepted one: use v=19";
    const std::string salt =
        "argon2id secret: salt is not base64 without padding of 8 to 64 bytes";
    const std::string hash =
        "argon2id secret: hash is not base64 without padding of 16 to 64 bytes";
    const std::string start = "$argon2id$v=19$m=8,t=1,p=1$";
    check_refused({
        {"$argon2id$", shape},
        {"$argon2id$m=8,t=1,p=1$" + salt_16 + "$" + hash_32, shape},
        {start + salt_16, shape},
        {start + salt_16 + "$" + hash_32 + "$", shape},
        {"$argon2id$v=16$m=8,t=1,p=1$" + salt_16 + "$" + hash_32, version},
        {"$argon2id$v=019$m=8,t=1,p=1$" + salt_16 + "$" + hash_32, version},
        {argon2id(""), form},
        {argon2id("t=1,m=8,p=1"), form},
        {argon2id("m=8,t=1"), form},
        {argon2id("m=8,t=1,p=1,"), form},
        {argon2id("m=8,t=1,p=1,data=eA"), form},
        {argon2id("m=8, t=1, p=1"), form},
        {argon2id("m=8,t=1;p=1"), form},
        {argon2id("m=,t=1,p=1"),
         "argon2id secret: memory m (KiB) is not a decimal number: use 8 to 262144"},
        {argon2id("m=0x40,t=1,p=1"),
         "argon2id secret: memory m (KiB) is not a decimal number: use 8 to 262144"},
        {argon2id("m=08,t=1,p=1"),
         "argon2id secret: memory m (KiB) is not a decimal number: use 8 to 262144"},
        {argon2id("m=-8,t=1,p=1"),
         "argon2id secret: memory m (KiB) is not a decimal number: use 8 to 262144"},
        {argon2id("m=7,t=1,p=1"),
         "argon2id secret: memory m (KiB) `7` is out of range: use 8 to 262144"},
        {argon2id("m=262145,t=1,p=1"),
         "argon2id secret: memory m (KiB) `262145` is out of range: use 8 to 262144"},
        {argon2id("m=4294967304,t=1,p=1"),
         "argon2id secret: memory m (KiB) `4294967304` is out of range: use 8 to 262144"},
        {argon2id("m=99999999999999999999,t=1,p=1"),
         "argon2id secret: memory m (KiB) `9999999999`… (20 bytes) is out of range: "
         "use 8 to 262144"},
        {argon2id("m=8,t=0,p=1"), "argon2id secret: passes t `0` is out of range: use 1 to 16"},
        {argon2id("m=8,t=17,p=1"),
         "argon2id secret: passes t `17` is out of range: use 1 to 16"},
        {argon2id("m=8,t=1,p=0"), "argon2id secret: lanes p `0` is out of range: use 1 to 16"},
        {argon2id("m=4096,t=1,p=17"),
         "argon2id secret: lanes p `17` is out of range: use 1 to 16"},
        {argon2id("m=15,t=1,p=2"),
         "argon2id secret: memory m=`15` is too little for p=`2`: use 8*p KiB"},
        {argon2id("m=262144,t=5,p=1"),
         "argon2id secret: m=`262144` times t=`5` is too slow: use up to 1048576 KiB"},
        {argon2id("m=65537,t=16,p=1"),
         "argon2id secret: m=`65537` times t=`16` is too slow: use up to 1048576 KiB"},
        {start + "$" + hash_32, salt},
        {start + "AAECAwQFBg$" + hash_32, salt},                // 7 bytes
        {start + std::string(88, 'A') + "$" + hash_32, salt},   // 66 bytes
        {start + salt_16 + "==$" + hash_32, salt},              // padded
        {start + ending(salt_16, 'B') + "$" + hash_32, salt},   // not canonical
        {start + salt_16 + "$", hash},                          //
        {start + salt_16 + "$AAECAwQFBgcICQoLDA0O", hash},      // 15 bytes
        {start + salt_16 + "$" + std::string(88, 'A'), hash},   // 66 bytes
        {start + salt_16 + "$" + ending(hash_32, 'h'), hash},   // not canonical
        {start + salt_16 + "$" + ending(hash_32, '\n'), hash},  //
        {start + salt_16 + "$" + hash_32 + "=", hash},          //
        {start + salt_16 + "$" + hash_32 + " ", hash},          //
    });
}

TEST_CASE("a malformed bcrypt secret is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "bcrypt secret: a part is missing or too many: it looks like $2b$10$<salt><hash>";
    const std::string digits = "bcrypt secret: cost is not two digits: use 04 to 14";
    const std::string text =
        "bcrypt secret: salt and hash are not 53 characters of bcrypt's base64 (./A-Za-z0-9)";
    std::string salt_tail = bcrypt_53;
    salt_tail[21] = '/';
    check_refused({
        {"$2b$", shape},
        {"$2b$10", shape},
        {"$2b$10$" + bcrypt_53 + "$", shape},
        {"$2b$4$" + bcrypt_53, digits},
        {"$2b$010$" + bcrypt_53, digits},
        {"$2b$1x$" + bcrypt_53, "bcrypt secret: cost is not a decimal number: use 4 to 14"},
        {"$2b$00$" + bcrypt_53, "bcrypt secret: cost `0` is out of range: use 4 to 14"},
        {"$2b$03$" + bcrypt_53, "bcrypt secret: cost `3` is out of range: use 4 to 14"},
        {"$2b$15$" + bcrypt_53, "bcrypt secret: cost `15` is out of range: use 4 to 14"},
        {"$2b$31$" + bcrypt_53, "bcrypt secret: cost `31` is out of range: use 4 to 14"},
        {"$2b$10$", text},
        {"$2b$10$" + cut(bcrypt_53), text},
        {"$2b$10$" + bcrypt_53 + ".", text},
        {"$2b$10$" + salt_tail, text},
        {"$2b$10$" + ending(bcrypt_53, 'n'), text},
        {"$2b$10$+" + bcrypt_53.substr(1), text},
        {"$2b$10$" + ending(bcrypt_53, '\n'), text},
    });
}

TEST_CASE("a malformed yescrypt secret is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "yescrypt secret: a part is missing or too many: it looks like $y$j9T$<salt>$<hash>";
    const std::string parameters =
        "yescrypt secret: parameters are none of j75, j85, j7T, j8T, j9T, jAT, jBT, jCT, jDT "
        "(cost 1 to 9)";
    const std::string salt =
        "yescrypt secret: salt is not 8 to 64 bytes in the alphabet ./0-9A-Za-z";
    const std::string hash =
        "yescrypt secret: hash is not 43 characters of crypt(5)'s ./0-9A-Za-z";
    const std::string start = "$y$j9T$";
    check_refused({
        {"$y$", shape},
        {start + crypt_salt, shape},
        {start + crypt_salt + "$" + crypt_43 + "$", shape},
        {"$y$$" + crypt_salt + "$" + crypt_43, parameters},
        {"$y$jET$" + crypt_salt + "$" + crypt_43, parameters},   // 512 MiB
        {"$y$jFT$" + crypt_salt + "$" + crypt_43, parameters},   // 1 GiB
        {"$y$j9T/$" + crypt_salt + "$" + crypt_43, parameters},  // more lanes
        {"$y$.9T$" + crypt_salt + "$" + crypt_43, parameters},   // classic scrypt
        {start + "$" + crypt_43, salt},
        {start + "..........$" + crypt_43, salt},               // 7 bytes
        {start + std::string(88, '.') + "$" + crypt_43, salt},  // 66 bytes
        {start + std::string(13, '.') + "$" + crypt_43, salt},  // no whole number of bytes
        {start + ending(crypt_salt, '2') + "$" + crypt_43, salt},
        {start + crypt_salt + "=$" + crypt_43, salt},
        {start + crypt_salt + "$", hash},
        {start + crypt_salt + "$" + cut(crypt_43), hash},
        {start + crypt_salt + "$" + crypt_43 + ".", hash},
        {start + crypt_salt + "$" + ending(crypt_43, 'E'), hash},
        {start + crypt_salt + "$" + ending(crypt_43, '+'), hash},
    });
}

TEST_CASE("a malformed sha-crypt secret is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "sha256-crypt secret: a part is missing or too many: it looks like "
        "$5$<salt>$<hash> or $5$rounds=535000$<salt>$<hash>";
    const std::string number =
        "sha256-crypt secret: rounds is not a decimal number: use 1000 to 1000000";
    const std::string salt =
        "sha256-crypt secret: salt is not 1 to 16 characters of ./0-9A-Za-z";
    const std::string hash =
        "sha256-crypt secret: hash is not 43 characters of crypt(5)'s ./0-9A-Za-z";
    check_refused({
        {"$5$", shape},
        {"$5$rounds=1000", shape},
        {"$5$rounds=1000$" + crypt_43, shape},
        {"$5$salt$" + crypt_43 + "$", shape},
        {"$5$rounds=$salt$" + crypt_43, number},
        {"$5$rounds=01000$salt$" + crypt_43, number},
        {"$5$rounds=1e3$salt$" + crypt_43, number},
        {"$5$rounds=999$salt$" + crypt_43,
         "sha256-crypt secret: rounds `999` is out of range: use 1000 to 1000000"},
        {"$5$rounds=1000001$salt$" + crypt_43,
         "sha256-crypt secret: rounds `1000001` is out of range: use 1000 to 1000000"},
        {"$5$$" + crypt_43, salt},
        {"$5$01234567890123456$" + crypt_43, salt},
        {"$5$s lt$" + crypt_43, salt},
        {"$5$s:lt$" + crypt_43, salt},
        {"$5$salt$", hash},
        {"$5$salt$" + cut(crypt_43), hash},
        {"$5$salt$" + crypt_43 + ".", hash},
        {"$5$salt$" + ending(crypt_43, 'E'), hash},
        {"$5$salt$" + crypt_86, hash},
        {"$6$salt$" + crypt_43,
         "sha512-crypt secret: hash is not 86 characters of crypt(5)'s ./0-9A-Za-z"},
        {"$6$salt$" + ending(crypt_86, '2'),
         "sha512-crypt secret: hash is not 86 characters of crypt(5)'s ./0-9A-Za-z"},
        {"$6$rounds=2000000$salt$" + crypt_86,
         "sha512-crypt secret: rounds `2000000` is out of range: use 1000 to 1000000"},
    });
}

TEST_CASE("a malformed Mosquitto secret is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "mosquitto-pbkdf2 secret: a part is missing or too many: it looks like "
        "$7$101$<salt>$<hash>";
    const std::string number =
        "mosquitto-pbkdf2 secret: iterations is not a decimal number: use 1 to 2000000";
    const std::string salt =
        "mosquitto-pbkdf2 secret: salt is not base64 with padding of 12 or 64 bytes";
    const std::string hash =
        "mosquitto-pbkdf2 secret: hash is not base64 with padding of 64 bytes";
    const std::string start = "$7$101$";
    check_refused({
        {"$7$", shape},
        {"$7$" + salt_12 + "$" + hash_64, shape},
        {start + salt_12 + "$" + hash_64 + "$", shape},
        {"$7$CU..../...$" + salt_12 + "$" + hash_64, number},
        {"$7$$" + salt_12 + "$" + hash_64, number},
        {"$7$+101$" + salt_12 + "$" + hash_64, number},
        {"$7$0101$" + salt_12 + "$" + hash_64, number},
        {"$7$101 $" + salt_12 + "$" + hash_64, number},
        {"$7$0$" + salt_12 + "$" + hash_64,
         "mosquitto-pbkdf2 secret: iterations `0` is out of range: use 1 to 2000000"},
        {"$7$2000001$" + salt_12 + "$" + hash_64,
         "mosquitto-pbkdf2 secret: iterations `2000001` is out of range: use 1 to 2000000"},
        {start + "$" + hash_64, salt},
        {start + "AAECAwQFBgcICQ==$" + hash_64, salt},  // 10 bytes
        {start + "AAECAwQFBgcICQoLDA==$" + hash_64, salt},
        {start + "AAECAwQFBgcICQo_$" + hash_64, salt},
        {start + salt_12 + "$", hash},
        {start + salt_12 + "$" + cut(hash_64), hash},
        {start + salt_12 + "$" + hash_64 + "=", hash},
        {start + salt_12 + "$" + hash_64.substr(0, 86), hash},
        {start + salt_12 + "$" + hash_64.substr(0, 85) + "R==", hash},  // not canonical
        {start + salt_12 + "$" + hash_32 + "=", hash},
        {"$6$" + salt_12 + hash_64,
         "mosquitto-sha512 secret: a part is missing or too many: it looks like "
         "$6$<salt>$<hash>=="},
        {"$6$101$" + salt_12 + "$" + hash_64,
         "mosquitto-sha512 secret: a part is missing or too many: it looks like "
         "$6$<salt>$<hash>=="},
        {"$6$AAECAwQFBgc=$" + hash_64,
         "mosquitto-sha512 secret: salt is not base64 with padding of 12 or 64 bytes"},
        {"$6$" + salt_12 + "$" + cut(hash_64),
         "mosquitto-sha512 secret: hash is not base64 with padding of 64 bytes"},
    });
}

TEST_CASE("a malformed scrypt secret is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "scrypt secret: a part is missing or too many: it looks like "
        "$scrypt$ln=16,r=8,p=1$<salt>$<hash>";
    const std::string form = "scrypt secret: parameters are not of the form ln=16,r=8,p=1";
    const std::string salt =
        "scrypt secret: salt is not base64 without padding of 8 to 64 bytes";
    const std::string hash = "scrypt secret: hash is not base64 without padding of 32 bytes";
    const std::string start = "$scrypt$ln=4,r=8,p=1$";
    check_refused({
        {"$scrypt$", shape},
        {start + salt_16, shape},
        {start + salt_16 + "$" + hash_32 + "$", shape},
        {scrypt(""), form},
        {scrypt("r=8,ln=4,p=1"), form},
        {scrypt("ln=4,r=8"), form},
        {scrypt("n=16,r=8,p=1"), form},
        {scrypt("ln=4,r=8,p=1,x=1"), form},
        {scrypt("ln=04,r=8,p=1"),
         "scrypt secret: cost ln is not a decimal number: use 1 to 18"},
        {scrypt("ln=0,r=8,p=1"), "scrypt secret: cost ln `0` is out of range: use 1 to 18"},
        {scrypt("ln=19,r=8,p=1"), "scrypt secret: cost ln `19` is out of range: use 1 to 18"},
        {scrypt("ln=4,r=7,p=1"),
         "scrypt secret: block size r `7` is out of range: use 8 to 32"},
        {scrypt("ln=4,r=33,p=1"),
         "scrypt secret: block size r `33` is out of range: use 8 to 32"},
        {scrypt("ln=4,r=8,p=0"), "scrypt secret: lanes p `0` is out of range: use 1 to 16"},
        {scrypt("ln=4,r=8,p=17"), "scrypt secret: lanes p `17` is out of range: use 1 to 16"},
        {scrypt("ln=18,r=9,p=1"),
         "scrypt secret: ln=`18` with r=`9` takes too much memory: use 2^ln*r up to 2097152"},
        {scrypt("ln=17,r=17,p=1"),
         "scrypt secret: ln=`17` with r=`17` takes too much memory: use 2^ln*r up to 2097152"},
        {scrypt("ln=18,r=8,p=3"),
         "scrypt secret: ln=`18` with r=`8` and p=`3` is too slow: use 2^ln*r*p up to 4194304"},
        {scrypt("ln=16,r=8,p=16"),
         "scrypt secret: ln=`16` with r=`8` and p=`16` is too slow: use 2^ln*r*p up to "
         "4194304"},
        {start + "AAECAwQFBg$" + hash_32, salt},               // 7 bytes
        {start + std::string(88, 'A') + "$" + hash_32, salt},  // 66 bytes
        {start + salt_16 + "==$" + hash_32, salt},             // padded
        {start + ending(salt_16, 'B') + "$" + hash_32, salt},  // not canonical
        {start + salt_16 + "$AAECAwQFBgcICQoLDA0O", hash},     // 15 bytes
        {start + salt_16 + "$" + hash_64.substr(0, 86), hash},
        {start + salt_16 + "$" + hash_32 + "=", hash},
        {start + salt_16 + "$" + ending(hash_32, '.'), hash},  // crypt(5)'s alphabet
    });
}

TEST_CASE("a malformed scrypt secret of crypt(3) is refused with the part that is wrong",
          "[password]") {
    const std::string shape =
        "crypt-scrypt secret: a part is missing or too many: it looks like "
        "$7$CU..../....<salt>$<hash>";
    const std::string parameters =
        "crypt-scrypt secret: parameters are none of BU..../...., CU..../...., DU..../...., "
        "EU..../.... (cost 6 to 9)";
    const std::string salt =
        "crypt-scrypt secret: salt is not 8 to 64 bytes in the alphabet ./0-9A-Za-z";
    const std::string hash =
        "crypt-scrypt secret: hash is not 43 characters of crypt(5)'s ./0-9A-Za-z";
    const std::string start = "$7$CU..../....";
    check_refused({
        {start, shape},
        {start + crypt_salt, shape},
        {start + crypt_salt + "$" + crypt_43 + "$", shape},
        {"$7$AU..../...." + crypt_salt + "$" + crypt_43, parameters},  // 16 MiB: never made
        {"$7$FU..../...." + crypt_salt + "$" + crypt_43, parameters},  // 512 MiB
        {"$7$zU..../...." + crypt_salt + "$" + crypt_43, parameters},
        {"$7$$U..../...." + crypt_salt + "$" + crypt_43, shape},
        {start + "$" + crypt_43, salt},
        {start + "..........$" + crypt_43, salt},  // 7 bytes
        {start + ending(crypt_salt, '4') + "$" + crypt_43, salt},
        {start + crypt_salt + "$", hash},
        {start + crypt_salt + "$" + cut(crypt_43), hash},
        {start + crypt_salt + "$" + ending(crypt_43, 'E'), hash},
    });
}

TEST_CASE("a malformed PBKDF2 secret is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "pbkdf2 secret: a part is missing or too many: it looks like "
        "PBKDF2$sha512$100000$<salt>$<hash>";
    const std::string digest =
        "pbkdf2 secret: digest is not an accepted one: use sha256 or sha512";
    const std::string number =
        "pbkdf2 secret: iterations is not a decimal number: use 1 to 1000000";
    const std::string salt = "pbkdf2 secret: salt is not base64 with padding of 8 to 64 bytes";
    const std::string hash =
        "pbkdf2 secret: hash is not base64 with padding of 24, 32, 48 or 64 bytes";
    const std::string start = "PBKDF2$sha512$901$";
    check_refused({
        {"PBKDF2$", shape},
        {start + salt_12, shape},
        {start + salt_12 + "$" + hash_64 + "$", shape},
        {"PBKDF2$sha1$901$" + salt_12 + "$" + hash_64, digest},
        {"PBKDF2$SHA512$901$" + salt_12 + "$" + hash_64, digest},
        {"PBKDF2$$901$" + salt_12 + "$" + hash_64, digest},
        {"PBKDF2$sha512$$" + salt_12 + "$" + hash_64, number},
        {"PBKDF2$sha512$0901$" + salt_12 + "$" + hash_64, number},
        {"PBKDF2$sha512$0$" + salt_12 + "$" + hash_64,
         "pbkdf2 secret: iterations `0` is out of range: use 1 to 1000000"},
        {"PBKDF2$sha512$1000001$" + salt_12 + "$" + hash_64,
         "pbkdf2 secret: iterations `1000001` is out of range: use 1 to 1000000"},
        {"PBKDF2$sha256$1000001$" + salt_12 + "$" + hash_32 + "=",
         "pbkdf2 secret: iterations `1000001` is out of range: use 1 to 1000000"},
        {"PBKDF2$sha256$500001$" + salt_12 + "$" + hash_64,  // two blocks
         "pbkdf2 secret: iterations `500001` is out of range: use 1 to 500000"},
        {start + "$" + hash_64, salt},
        {start + "AAECAwQFBg==$" + hash_64, salt},  // 7 bytes
        {start + salt_16 + "$" + hash_64, salt},    // padding left out
        {start + std::string(88, 'A') + "$" + hash_64, salt},
        {start + "salt of words$" + hash_64, salt},
        {start + salt_12 + "$AAECAwQFBgcICQoLDA0O", hash},  // 15 bytes
        {start + salt_12 + "$" + salt_16 + "==", hash},
        {start + salt_12 + "$" + std::string(88, 'A'), hash},
        {start + salt_12 + "$" + cut(hash_64), hash},
        {start + salt_12 + "$" + hash_64.substr(0, 85) + "R==", hash},  // not canonical
    });
}

TEST_CASE("a malformed hash of a generated secret is refused with the part that is wrong",
          "[password]") {
    const std::string shape =
        "generated secret: a part is missing or too many: it looks like "
        "$generated$sha256$<salt>$<hash>";
    const std::string salt = "generated secret: salt is not base64 without padding of 16 bytes";
    const std::string hash = "generated secret: hash is not base64 without padding of 32 bytes";
    const std::string start = "$generated$sha256$";
    check_refused({
        {"$generated$", shape},
        {start + salt_16, shape},
        {start + salt_16 + "$" + hash_32 + "$", shape},
        {"$generated$sha512$" + salt_16 + "$" + hash_32,
         "generated secret: digest is not the accepted one: use sha256"},
        {start + salt_12 + "$" + hash_32, salt},
        {start + salt_16 + "==$" + hash_32, salt},
        {start + salt_16 + "$" + hash_32 + "=", hash},
        {start + salt_16 + "$" + cut(hash_32), hash},
        {start + salt_16 + "$" + ending(hash_32, 'h'), hash},
        {start + salt_16 + "$" + salt_16, hash},
    });
}

TEST_CASE("a malformed SCRAM verifier is refused with the part that is wrong", "[password]") {
    const std::string shape =
        "scram-sha-256 secret: a part is missing or too many: it looks like "
        "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>";
    const std::string number =
        "scram-sha-256 secret: iterations is not a decimal number: use 1 to 2000000";
    const std::string salt =
        "scram-sha-256 secret: salt is not base64 with padding of 8 to 64 bytes";
    const std::string keys =
        "scram-sha-256 secret: StoredKey and ServerKey are not each base64 with padding of 32 "
        "bytes";
    const std::string start = "SCRAM-SHA-256$4096:" + salt_12 + "$";
    const std::string key = hash_32 + "=";
    const std::string both = key + ":" + key;
    check_refused({
        {"SCRAM-SHA-256$", shape},
        {"SCRAM-SHA-256$4096:" + salt_12, shape},
        {"SCRAM-SHA-256$" + salt_12 + "$" + both, shape},
        {"SCRAM-SHA-256$4096:" + salt_12 + ":$" + both, shape},
        {start + key, shape},
        {start + both + ":", shape},
        {start + both + "$", shape},
        {"SCRAM-SHA-256$:" + salt_12 + "$" + both, number},
        {"SCRAM-SHA-256$04096:" + salt_12 + "$" + both, number},
        {"SCRAM-SHA-256$-1:" + salt_12 + "$" + both, number},
        {"SCRAM-SHA-256$0:" + salt_12 + "$" + both,
         "scram-sha-256 secret: iterations `0` is out of range: use 1 to 2000000"},
        {"SCRAM-SHA-256$2000001:" + salt_12 + "$" + both,
         "scram-sha-256 secret: iterations `2000001` is out of range: use 1 to 2000000"},
        {"SCRAM-SHA-256$4096:$" + both, salt},
        {"SCRAM-SHA-256$4096:AAECAwQFBg==$" + both, salt},  // 7 bytes
        {"SCRAM-SHA-256$4096:AAECAwQFBgc$" + both, salt},   // padding left out
        {"SCRAM-SHA-256$4096:AAECAwQFBgd=$" + both, salt},  // not canonical
        {"SCRAM-SHA-256$4096:" + std::string(88, 'A') + "$" + both, salt},
        {start + ":", keys},
        {start + key + ":", keys},
        {start + ":" + key, keys},
        {start + hash_32 + ":" + key, keys},                     // padding left out
        {start + key + ":" + ending(hash_32, 'h') + "=", keys},  // not canonical
        {start + key + ":" + hash_64, keys},
        {start + both + "\n", keys},
    });
}

TEST_CASE("no Mosquitto hash that lost its padding passes for sha512-crypt", "[password]") {
    // Base64 of 64 bytes leaves four ends; all other characters are of both alphabets.
    for (const char last : {'A', 'Q', 'g', 'w'}) {
        const std::string common = "$6$" + salt_12 + "$" + std::string(85, 'a');
        INFO(last);
        CHECK(PasswordHash::parse(common + last + "==").has_value());
        CHECK_FALSE(PasswordHash::parse(common + last).has_value());
    }
    for (const char last : {'.', '/', '0', '1'}) {
        const std::string common = "$6$" + salt_12 + "$" + std::string(85, 'a');
        INFO(last);
        CHECK(PasswordHash::parse(common + last).has_value());
        CHECK_FALSE(PasswordHash::parse(common + last + "==").has_value());
    }
}

TEST_CASE("no refusal shows salt or hash", "[password]") {
    for (const SecretVector& vector : pgauth::secret_vectors()) {
        const std::size_t dollar = vector.secret.rfind('$');
        const std::size_t salt_at = vector.format == PasswordFormat::bcrypt
                                        ? dollar + 1
                                        : dollar - std::min(dollar, 8UL);
        const std::string salt = vector.secret.substr(salt_at, 6);
        const std::string hash = vector.secret.substr(vector.secret.size() - 10, 6);
        std::size_t refused = 0;
        for (std::size_t at = 0; at < vector.secret.size(); ++at) {
            for (const char replacement : {'$', '=', ' ', '9'}) {
                std::string secret = vector.secret;
                secret[at] = replacement;
                if (const auto parsed = PasswordHash::parse(secret); !parsed) {
                    ++refused;
                    const std::string& message = parsed.error().message;
                    INFO(message);
                    CHECK(message.find(hash) == std::string::npos);
                    CHECK(message.find(salt) == std::string::npos);
                    CHECK(message.find('\n') == std::string::npos);
                }
            }
        }
        CHECK(refused > vector.secret.size());
    }
}
