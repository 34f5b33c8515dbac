#include <algorithm>
#include <atomic>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <openssl/err.h>

#include "password/password_hash.hpp"
#include "support/catch.hpp"
#include "support/secret_vectors.hpp"

using pgauth::PasswordFormat;
using pgauth::PasswordHash;
using pgauth::PasswordVerdict;
using pgauth::SecretVector;

namespace {

PasswordVerdict verify(const std::string& secret, std::string_view password) {
    const auto hash = PasswordHash::parse(secret);
    REQUIRE(hash.has_value());
    return hash->verify(password);
}

}  // namespace

TEST_CASE("the password that a secret was made of satisfies it", "[password]") {
    for (const SecretVector& vector : pgauth::secret_vectors()) {
        INFO(vector.secret);
        CHECK(verify(vector.secret, vector.password) == PasswordVerdict::right);
    }
}

TEST_CASE("another password satisfies no secret", "[password]") {
    for (const SecretVector& vector : pgauth::cheap_secret_vectors()) {
        const std::string& right = vector.password;
        const std::vector<std::string> wrong = {
            "",
            "x",
            right + " ",
            " " + right,
            right + "\n",
            right + right,
            right.substr(1),
            right.substr(0, right.size() - 1),
            "Correct horse",
            right + std::string(1, '\0'),
            right + std::string("\0x", 2),
            vector.secret,
        };
        INFO(vector.secret);
        for (const std::string& password : wrong) {
            INFO(password);
            CHECK(verify(vector.secret, password) == PasswordVerdict::wrong);
        }
    }
}

TEST_CASE("the empty password satisfies not even the hash of nothing", "[password]") {
    const std::vector<std::string> secrets = {
        // perl -e 'print crypt("", q($5$abc$))', and with $6$
        "$5$abc$bBHLwRRW2Li0XKaX13kz/g2fkDil4Jx46aNvd.48MS8",
        ("$6$abc$mJP3a6FyA8uCnzRtlnNypPwjnvpi5TP9qOrInzrfDmwxUQG38PkpCPdqfTb8JQfAngapMxeim"
         "4AZ..hSdRRzD."),
        // PostgreSQL: crypt('', gen_salt('bf', 4))
        "$2a$04$vAzsIS2n6OSZacpic/YB0eZCEM3iTPeHa5s2FHjFQXX5XoIWkelxG",
        // Python: hashlib.sha512(b'' + bytes(range(12)))
        ("$6$AAECAwQFBgcICQoL$ulGyqdovJv6B/D7hFSQlWTfsa+xIg160N8WYxVZ04VqlD4iSLedYQzKl5NJH"
         "hwkMsU38Or2znFWu327hCPlTVA=="),
        // Python: hashlib.pbkdf2_hmac('sha512', b'', bytes(range(12)), 1)
        ("$7$1$AAECAwQFBgcICQoL$bdH7l7sgPaNRIMTFx91Nx4T0QY+VinIGrPJB18LN9R6ZmC5BazhvngmmjG"
         "tmdtmEAdcVZkTZuqNZTnNujVrTKw=="),
        // Python: hashlib.scrypt(b'', salt=bytes(range(16)), n=2, r=8, p=1, dklen=32)
        ("$scrypt$ln=1,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$q6vVRvkqh/QZTjEmQeuiDUqf9345ITxJrrX"
         "gfa3jtzc"),
        // Python: hashlib.pbkdf2_hmac('sha512', b'', bytes(range(16)), 1)
        ("PBKDF2$sha512$1$AAECAwQFBgcICQoLDA0ODw==$/kIueaDkOo0TziMh6dzGHviz/JUsu5gIpP5hrj1"
         "vtQHEGLi/AJ+NNsHZg8CzMLetCyzjXw8jEDCrn3KyBd2QtQ=="),
        // Python: hashlib.pbkdf2_hmac('sha256', b'', bytes(range(16)), 1) and what SCRAM makes
        // of it
        ("SCRAM-SHA-256$1:AAECAwQFBgcICQoLDA0ODw==$rZDKo+jTVD9O1+1/EmOpBiAGsKYJB6y5pC24a/B"
         "pMuc=:mA/7Y8larT4zHhhigjfNEcxF/TFqq+1bvDbSJ/K2Kt4="),
        // libargon2: argon2id_hash_encoded(1, 8, 1, "", 0, "somesalt12345678", …)
        ("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$qRPMCneqGw3c5JdyLC4FVqRgH9uPH+"
         "H2qTOuRXRWWDc"),
    };
    for (const std::string& secret : secrets) {
        INFO(secret);
        CHECK(verify(secret, "") == PasswordVerdict::wrong);
    }
}

TEST_CASE("changing any one character of a secret locks the right password out", "[password]") {
    for (const SecretVector& vector : pgauth::cheap_secret_vectors()) {
        for (std::size_t at = 0; at < vector.secret.size(); ++at) {
            // Not a, b and y, which turn `$2a$` into another name for itself.
            for (const char replacement : {'A', '/', '.', '=', '$', '0', '7'}) {
                std::string secret = vector.secret;
                if (secret[at] == replacement) {
                    continue;
                }
                secret[at] = replacement;
                const auto hash = PasswordHash::parse(secret);
                if (hash && hash->verify(vector.password) != PasswordVerdict::wrong) {
                    FAIL_CHECK(secret);
                }
            }
        }
    }
}

TEST_CASE("a secret that was cut short or run on never lets the password in", "[password]") {
    for (const SecretVector& vector : pgauth::cheap_secret_vectors()) {
        std::vector<std::string> secrets;
        for (std::size_t size = 0; size < vector.secret.size(); ++size) {
            const std::size_t hash_size = size - std::min(size, vector.secret.rfind('$') + 1);
            // The beginning of a hash of PBKDF2 is a hash of it, and these are of accepted
            // sizes.
            if (vector.format != PasswordFormat::pbkdf2 ||
                (hash_size != 32 && hash_size != 64)) {
                secrets.push_back(vector.secret.substr(0, size));
            }
        }
        for (const char* more : {"A", "/", ".", "=", "$", " ", "\n", "AAAA"}) {
            secrets.push_back(vector.secret + more);
        }
        for (const std::string& secret : secrets) {
            const auto hash = PasswordHash::parse(secret);
            if (hash && hash->verify(vector.password) != PasswordVerdict::wrong) {
                FAIL_CHECK(secret);
            }
        }
    }
}

TEST_CASE("bcrypt is satisfied by 72 bytes and never by more", "[password]") {
    // PostgreSQL: crypt(repeat('a', 72), gen_salt('bf', 4))
    const std::string secret = "$2a$04$NG2Zh/k8.8o0pLdnfqR2FuRLGLSmtR79d8LdEiaQkxdGFdsYLyDIu";
    const std::string password(72, 'a');
    CHECK(verify(secret, password) == PasswordVerdict::right);
    CHECK(verify(secret, password + "a") == PasswordVerdict::wrong);
    CHECK(verify(secret, password + "tail") == PasswordVerdict::wrong);
    CHECK(verify(secret, password + std::string(72, 'a')) == PasswordVerdict::wrong);
    CHECK(verify(secret, password.substr(1)) == PasswordVerdict::wrong);
}

TEST_CASE("each format reads a password up to its documented length", "[password]") {
    struct Row {
        std::string secret;
        std::size_t longest;
    };

    const std::vector<Row> rows = {
        // mkpasswd -m sha512crypt -R 1000 -S abcabcab, of 511 times `x`
        {"$6$rounds=1000$abcabcab$4Ua62DvAlzSEt9B33D1YbGHGAL6MPqd2AQSFBJMOi6pMTepKr55LxjL."
         "MK6X1WFN3l.xlekQpAFoCxI6XjV0h1",
         511},
        // mkpasswd -m yescrypt -R 1, of 511 times `x`
        {"$y$j75$MDJlahY2hMeLZvRbqiLhm.$wb4XnFXwOHTROmkm1EOHTkoOINSmR4zR8xDXqi1a/K3", 511},
        // mkpasswd -m scrypt -R 6, of 511 times `x`
        {"$7$BU..../....jW/bE/Tj.QZBzFsVYeqyW0$lChq3XK0iDiFdQKAaQ/.cVo.yANdhOZxbuM1tABEUT5",
         511},
        // Python: hashlib.scrypt(b'x' * 1024, salt=bytes(range(16)), n=2, r=8, p=1, dklen=32)
        {"$scrypt$ln=1,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$iD6DgK8DNqBR7XmXIZeBdr4WEQEd8rUZeCc"
         "RdUQGpgc",
         1024},
        // Python: hashlib.pbkdf2_hmac('sha512', b'x' * 1024, bytes(range(16)), 1)
        {"PBKDF2$sha512$1$AAECAwQFBgcICQoLDA0ODw==$YELzMwdqAt8d0o0Dva2VSW13xJj1OUp+wIf9tV0"
         "/Bv+4jfHe080w7jv8PM00PBuBZkS1qSUDNCfi3ElrrTem9Q==",
         1024},
        // Python: hashlib.pbkdf2_hmac('sha256', b'x' * 1024, …), and what SCRAM makes of it
        {"SCRAM-SHA-256$1:AAECAwQFBgcICQoLDA0ODw==$xxOX/XmS1FCXI897o+4YZyc+s0Tha34AFLVH8Td"
         "Y2tw=:TjOAfcyCz46wp3+8nItio4JVa174lxoI0exnHA3dQ3w=",
         1024},
        // libargon2: argon2id_hash_encoded(1, 8, 1, "xxx…", 1024, "somesalt12345678", …)
        {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$fArem6tuHKOVu1xO6ZFjzXEPR6RwGs"
         "sUEhcsKBaXyd8",
         1024},
        // Python: hashlib.pbkdf2_hmac('sha512', b'x' * 1024, bytes(range(12)), 1)
        {"$7$1$AAECAwQFBgcICQoL$iv2tdz+UXNwzfi15tOJmQnA8yNzQyBDqdumZ9NVIGh2KAfZ9zWNj9BT+Qo"
         "fvrA33R9inOYwdqZmTWMlWhZYZlA==",
         1024},
        // Python: hashlib.sha512(b'x' * 1024 + bytes(range(12)))
        {"$6$AAECAwQFBgcICQoL$S64TAECImxX1t2aDG5JgeGw+uFgB6dWszmUY/+Ebfx0cK7C+SH0c+P/9v1yM"
         "ErKCyxcqJZiAJuGvdvp0BU6IBQ==",
         1024},
    };
    for (const Row& row : rows) {
        INFO(row.secret);
        CHECK(verify(row.secret, std::string(row.longest, 'x')) == PasswordVerdict::right);
        CHECK(verify(row.secret, std::string(row.longest - 1, 'x')) == PasswordVerdict::wrong);
    }
}

TEST_CASE("a password beyond the limit satisfies not even its own hash", "[password]") {
    const std::vector<std::string> secrets = {
        // Python: hashlib.pbkdf2_hmac('sha512', b'x' * 1025, bytes(range(12)), 1)
        ("$7$1$AAECAwQFBgcICQoL$XHbc+kKFkKKrbMX6byoCtnUSje3GU6KOtuZWUTiTd97bb6vx/Oe2Vu2vSx"
         "0E1QCqcgOpDLBAZ8VUV7uP+oflpA=="),
        // Python: hashlib.sha512(b'x' * 1025 + bytes(range(12)))
        ("$6$AAECAwQFBgcICQoL$QytyUun+LlO6VOaA2VKVZGnVPq8R/1FCCHUzBFXR9TkNs3HCFBBQ1bEpXS8+"
         "V3k4XMszXHEIoR357HVNUS6srg=="),
        // Python: hashlib.scrypt(b'x' * 1025, salt=bytes(range(16)), n=2, r=8, p=1, dklen=32)
        ("$scrypt$ln=1,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$KWeo5eUDA3hoo8+KOaidRQNd4J1KIRgYJfk"
         "sVZ2gRVo"),
        // Python: hashlib.pbkdf2_hmac('sha512', b'x' * 1025, bytes(range(16)), 1)
        ("PBKDF2$sha512$1$AAECAwQFBgcICQoLDA0ODw==$5Zs7y5FOweUizrhVER4HVvXgtFr7u3yXPlywEXf"
         "z9uxSBPDvUt8peCvMBXMVLucfoZRjsB8zmcuNleSqOv70+g=="),
        // Python: hashlib.pbkdf2_hmac('sha256', b'x' * 1025, …), and what SCRAM makes of it
        ("SCRAM-SHA-256$1:AAECAwQFBgcICQoLDA0ODw==$Gyf85go9I9MgDRQU1MbNKOl4nFT7+ifNd/g8R/W"
         "HN5g=:JQFVE0vRSnxq0ZiepRXAC5/QKkpzEonEwO1MeIJWKn8="),
        // libargon2: argon2id_hash_encoded(1, 8, 1, "xxx…", 1025, "somesalt12345678", …)
        ("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$i8vMhkMr1LcMbeRwD08yr6pi+1cKD/"
         "oLUvojFdzMHvk"),
    };
    for (const std::string& secret : secrets) {
        INFO(secret);
        CHECK(verify(secret, std::string(1025, 'x')) == PasswordVerdict::wrong);
    }
}

TEST_CASE("a password that crypt(3) would not take is wrong", "[password]") {
    for (const SecretVector& vector : pgauth::cheap_secret_vectors()) {
        INFO(vector.secret);
        CHECK(verify(vector.secret, std::string(512, 'x')) == PasswordVerdict::wrong);
    }
}

TEST_CASE("want of memory is no verdict about the password", "[password]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    WARN("not run under a sanitizer: it aborts where memory is refused");
#else
    const std::vector<std::string> secrets = {
        ("$argon2id$v=19$m=262144,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$"
         "SxLyp0HZ7kznrwYcTa/cyKGlNyICRTMGLd2KYH4rFLg"),
        "$y$jDT$ENvNsTjb1xJSsGYxLxibV/$4EKQ5DpHleLmCtC3KaM5vbCNmL.BQwegQ7vDTNTFaj.",
        "$7$EU..../....z9XraObhYpM95SHkUEkwC1$RdY0iDuj6oIeoSbKSesqGePKMSzlllO30MEcmBCCyt/",
        ("$scrypt$ln=18,r=8,p=1$c29tZXNhbHQxMjM0NTY3OA$"
         "SxLyp0HZ7kznrwYcTa/cyKGlNyICRTMGLd2KYH4rFLg"),
    };
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    for (const std::string& secret : secrets) {
        const auto hash = PasswordHash::parse(secret);
        REQUIRE(hash.has_value());
        rlimit small = before;
        small.rlim_cur = 200UL * 1024 * 1024;
        REQUIRE(setrlimit(RLIMIT_AS, &small) == 0);
        const PasswordVerdict verdict = hash->verify(pgauth::ascii_password);
        REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
        INFO(secret);
        CHECK(verdict == PasswordVerdict::not_computed);
        CHECK(ERR_peek_error() == 0);
    }
#endif
}

TEST_CASE("threads may verify one secret at once", "[password]") {
    for (const SecretVector& vector : pgauth::cheap_secret_vectors()) {
        const auto hash = PasswordHash::parse(vector.secret);
        REQUIRE(hash.has_value());
        std::atomic<int> mistakes = 0;
        const auto work = [&] {
            for (int i = 0; i < 10; ++i) {
                mistakes += hash->verify(vector.password) == PasswordVerdict::right ? 0 : 1;
                mistakes += hash->verify("wrong") == PasswordVerdict::wrong ? 0 : 1;
            }
        };
        std::thread other(work);
        work();
        other.join();
        INFO(vector.secret);
        CHECK(mistakes == 0);
    }
}

TEST_CASE("the salt of PBKDF2 may be meant as bytes or as text", "[password]") {
    // Python: hashlib.pbkdf2_hmac('sha256', b'pencil', salt, 2, 32) of base64's bytes, its text
    const std::string start = "PBKDF2$sha256$2$AAECAwQFBgcICQoLDA0ODw==$";
    const std::string of_bytes = start + "/CWHKd2L++QDPATbYaQNbiXf/5Q+GUBWaHCpY967wH4=";
    const std::string of_text = start + "+UmoIffdRfFpH9qB9+JmaoaIe+dwJnNSJvNLAzkRx8M=";
    for (const std::string& secret : {of_bytes, of_text}) {
        INFO(secret);
        CHECK(verify(secret, "pencil") == PasswordVerdict::right);
        CHECK(verify(secret, "pencil ") == PasswordVerdict::wrong);
    }
}

TEST_CASE("the fast hash is satisfied by generated secrets and by nothing else", "[password]") {
    // Python: hashlib.sha256(bytes(range(16)) + …), base64 without padding
    struct Row {
        std::string password;
        std::string hash;
        PasswordVerdict verdict;
    };

    const std::vector<Row> rows = {
        {"pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "z8mu2rtfHl5dVUPR2cFb5HWYPLg0jxQ2aOQnIlLmkBA",
         PasswordVerdict::right},
        {"pgauth_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8",
         "nC+E4h6A/AHXjsa5pcs5yG1HGJkJjhs+bOrHRg+O1zc",
         PasswordVerdict::right},
        {"pgauth_xVqiTlXTj_YfI74y8Oaer8LA8U5lDM8mvd155q2g1W4",
         "upqo7f9lhecXJ6akmXxaAd1dgeceub6PONQhwfvTrSU",
         PasswordVerdict::right},
        {"correct horse",
         "SsdijnPTV+9OdmKA2DFD8Dispz7omhyKa/mwrNYH4Po",
         PasswordVerdict::wrong},
        {"pgauth_", "gmFp/AQXhrfqrQO22Dk3a1qajcHRMiSVrlr4q8t1ekI", PasswordVerdict::wrong},
        {"pgauth_correct-horse",
         "8tAOSHS4NQuTRLcrmjk3i+MfcoSn9PIg6o9fHHJC3bA",
         PasswordVerdict::wrong},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "fhxhWGY4YXZ6hUaUgvWAsp68OgjE6HpAgWaAVq9behg",
         PasswordVerdict::wrong},
        {"pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "k19Q3oAgP7maG8aRTBzy5JvZ5ZV2TkDtNjb5qJzSN6M",
         PasswordVerdict::wrong},
        {"pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "A1YU8jGZHYhFITpHoK+CXdxz5TN7b241Biu69zvocWs",
         PasswordVerdict::wrong},
        {"pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
         "vvkdomlbMROnTmRuF7DoKfc//SgAiWoSbWziiWO7u1k",
         PasswordVerdict::wrong},
        {"pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
         "Uf5BDc2vIuRwa+f0rcruj98W/t8SraER3xgbrCeWMr0",
         PasswordVerdict::wrong},
        {"pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
         "ZmdkkSOxk6cxJeFViC4/3ctQhdz4i4kmJ2OJD/JfE1s",
         PasswordVerdict::wrong},
        {"pgauth_A A A A A A A A A A A A A A A A A A A A A A",
         "+6J8r9amPTsNq9kbzAMPCwPLTxIBaLAZQMLP1XkaIfY",
         PasswordVerdict::wrong},
        {"PGAUTH_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "xW2sHmPR9vHE1NVfLBh8W32MI4X0JbBHXGGBY+1ydNw",
         PasswordVerdict::wrong},
        {" pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "UmntK0vKhfI0CNeuMZXUEuquGhukD7jUYOQMMacP72E",
         PasswordVerdict::wrong},
        {"pgauth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
         "yxoE25VDx/Gi3AN9YkjuONKGVQ7Hc2LAKVPwRCHsnT4",
         PasswordVerdict::wrong},
    };
    for (const Row& row : rows) {
        INFO(row.password);
        CHECK(verify("$generated$sha256$AAECAwQFBgcICQoLDA0ODw$" + row.hash, row.password) ==
              row.verdict);
    }
}
