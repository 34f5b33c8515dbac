// ScramClient: the client's side of SCRAM-SHA-256, written from RFC 5802 for the tests, and
// from nothing else of ours.
//
//   ScramClient client("press-7", "s3cret");
//   … client.first() …                          // n,,n=press-7,r=…
//   … client.answer(server_first) …             // c=biws,r=…,p=…
//   CHECK(client.is_right_server(server_final));

#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace pgauth::test {

class ScramClient {
  public:
    ScramClient(std::string_view username, std::string password, std::string header = "n,,")
        : header_(std::move(header)), password_(std::move(password)) {
        bare_ = "n=";
        for (const char letter : username) {
            bare_ += letter == ',' ? "=2C" : letter == '=' ? "=3D" : std::string(1, letter);
        }
        bare_ += ",r=fyko+d2lbbFgONRv9qkxdawL";
    }

    [[nodiscard]] std::string first() const { return header_ + bare_; }

    // Its proof, which is wrong where the password is.
    std::string answer(const std::string& server_first) {
        const std::string nonce = attribute(server_first, 'r');
        const Bytes salt = decoded(attribute(server_first, 's'));
        const int iterations = std::stoi(attribute(server_first, 'i'));
        std::array<unsigned char, 32> salted{};
        PKCS5_PBKDF2_HMAC(password_.data(),
                          static_cast<int>(password_.size()),
                          salt.data(),
                          static_cast<int>(salt.size()),
                          iterations,
                          EVP_sha256(),
                          static_cast<int>(salted.size()),
                          salted.data());
        const Bytes key(salted.begin(), salted.end());
        const std::string without_proof =
            "c=" + encoded(Bytes(header_.begin(), header_.end())) + ",r=" + nonce;
        auth_message_ = bare_ + "," + server_first + "," + without_proof;
        const Bytes client_key = mac(key, "Client Key");
        const Bytes signature = mac(hash(client_key), auth_message_);
        server_key_ = mac(key, "Server Key");
        Bytes proof;
        for (std::size_t i = 0; i < signature.size(); ++i) {
            proof.push_back(static_cast<unsigned char>(client_key[i] ^ signature[i]));
        }
        return without_proof + ",p=" + encoded(proof);
    }

    // Whether the server has shown that it knows the verifier.
    [[nodiscard]] bool is_right_server(std::string_view server_final) const {
        return server_final == "v=" + encoded(mac(server_key_, auth_message_));
    }

  private:
    using Bytes = std::vector<unsigned char>;

    static std::string attribute(const std::string& message, char name) {
        const std::string all = "," + message + ",";
        const std::size_t begin = all.find(std::string(",") + name + "=") + 3;
        return all.substr(begin, all.find(',', begin) - begin);
    }

    static Bytes mac(const Bytes& key, std::string_view message) {
        Bytes out(32);
        HMAC(EVP_sha256(),
             key.data(),
             static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()),
             message.size(),
             out.data(),
             nullptr);
        return out;
    }

    static Bytes hash(const Bytes& bytes) {
        Bytes out(32);
        EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr);
        return out;
    }

    static std::string encoded(const Bytes& bytes) {
        std::string text(bytes.size() / 3 * 4 + 5, '\0');
        text.resize(static_cast<std::size_t>(
            EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                            bytes.data(),
                            static_cast<int>(bytes.size()))));
        return text;
    }

    static Bytes decoded(const std::string& text) {
        Bytes bytes(text.size() / 4 * 3);
        EVP_DecodeBlock(bytes.data(),
                        reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
        for (std::size_t end = text.size(); end > 0 && text[end - 1] == '='; --end) {
            bytes.pop_back();
        }
        return bytes;
    }

    std::string header_;
    std::string password_;
    std::string bare_;
    std::string auth_message_;
    Bytes server_key_;
};

}  // namespace pgauth::test
