// Password secrets that other programs made, all of the same few passwords, for tests of any
// room that needs a real one. Cheap ones first.
//
//   for (const SecretVector& vector : secret_vectors()) { … }
//
// Each comment is the command that printed the secret; salts are random where it shows none.

#pragma once

#include <string>
#include <vector>

#include "password/password_hash.hpp"

namespace pgauth {

struct SecretVector {
    PasswordFormat format;
    std::string password;
    std::string secret;
    std::string cost_class;
};

inline const char* const ascii_password = "correct horse";
inline const char* const utf8_password = "größe";
inline const char* const generated_password =
    "pgauth_xVqiTlXTj_YfI74y8Oaer8LA8U5lDM8mvd155q2g1W4";

// Base64 of the bytes 0 to 63.
#define SALT_64                                                 \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpK" \
    "issLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="

// One of each format at a cost that a test can pay a hundred times.
inline std::vector<SecretVector> cheap_secret_vectors() {
    return {
        // argon2 somesalt12345678 -id -t 1 -m 3 -p 1 -l 32 -e
        {PasswordFormat::argon2id,
         ascii_password,
         "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$"
         "SxLyp0HZ7kznrwYcTa/cyKGlNyICRTMGLd2KYH4rFLg",
         "$argon2id$v=19$m=8,t=1,p=1"},
        // PostgreSQL: crypt('correct horse', gen_salt('bf', 4))
        {PasswordFormat::bcrypt,
         ascii_password,
         "$2a$04$C/FkBGvbgHhqqvkWBiDEU.SLtJoRCOtHIuHyytca/v43Ya9WfuVum",
         "$2b$04"},
        // mkpasswd -m yescrypt -R 1
        {PasswordFormat::yescrypt,
         ascii_password,
         "$y$j75$eQOETuxcEVgfVz2koJExq0$NiPlE20pOaZqg50CPD6QZS5CmatApVKDnH8yngZ9MeD",
         "$y$j75"},
        // mkpasswd -m sha512crypt -R 1000
        {PasswordFormat::sha512_crypt,
         ascii_password,
         "$6$rounds=1000$19CQnGvOhA4goeCZ$aK3ZBfP8VYNdqbUggJvwfIgtCb8arZWa/lB7J7E/"
         "vm29NAT.Nti22SUezA4MIoNNx0biQWWEgIis72XKq6i/0/",
         "$6$rounds=1000"},
        // mkpasswd -m sha256crypt -R 1000
        {PasswordFormat::sha256_crypt,
         ascii_password,
         "$5$rounds=1000$26CnHqfF/I/r/MH2$OTkz6R5.ox.PKrp0azU1ZK6wwdc2bhPoW2HNrXZ5in5",
         "$5$rounds=1000"},
        // mosquitto_passwd -H sha512-pbkdf2 -b FILE u 'correct horse', broker 2.0.11
        {PasswordFormat::mosquitto_pbkdf2,
         ascii_password,
         "$7$101$KjrN6QxN6JCABDWl$AN6SGUwBHjyXfnyXKQvsoWV20h0Y5rT/"
         "PX0rg3QjB6UuAeicayGd2XsQZw53sBeOQsjhLallxpITLRbwIi6Asg==",
         "$7$101"},
        // mosquitto_passwd -H sha512 -b FILE u 'correct horse', broker 2.0.11
        {PasswordFormat::mosquitto_sha512,
         ascii_password,
         "$6$jmqo2HL98XsoQDPi$Ts7rUK4Jizmc0gioqFQyDuxuBK5oED1Ui+MrJPXn0bM7sAXHsZYfBHKJkfl4l"
         "RpHXrIYOJdGJ0c3HAPODPNUiw==",
         "$6$once"},
        // passlib: scrypt.using(rounds=4).hash('correct horse')
        {PasswordFormat::scrypt,
         ascii_password,
         "$scrypt$ln=4,r=8,p=1$Pad0TgkBYOw9Z4zRes85xw$pLB5ucGNLjLwVbg99b0obgmTbozdG7PNy935qW1j"
         "5T4",
         "$scrypt$ln=4,r=8,p=1"},
        // as go-auth; Python: hashlib.pbkdf2_hmac('sha512', b'correct horse', bytes(range(16)),
        // 10)
        {PasswordFormat::pbkdf2,
         ascii_password,
         "PBKDF2$sha512$10$AAECAwQFBgcICQoLDA0ODw==$tU3Pn/RA6awulUB6WlLSryEaFFvGs13cWNmGO60pHq"
         "Gqt3j9HMBV1VMtlC0np++/+JegOFQA2QPI5+S7JYMhRQ==",
         "PBKDF2$sha512$10"},
        // as auth-plug; Python: hashlib.pbkdf2_hmac('sha256', b'correct horse',
        // b'AAECAwQFBgcICQoL', 10, 24)
        {PasswordFormat::pbkdf2,
         ascii_password,
         "PBKDF2$sha256$10$AAECAwQFBgcICQoL$IMTJ6db4d0TSORRIV1S6UVZaU35SchQI",
         "PBKDF2$sha256$10"},
        // Python: hashlib.sha256(bytes(range(16)) +
        // b'pgauth_xVqiTlXTj_YfI74y8Oaer8LA8U5lDM8mvd155q2g1W4')
        {PasswordFormat::generated,
         generated_password,
         "$generated$sha256$AAECAwQFBgcICQoLDA0ODw$upqo7f9lhecXJ6akmXxaAd1dgeceub6PONQhwfvTrSU",
         "$generated$sha256"},
        // PostgreSQL 15: CREATE ROLE a PASSWORD 'correct horse'; pg_authid.rolpassword
        {PasswordFormat::scram_sha256,
         ascii_password,
         "SCRAM-SHA-256$4096:CwDsE0YK9GJ2Cg/MldVLZQ==$iUU7cDiph3AhSWjJpaelXuJDyPiS/"
         "s6ZoyP86ujASVc=:Wo9Eg3wn9nRpUwZ9hxuMYIAq//2j64mIlOMFWssAWB0=",
         "SCRAM-SHA-256$4096"},
    };
}

// Every spelling and the costs that people have.
inline std::vector<SecretVector> secret_vectors() {
    std::vector<SecretVector> vectors = cheap_secret_vectors();
    const std::vector<SecretVector> others = {
        // argon2 somesalt12345678 -id -t 1 -k 47104 -p 1 -l 32 -e; Mosquitto 2.1's parameters
        {PasswordFormat::argon2id,
         ascii_password,
         "$argon2id$v=19$m=47104,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$"
         "ZN896nfwI9tvxeIYi4dh0A8hk9JfGLsBdaLGQryqvFQ",
         "$argon2id$v=19$m=47104,t=1,p=1"},
        // argon2 somesalt12345678 -id -t 2 -k 64 -p 4 -l 64 -e
        {PasswordFormat::argon2id,
         ascii_password,
         "$argon2id$v=19$m=64,t=2,p=4$c29tZXNhbHQxMjM0NTY3OA$"
         "TJLpKB343cm3mdRbwmaoj2S4cSxsFzxtVyJQm0J913FzkILx+"
         "Vnx8MgrvfwjCrkWpKqn6iHXwKHbTE5naSPwYg",
         "$argon2id$v=19$m=64,t=2,p=4"},
        // argon2 somesalt12345678 -id -t 1 -m 3 -p 1 -l 16 -e
        {PasswordFormat::argon2id,
         ascii_password,
         "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$vSUav3Fr63vQVO43h10mCQ",
         "$argon2id$v=19$m=8,t=1,p=1"},
        // mkpasswd -m bcrypt
        {PasswordFormat::bcrypt,
         ascii_password,
         "$2b$05$GVolP1ujHau3F9TRBcmwBeE7IZqx2Ci5aeBEipgtXWdaUveZ3Ykhm",
         "$2b$05"},
        // the same, as PHP and htpasswd spell it
        {PasswordFormat::bcrypt,
         ascii_password,
         "$2y$05$GVolP1ujHau3F9TRBcmwBeE7IZqx2Ci5aeBEipgtXWdaUveZ3Ykhm",
         "$2b$05"},
        // PostgreSQL: crypt('größe', gen_salt('bf', 4))
        {PasswordFormat::bcrypt,
         utf8_password,
         "$2a$04$Nqem8DBse.wiYsOIr8ewcOW0eDV/AikeltowVSHfZsB0oY0PykNcu",
         "$2b$04"},
        // mkpasswd -m bcrypt -R 10
        {PasswordFormat::bcrypt,
         ascii_password,
         "$2b$10$OnbvGVSfTdpJbrNF4mIf6unM6cr5wQSRHS6QD0xqKwuqsfEwmzZyG",
         "$2b$10"},
        // mkpasswd -m yescrypt
        {PasswordFormat::yescrypt,
         ascii_password,
         "$y$j9T$QhhGGPQNcU2Dk9P/ldY.80$FYx5TMGEUj6AmHxi1eDUfUtg0yFcMi/vzAeMk4Yeu29",
         "$y$j9T"},
        // mkpasswd -m yescrypt -R 9
        {PasswordFormat::yescrypt,
         ascii_password,
         "$y$jDT$ENvNsTjb1xJSsGYxLxibV/$4EKQ5DpHleLmCtC3KaM5vbCNmL.BQwegQ7vDTNTFaj.",
         "$y$jDT"},
        // mkpasswd -m sha512crypt
        {PasswordFormat::sha512_crypt,
         ascii_password,
         "$6$Cdq5xOe7XCHJ1sVQ$cXqF8oxQSCWdkpPiEiyYEsWmMr4C3Uq1zjy4blQmTh1y9yW9CI6SU3wdHqLsqLRt"
         "xSewfLJQAEfJvEhKPiPtp1",
         "$6$rounds=5000"},
        // mkpasswd -m sha512crypt -R 656000
        {PasswordFormat::sha512_crypt,
         ascii_password,
         "$6$rounds=656000$y.2te2trRCg1KqJE$GReHNLWdMqkqx92yog62kZeXLNacBhMa2adV4lxi9lJ0zpEuXpl"
         "hNwYKZxIpQ/igo7Y4U4f/6sSgClgEyrGwY0",
         "$6$rounds=656000"},
        // openssl passwd -6 -salt abc
        {PasswordFormat::sha512_crypt,
         ascii_password,
         "$6$abc$dv7vAygfDghQeO8lNAuLv4y4HAQXw9d6a14dcjFGfTijFc0S6MgzM7g53hZv6MaGDXhNpGxhpXakWu"
         "TlqHtzn.",
         "$6$rounds=5000"},
        // openssl passwd -5 -salt abc
        {PasswordFormat::sha256_crypt,
         ascii_password,
         "$5$abc$HEtZB/1K6XJ99xRK14R.qL6AxT3f9/cPAGbTKZddAT6",
         "$5$rounds=5000"},
        // Python: hashlib.pbkdf2_hmac('sha512', b'correct horse', bytes(range(64)), 1000)
        {PasswordFormat::mosquitto_pbkdf2,
         ascii_password,
         "$7$1000$" SALT_64
         "$53KiEygVzVVEVUVTe4h79yMtYp0OxxoKFip82vf7OCrEbcm4/E88oGkCyN0NhQ7fLOSBIpiITuELG/"
         "0ldDPFMQ==",
         "$7$1000"},
        // the same with bytes(range(12)), 100000
        {PasswordFormat::mosquitto_pbkdf2,
         ascii_password,
         "$7$100000$AAECAwQFBgcICQoL$FJx+olVlWEJEXX24Y8xXU6R1dB5Kbd6ymH792dX9nBwGsse+"
         "mWTKyOa9MqMIK0SFRl9x5ztK4/2CuIYGRDlglQ==",
         "$7$100000"},
        // Python: hashlib.sha512(b'correct horse' + bytes(range(64)))
        {PasswordFormat::mosquitto_sha512,
         ascii_password,
         "$6$" SALT_64 "$29QtyxbW0Qth2GH5GN0ihmagtB/755oiG+oG0UjEg6L9UK/"
         "JDvWsZp5ejiy5IkbcHEawwhh/SPu9ZHDfEL2J9A==",
         "$6$once"},
        // Python: hashlib.sha512('größe'.encode() + bytes(range(12)))
        {PasswordFormat::mosquitto_sha512,
         utf8_password,
         "$6$AAECAwQFBgcICQoL$MfPgXTCJYUSqMED0hurs7EAGD1FjS3mgU82VGW5VXjevwaryaimv2c3/"
         "nyVIabStjPkozwg5bN3Wk54OCtz+dQ==",
         "$6$once"},
        // passlib: scrypt.hash('correct horse')
        {PasswordFormat::scrypt,
         ascii_password,
         "$scrypt$ln=16,r=8,p=1$E4IwBiCEUEqpVYqx1ro3Rg$lDwkrBHcpRJX5iCDI31/QNcIFAQSmRtzhf4HdG+"
         "Jrt8",
         "$scrypt$ln=16,r=8,p=1"},
        // Python: hashlib.scrypt(b'correct horse', salt=bytes(range(64)), n=8, r=16, p=3,
        // dklen=32)
        {PasswordFormat::scrypt,
         ascii_password,
         "$scrypt$ln=3,r=16,p=3$"
         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"
         "Pw"
         "$vuCThQN9FkHYoUe5CJ2balHuX/pnerELewT0+y1KIg8",
         "$scrypt$ln=3,r=16,p=3"},
        // Python: hashlib.scrypt('größe'.encode(), salt=bytes(range(8)), n=16, r=8, p=1,
        // dklen=32)
        {PasswordFormat::scrypt,
         utf8_password,
         "$scrypt$ln=4,r=8,p=1$AAECAwQFBgc$N32kvBwntKu/LhGKcaluPM8/6Fi2qXsTsdVLQeRiyiw",
         "$scrypt$ln=4,r=8,p=1"},
        // mkpasswd -m scrypt -R 6
        {PasswordFormat::crypt_scrypt,
         ascii_password,
         "$7$BU..../....ytIW3EQcmor2teLGLr5Y..$q0Odh1u4YlC7feExHtduSPZ/P.cS6E0ewtF5amogvkD",
         "$7$BU..../...."},
        // mkpasswd -m scrypt -R 7, the default
        {PasswordFormat::crypt_scrypt,
         ascii_password,
         "$7$CU..../....En1E0U7Vl8cz/274OtNh60$ZVmptgaTZrov7f0aiQS3VFt2OpA0kvX7Z2UYJ/J.qa5",
         "$7$CU..../...."},
        // mkpasswd -m scrypt -R 9
        {PasswordFormat::crypt_scrypt,
         ascii_password,
         "$7$EU..../....z9XraObhYpM95SHkUEkwC1$RdY0iDuj6oIeoSbKSesqGePKMSzlllO30MEcmBCCyt/",
         "$7$EU..../...."},
        // as go-auth; Python: hashlib.pbkdf2_hmac('sha512', b'correct horse', bytes(range(16)),
        // 100000)
        {PasswordFormat::pbkdf2,
         ascii_password,
         "PBKDF2$sha512$100000$AAECAwQFBgcICQoLDA0ODw==$Cydfp1z9RwhFbZBlUPGEUbm90YYIzLkDEOiu/l"
         "8ZkFWdvi9oLM8GozOKTYJ8WKZJkm3CNbSBItnsIxvYurqNAw==",
         "PBKDF2$sha512$100000"},
        // the same with sha256, 5000, 64: two blocks, so the time of 10000
        {PasswordFormat::pbkdf2,
         ascii_password,
         "PBKDF2$sha256$5000$AAECAwQFBgcICQoLDA0ODw==$/dKRYjinrkqEPIr5huJvOASv5QYEjM3i12ACaGK/"
         "RhaHSpEQDHZFlFQcjm/yTiiT60mhe1izx1xUYc3i2s35SQ==",
         "PBKDF2$sha256$10000"},
        // the same of 'größe' with 1000, 32
        {PasswordFormat::pbkdf2,
         utf8_password,
         "PBKDF2$sha512$1000$AAECAwQFBgcICQoLDA0ODw==$5bHbl3tcWAl5Z0BzUCBSr0zY0umsFiH1NbVDdgE7"
         "rao=",
         "PBKDF2$sha512$1000"},
        // as auth-plug; Python: hashlib.pbkdf2_hmac('sha256', b'correct horse',
        // b'AAECAwQFBgcICQoL', 901, 24)
        {PasswordFormat::pbkdf2,
         ascii_password,
         "PBKDF2$sha256$901$AAECAwQFBgcICQoL$CIyg2eJX9kqMhfUwUg9+pcphW2M3Xm8P",
         "PBKDF2$sha256$901"},
        // PostgreSQL 15: CREATE ROLE b PASSWORD 'größe'; pg_authid.rolpassword
        {PasswordFormat::scram_sha256,
         utf8_password,
         "SCRAM-SHA-256$4096:FUff/UsMLGTWl0IjYQoP2Q==$okaIh7K3EmDAMAuahbvED9UODuM4YilrCQ4/"
         "bByLxAY=:JAO0hbUlpWxdxSiISn2PbVbjEShc5lRKmcqdeR6vTzM=",
         "SCRAM-SHA-256$4096"},
    };
    vectors.insert(vectors.end(), others.begin(), others.end());
    return vectors;
}

#undef SALT_64

}  // namespace pgauth
