#include "policy/group_rule.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace pgauth;

namespace {

TextPattern glob(std::string_view text) {
    return TextPattern::parse(PatternSyntax::glob, text).value();
}

Network network(std::string_view text) {
    return Network::parse(text).value();
}

// Connects as press-7-a from 10.1.2.3, with a password and a certificate.
struct PressSeven {
    ConnectionFacts::Transport transport{
        .address = IpAddress::parse("10.1.2.3").value(),
        .methods = {Method::password, Method::certificate},
        .fingerprint = "SHA256:9f86",
        .common_name = "press-7.plant.example",
        .subject_alt_names = {"press-7", "10.1.2.3"},
    };
    ConnectionFacts facts{
        .username = "press-7", .client_name = "Press 7", .client_id = "press-7-a"};

    PressSeven() { facts.transport = &transport; }

    PressSeven(const PressSeven&) = delete;
    PressSeven& operator=(const PressSeven&) = delete;
    PressSeven(PressSeven&&) = delete;
    PressSeven& operator=(PressSeven&&) = delete;
    ~PressSeven() = default;
};

struct Row {
    std::string name;
    std::function<void(GroupRule&)> set;
    Match match;
};

void check_all(const ConnectionFacts& facts, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        INFO(row.name);
        GroupRule rule;
        rule.enabled = true;
        row.set(rule);
        CHECK(rule.match(facts) == row.match);
        rule.enabled = false;
        CHECK(rule.match(facts) == Match::no);
    }
}

}  // namespace

TEST_CASE("each condition of a rule asks about what it is named for", "[policy]") {
    const PressSeven press;
    check_all(
        press.facts,
        {{"client_name", [](auto& rule) { rule.client_name = glob("Press 7"); }, Match::yes},
         {"client_name no", [](auto& rule) { rule.client_name = glob("press-7"); }, Match::no},
         {"username", [](auto& rule) { rule.username = glob("press-7"); }, Match::yes},
         {"username no", [](auto& rule) { rule.username = glob("press-7-a"); }, Match::no},
         {"client_id", [](auto& rule) { rule.client_id = glob("press-7-?"); }, Match::yes},
         {"client_id no", [](auto& rule) { rule.client_id = glob("press-7"); }, Match::no},
         {"fingerprint", [](auto& rule) { rule.fingerprint = glob("SHA256:9f*"); }, Match::yes},
         {"fingerprint no",
          [](auto& rule) { rule.fingerprint = glob("SHA256:0*"); },
          Match::no},
         {"common_name", [](auto& rule) { rule.common_name = glob("*.example"); }, Match::yes},
         {"common_name no", [](auto& rule) { rule.common_name = glob("press-7"); }, Match::no},
         {"one of the alt names",
          [](auto& rule) { rule.subject_alt_name = glob("10.1.*"); },
          Match::yes},
         {"none of the alt names",
          [](auto& rule) { rule.subject_alt_name = glob("*.example"); },
          Match::no},
         {"address", [](auto& rule) { rule.address = network("10.1.0.0/16"); }, Match::yes},
         {"address no", [](auto& rule) { rule.address = network("10.2.0.0/16"); }, Match::no},
         {"method", [](auto& rule) { rule.method = Method::certificate; }, Match::yes},
         {"method no", [](auto& rule) { rule.method = Method::psk; }, Match::no}});
}

TEST_CASE("all conditions that are set must hold", "[policy]") {
    const PressSeven press;
    check_all(press.facts,
              {{"two that hold",
                [](auto& rule) {
                    rule.username = glob("press-*");
                    rule.method = Method::password;
                },
                Match::yes},
               {"one of the connection does not",
                [](auto& rule) {
                    rule.username = glob("press-*");
                    rule.method = Method::psk;
                },
                Match::no},
               {"one of the client does not",
                [](auto& rule) {
                    rule.username = glob("lathe-*");
                    rule.method = Method::password;
                },
                Match::no},
               {"one of two of the connection does not",
                [](auto& rule) {
                    rule.address = network("10.1.2.3");
                    rule.common_name = glob("lathe");
                },
                Match::no},
               {"one of two of the client does not",
                [](auto& rule) {
                    rule.client_id = glob("lathe-*");
                    rule.username = glob("press-*");
                },
                Match::no}});
}

TEST_CASE("a rule without conditions matches nobody", "[policy]") {
    const PressSeven press;
    const ConnectionFacts nobody;
    check_all(press.facts, {{"none", [](auto&) {}, Match::no}});
    check_all(nobody, {{"none", [](auto&) {}, Match::no}});
}

TEST_CASE("what a connection did not show satisfies no condition, not even `*`", "[policy]") {
    const ConnectionFacts::Transport nothing_shown;
    ConnectionFacts facts{.username = "press-7", .client_name = "Press 7"};
    facts.transport = &nothing_shown;
    check_all(
        facts,
        {{"address", [](auto& rule) { rule.address = network("0.0.0.0/0"); }, Match::no},
         {"v6", [](auto& rule) { rule.address = network("::/0"); }, Match::no},
         {"method", [](auto& rule) { rule.method = Method::password; }, Match::no},
         {"fingerprint", [](auto& rule) { rule.fingerprint = glob("*"); }, Match::no},
         {"common_name", [](auto& rule) { rule.common_name = glob("*"); }, Match::no},
         {"alt name", [](auto& rule) { rule.subject_alt_name = glob("*"); }, Match::no},
         {"client id that does not count",
          [](auto& rule) { rule.client_id = glob("*"); },
          Match::no},
         {"username all the same", [](auto& rule) { rule.username = glob("*"); }, Match::yes}});
}

TEST_CASE("how a session will connect is unknown, unless something else decides", "[policy]") {
    const ConnectionFacts facts{
        .username = "press-7", .client_name = "Press 7", .client_id = "press-7-a"};
    check_all(
        facts,
        {{"address", [](auto& rule) { rule.address = network("10.1.2.3"); }, Match::unknown},
         {"method", [](auto& rule) { rule.method = Method::psk; }, Match::unknown},
         {"fingerprint", [](auto& rule) { rule.fingerprint = glob("x"); }, Match::unknown},
         {"common_name", [](auto& rule) { rule.common_name = glob("x"); }, Match::unknown},
         {"alt name", [](auto& rule) { rule.subject_alt_name = glob("x"); }, Match::unknown},
         {"username", [](auto& rule) { rule.username = glob("press-*"); }, Match::yes},
         {"username yes, address unknown",
          [](auto& rule) {
              rule.username = glob("press-*");
              rule.address = network("10.1.2.3");
          },
          Match::unknown},
         {"username no, address unknown",
          [](auto& rule) {
              rule.username = glob("lathe-*");
              rule.address = network("10.1.2.3");
          },
          Match::no},
         {"client id no, method unknown",
          [](auto& rule) {
              rule.client_id = glob("lathe-*");
              rule.method = Method::password;
          },
          Match::no}});
}
