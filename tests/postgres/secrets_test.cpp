#include <algorithm>
#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "password/generated_secret.hpp"
#include "password/password_hash.hpp"
#include "support/catch.hpp"
#include "support/secret_vectors.hpp"
#include "support/test_database.hpp"

using namespace pgauth;
using namespace pgauth::testing;

namespace {

std::string quoted(const std::string& text) {
    std::string literal = "'";
    for (const char letter : text) {
        literal += letter == '\'' ? "''" : std::string(1, letter);
    }
    return literal + "'";
}

// Which of them the constraint on credentials takes.
std::vector<bool> accepted_by_database(TestDatabase& database,
                                       const std::vector<std::string>& secrets) {
    std::string list;
    for (const std::string& secret : secrets) {
        list += (list.empty() ? "" : ",") + quoted(secret);
    }
    const auto rows =
        database.sql("SELECT pg_temp.is_accepted(secret) FROM unnest(ARRAY[" + list +
                     "]) WITH ORDINALITY AS given (secret, place) ORDER BY place");
    std::vector<bool> accepted;
    accepted.reserve(rows.size());
    for (const SqlRow& row : rows) {
        accepted.push_back(row.at(0) == "t");
    }
    return accepted;
}

void compare(TestDatabase& database, const std::vector<std::string>& secrets) {
    const std::vector<bool> accepted = accepted_by_database(database, secrets);
    REQUIRE(accepted.size() == secrets.size());
    CHECK(std::ranges::count(accepted, true) > 0);
    CHECK(std::ranges::count(accepted, false) > 0);
    for (std::size_t i = 0; i < secrets.size(); ++i) {
        const auto hash = PasswordHash::parse(secrets[i]);
        if (hash.has_value() != accepted[i]) {
            FAIL_CHECK(secrets[i] << (accepted[i] ? " is stored and not read: "
                                                  : " is read and not stored")
                                  << (hash ? "" : hash.error().message));
        }
    }
}

// What is one edit away from `secret`.
std::vector<std::string> neighbours(const std::string& secret) {
    std::vector<std::string> all = {secret};
    for (std::size_t at = 0; at <= secret.size(); ++at) {
        all.push_back(secret.substr(0, at));
        for (const char other : {'$', '=', '.', '9', 'A', ':'}) {
            std::string longer = secret;
            all.push_back(longer.insert(at, 1, other));
            if (at < secret.size()) {
                std::string changed = secret;
                changed[at] = other;
                all.push_back(std::move(changed));
            }
        }
        std::string shorter = secret;
        all.push_back(at < secret.size() ? shorter.erase(at, 1) : shorter);
    }
    return all;
}

// Well-formed parts.
constexpr const char* salt_and_hash =
    "$c29tZXNhbHQxMjM0NTY3OA$SxLyp0HZ7kznrwYcTa/cyKGlNyICRTMGLd2KYH4rFLg";
constexpr const char* padded_16 = "AAECAwQFBgcICQoLDA0ODw==";
constexpr const char* padded_32 = "SxLyp0HZ7kznrwYcTa/cyKGlNyICRTMGLd2KYH4rFLg=";
constexpr const char* padded_64 =
    "MfPgXTCJYUSqMED0hurs7EAGD1FjS3mgU82VGW5VXjevwaryaimv2c3/"
    "nyVIabStjPkozwg5bN3Wk54OCtz+dQ==";

// Costs about their bounds.
std::vector<std::string> costs_of_memory() {
    std::vector<std::string> all;
    for (const unsigned m : {0U, 7U, 8U, 15U, 16U, 128U, 65536U, 65537U, 262144U, 262145U}) {
        for (const unsigned t : {0U, 1U, 4U, 5U, 16U, 17U}) {
            for (const unsigned p : {0U, 1U, 2U, 16U, 17U}) {
                all.push_back(
                    fmt::format("$argon2id$v=19$m={},t={},p={}{}", m, t, p, salt_and_hash));
            }
        }
    }
    for (unsigned ln = 0; ln <= 20; ++ln) {
        for (const unsigned r : {0U, 7U, 8U, 9U, 16U, 17U, 32U, 33U}) {
            for (const unsigned p : {0U, 1U, 2U, 3U, 16U, 17U}) {
                all.push_back(
                    fmt::format("$scrypt$ln={},r={},p={}{}", ln, r, p, salt_and_hash));
            }
        }
    }
    for (char digit = '.'; digit <= 'z'; ++digit) {
        all.push_back(fmt::format("$7${}U..../....{:.>22}${:.>43}", digit, "", ""));
        all.push_back(fmt::format("$y$j{}T${:.>22}${:.>43}", digit, "", ""));
    }
    return all;
}

std::vector<std::string> costs_of_time() {
    std::vector<std::string> all;
    for (unsigned cost = 0; cost < 100; ++cost) {
        all.push_back(fmt::format("$2b${:02}${:e>53}", cost, ""));
    }
    for (const char* digits : {"",
                               "0",
                               "1",
                               "01",
                               "999",
                               "1000",
                               "499999",
                               "500000",
                               "500001",
                               "1000000",
                               "1000001",
                               "2000000",
                               "2000001",
                               "-1",
                               "+1",
                               "4294967297",
                               "18446744073709551617",
                               " 1",
                               "1e3"}) {
        all.push_back(fmt::format("$7${}$AAECAwQFBgcICQoL${}", digits, padded_64));
        all.push_back(fmt::format("$6$rounds={}$salt${:1>86}", digits, ""));
        all.push_back(
            fmt::format("SCRAM-SHA-256${}:{}${}:{}", digits, padded_16, padded_32, padded_32));
        for (const char* hash : {padded_32, padded_64}) {
            for (const char* sha : {"sha1", "sha256", "sha512", ""}) {
                all.push_back(fmt::format("PBKDF2${}${}${}${}", sha, digits, padded_16, hash));
            }
        }
    }
    return all;
}

// Salts and hashes of every size; # stands for the digits, % for those and their padding.
std::vector<std::string> sizes() {
    const std::vector<std::string> shapes = {
        fmt::format("$argon2id$v=19$m=8,t=1,p=1$#${:A>43}", ""),
        fmt::format("$argon2id$v=19$m=8,t=1,p=1${:A>22}$#", ""),
        fmt::format("$scrypt$ln=4,r=8,p=1$#${:A>43}", ""),
        fmt::format("$scrypt$ln=4,r=8,p=1${:A>22}$#", ""),
        fmt::format("$generated$sha256$#${:A>43}", ""),
        fmt::format("$generated$sha256${:A>22}$#", ""),
        fmt::format("PBKDF2$sha512$10$%${}", padded_64),
        fmt::format("PBKDF2$sha512$10${}$%", padded_16),
        fmt::format("PBKDF2$sha256$10${}$%", padded_16),
        fmt::format("$7$10$%${}", padded_64),
        fmt::format("$7$10$AAECAwQFBgcICQoL$%"),
        fmt::format("SCRAM-SHA-256$10:%${}:{}", padded_32, padded_32),
        fmt::format("SCRAM-SHA-256$10:{}${}:%", padded_16, padded_32),
        fmt::format("$7$CU..../....#${:.>43}", ""),
        fmt::format("$7$CU..../....{:.>22}$#", ""),
        fmt::format("$y$j9T$#${:.>43}", ""),
        fmt::format("$y$j9T${:.>22}$#", ""),
        fmt::format("$5$#${:.>43}", ""),
        fmt::format("$6$salt$#"),
    };
    std::vector<std::string> all;
    for (const std::string& shape : shapes) {
        const std::size_t place = shape.find_first_of("#%");
        const bool is_padded = shape[place] == '%';
        // In the two alphabets, the digit that stands for nothing.
        const char nothing = shape.find("....") == std::string::npos ? 'A' : '.';
        for (std::size_t size = 0; size <= 90; ++size) {
            std::string digits(size, nothing);
            digits.append(is_padded ? (4 - size % 4) % 4 : 0, '=');
            std::string secret = shape;
            all.push_back(secret.replace(place, 1, digits));
        }
    }
    return all;
}

// What a shell command prints, without the line's end; nothing where it fails.
std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
        popen(command.c_str(), "r"),  // NOLINT(cert-env33-c): a shell is what is wanted
        pclose);
    REQUIRE(pipe != nullptr);
    std::string output;
    std::array<char, 512> buffer{};
    while (fgets(buffer.data(), static_cast<int>(buffer.size()), pipe.get()) != nullptr) {
        output += buffer.data();
    }
    while (!output.empty() && output.back() == '\n') {
        output.pop_back();
    }
    return output;
}

// Letters of all sizes in UTF-8, and what shells and SQL find special; 1 to 40 of them.
std::string random_password() {
    static const std::vector<std::string> letters = {
        "a", "Z", "0", " ", "$", ":", "\\", "\"", "%", "`", "#", "!", "ö", "ß", "€", "鍵", "🔑"};
    static std::mt19937 random(std::random_device{}());
    std::string password;
    for (std::size_t left = 1 + random() % 18; left > 0; --left) {
        password += letters[random() % letters.size()];
    }
    return "p" + password + "p";  // tools trim blanks
}

struct Program {
    std::string name;
    std::string command;  // prints a secret; {} is the password, quoted for the shell
};

std::vector<Program> programs() {
    return {
        {"argon2", "printf %s {} | argon2 somesalt12345678 -id -t 2 -k 64 -p 2 -e"},
        {"mkpasswd", "printf %s {} | mkpasswd -s -m yescrypt -R 1"},
        {"mkpasswd", "printf %s {} | mkpasswd -s -m scrypt -R 6"},
        {"mkpasswd", "printf %s {} | mkpasswd -s -m sha512crypt -R 1000"},
        {"mkpasswd", "printf %s {} | mkpasswd -s -m sha256crypt"},
        {"mkpasswd", "printf %s {} | mkpasswd -s -m bcrypt"},
        {"mkpasswd", "printf %s {} | mkpasswd -s -m bcrypt-a -R 4"},
        {"openssl", "printf %s {} | openssl passwd -6 -stdin"},
        {"openssl", "printf %s {} | openssl passwd -5 -stdin"},
        {"mosquitto_passwd",
         "file=$(mktemp) && mosquitto_passwd -c -b $file u {} && cut -d: -f2 $file; rm -f "
         "$file"},
        {"mosquitto_passwd",
         "file=$(mktemp) && mosquitto_passwd -H sha512 -c -b $file u {} && cut -d: -f2 $file; "
         "rm "
         "-f $file"},
        {"python3",
         "/usr/bin/python3 -c 'import sys; from passlib.hash import scrypt; "
         "print(scrypt.using(rounds=5).hash(sys.argv[1]))' {}"},
        {"python3",
         "/usr/bin/python3 -c 'import sys, os, hashlib, base64; e = lambda b: "
         "base64.b64encode(b).decode(); "
         "s = os.urandom(16); p = os.fsencode(sys.argv[1]); "
         "print(\"PBKDF2$sha512$100$\" + e(s) + \"$\" + e(hashlib.pbkdf2_hmac(\"sha512\", p, "
         "s, "
         "100)))' {}"},
        {"python3",
         "/usr/bin/python3 -c 'import sys, os, hashlib, base64; e = lambda b: "
         "base64.b64encode(b).decode(); "
         "s = e(os.urandom(12)); p = os.fsencode(sys.argv[1]); "
         "print(\"PBKDF2$sha256$901$\" + s + \"$\" + e(hashlib.pbkdf2_hmac(\"sha256\", p, "
         "s.encode(), 901, 24)))' {}"},
    };
}

std::string replace_password(const std::string& command, const std::string& password) {
    std::string text = command;
    return text.replace(text.rfind("{}"), 2, "'" + password + "'");
}

void check_pair(const std::string& secret, const std::string& password) {
    const auto hash = PasswordHash::parse(secret);
    INFO(secret << " of " << password);
    REQUIRE(hash.has_value());
    CHECK(hash->verify(password) == PasswordVerdict::right);
    CHECK(hash->verify(password + "x") == PasswordVerdict::wrong);
    CHECK(hash->verify(password.substr(1)) == PasswordVerdict::wrong);
}

}  // namespace

TEST_CASE("the database stores the secrets that the plugin reads, and no others", "[secrets]") {
    TestDatabase database;
    database.sql(
        "CREATE FUNCTION pg_temp.is_accepted(secret text) RETURNS boolean LANGUAGE plpgsql AS "
        "$$"
        "BEGIN RETURN mqtt_auth.check_password_secret('here', secret);"
        "EXCEPTION WHEN check_violation THEN RETURN false; END$$");
    compare(database, costs_of_memory());
    compare(database, costs_of_time());
    compare(database, sizes());
    for (const SecretVector& vector : secret_vectors()) {
        compare(database, neighbours(vector.secret));
    }
}

TEST_CASE("passwords satisfy what other programs made of them", "[secrets]") {
    for (const Program& program : programs()) {
        INFO(program.command);
        REQUIRE(!output_of("command -v " + program.name).empty());
        for (int i = 0; i < 3; ++i) {
            const std::string password = random_password();
            check_pair(output_of(replace_password(program.command, password)), password);
        }
    }
}

TEST_CASE("passwords satisfy what PostgreSQL made of them", "[secrets]") {
    TestDatabase database;
    SqlSession superuser = database.superuser();
    superuser.sql("SET password_encryption = 'scram-sha-256'");
    const std::string role = database.name() + "_scram";
    superuser.sql("CREATE ROLE " + role);
    database.sql("SELECT mqtt_auth.create_client('press-7')");
    const std::string made =
        "SELECT secret FROM mqtt_auth.credentials WHERE username = 'press-7'";
    for (int i = 0; i < 5; ++i) {
        const std::string password = random_password();
        superuser.sql("ALTER ROLE " + role + " PASSWORD " + quoted(password));
        check_pair(superuser.value("SELECT rolpassword FROM pg_authid WHERE rolname = " +
                                   quoted(role)),
                   password);
        if (password.size() <= 70) {  // beyond 72 bytes bcrypt takes none
            database.sql("SELECT mqtt_auth.set_password('press-7', " + quoted(password) + ")");
            check_pair(database.value(made), password);
        }
    }
    superuser.sql("DROP ROLE " + role);
}

TEST_CASE("a generated secret satisfies what the database keeps of it", "[secrets]") {
    TestDatabase database;
    database.sql("SELECT mqtt_auth.create_client('press-7')");
    for (int i = 0; i < 20; ++i) {
        const std::string password =
            database.value("SELECT mqtt_auth.generate_secret('press-7', label => 'new')");
        CHECK(is_generated_secret(password));
        check_pair(database.value("SELECT secret FROM mqtt_auth.credentials"), password);
        database.sql("SELECT mqtt_auth.revoke('press-7', 'password', label => 'new')");
    }
}
