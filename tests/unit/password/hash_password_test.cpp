#include "password/hash_password.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/secret_vectors.hpp"

using pgauth::hash_password;
using pgauth::HashTarget;
using pgauth::needs_rehash;
using pgauth::PasswordFormat;
using pgauth::PasswordHash;
using pgauth::PasswordVerdict;

TEST_CASE("a password that is hashed here satisfies the secret, and no other does",
          "[password]") {
    for (const std::string& password : {std::string(pgauth::ascii_password),
                                        std::string(pgauth::utf8_password),
                                        std::string(pgauth::max_password_bytes, 'x'),
                                        std::string("\xff")}) {
        const auto secret = hash_password(HashTarget::argon2id, password);
        REQUIRE(secret.has_value());
        INFO(*secret);
        const auto hash = PasswordHash::parse(*secret);
        REQUIRE(hash.has_value());
        CHECK(hash->format() == PasswordFormat::argon2id);
        CHECK(hash->cost_class() == "$argon2id$v=19$m=19456,t=2,p=1");
        CHECK(hash->verify(password) == PasswordVerdict::right);
        CHECK(hash->verify(password.substr(1) + "y") == PasswordVerdict::wrong);
        CHECK_FALSE(needs_rehash(*hash, HashTarget::argon2id));
    }
}

TEST_CASE("a password is satisfied by its secret in every format that is made", "[password]") {
    for (const PasswordFormat format : pgauth::made_formats) {
        INFO(to_string(format));
        const auto secret = hash_password(format, pgauth::utf8_password);
        REQUIRE(secret.has_value());
        const auto hash = PasswordHash::parse(*secret);
        REQUIRE(hash.has_value());
        CHECK(hash->format() == format);
        CHECK(hash->verify(pgauth::utf8_password) == PasswordVerdict::right);
        CHECK(hash->verify("another") == PasswordVerdict::wrong);
        CHECK(pgauth::read_made_format(to_string(format)) == format);
    }
    CHECK(pgauth::read_made_format("mosquitto") == PasswordFormat::mosquitto_pbkdf2);
}

TEST_CASE("what a format would not look at is not hashed in it", "[password]") {
    struct Row {
        PasswordFormat format;
        std::size_t longest;
    };

    for (const Row& row : {Row{PasswordFormat::bcrypt, 72},
                           Row{PasswordFormat::yescrypt, 511},
                           Row{PasswordFormat::sha512_crypt, 511},
                           Row{PasswordFormat::argon2id, 1024},
                           Row{PasswordFormat::scram_sha256, 1024}}) {
        INFO(to_string(row.format));
        CHECK(hash_password(row.format, std::string(row.longest, 'x')).has_value());
        const auto refused = hash_password(row.format, std::string(row.longest + 1, 'x'));
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == pgauth::ErrorKind::invalid_input);
    }
}

TEST_CASE("what guessers like, and what is generated, is not made", "[password]") {
    for (const PasswordFormat format :
         {PasswordFormat::mosquitto_sha512, PasswordFormat::generated}) {
        CHECK_FALSE(hash_password(format, "s3cret").has_value());
        CHECK_FALSE(pgauth::read_made_format(to_string(format)).has_value());
    }
}

TEST_CASE("every secret has a salt of its own", "[password]") {
    CHECK(hash_password(HashTarget::argon2id, "x").value() !=
          hash_password(HashTarget::argon2id, "x").value());
}

TEST_CASE("no secret is made of a password that would satisfy none", "[password]") {
    for (const std::string& password :
         {std::string(), std::string(1025, 'x'), std::string("a\0b", 3)}) {
        const auto secret = hash_password(HashTarget::argon2id, password);
        REQUIRE_FALSE(secret.has_value());
        CHECK(secret.error().kind == pgauth::ErrorKind::invalid_input);
        CHECK(secret.error().message ==
              "password: it has no bytes, too many, or a NUL among them: use 1 to 1024");
    }
}

TEST_CASE("what is weaker than it would be made now needs a rehash", "[password]") {
    struct Row {
        std::string secret;
        bool needed;
    };

    const std::string salt_and_hash =
        "$c29tZXNhbHQxMjM0NTY3OA$SxLyp0HZ7kznrwYcTa/cyKGlNyICRTMGLd2KYH4rFLg";
    const std::vector<Row> rows = {
        {"$argon2id$v=19$m=19456,t=2,p=1" + salt_and_hash, false},
        {"$argon2id$v=19$m=19456,t=1,p=1" + salt_and_hash, true},
        {"$argon2id$v=19$m=19455,t=16,p=1" + salt_and_hash, true},
        {"$argon2id$v=19$m=38912,t=1,p=1" + salt_and_hash, false},
        {"$argon2id$v=19$m=47104,t=1,p=1" + salt_and_hash, false},  // Mosquitto 2.1
        {"$argon2id$v=19$m=65536,t=3,p=4" + salt_and_hash, false},
        {"$argon2id$v=19$m=262144,t=4,p=1" + salt_and_hash, false},
        {"$2b$14$C/FkBGvbgHhqqvkWBiDEU.SLtJoRCOtHIuHyytca/v43Ya9WfuVum", true},
        {"$scrypt$ln=17,r=8,p=1" + salt_and_hash, true},
        {"$generated$sha256" + salt_and_hash, false},
        {"SCRAM-SHA-256$4096:CwDsE0YK9GJ2Cg/MldVLZQ==$iUU7cDiph3AhSWjJpaelXuJDyPiS/"
         "s6ZoyP86ujASVc=:Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=",
         false},
    };
    for (const Row& row : rows) {
        INFO(row.secret);
        const auto hash = PasswordHash::parse(row.secret);
        REQUIRE(hash.has_value());
        CHECK(needs_rehash(*hash, HashTarget::argon2id) == row.needed);
    }
}

TEST_CASE("what can be made is named, and nothing else", "[password]") {
    CHECK(pgauth::read_hash_target("argon2id") == HashTarget::argon2id);
    for (const char* name : {"", "argon2", "ARGON2ID", "bcrypt"}) {
        const auto target = pgauth::read_hash_target(name);
        REQUIRE_FALSE(target.has_value());
        CHECK(target.error().message ==
              "`" + std::string(name) + "` is not a hash that is made here: use argon2id");
    }
}
