#include "replica/replica_builder.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/quick_secret.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::quick_secret;
using pgauth::test::Tables;

namespace {

// Every word must be in the one defect.
void check_only_defect(const Replica& replica, const std::vector<std::string>& words) {
    REQUIRE(replica.defects().size() == 1);
    INFO(replica.defects()[0]);
    for (const std::string& word : words) {
        INFO(word);
        CHECK(replica.defects()[0].find(word) != std::string::npos);
    }
    CHECK(replica.defects()[0].find('\n') == std::string::npos);
}

Instant at(double seconds) {
    using Seconds = std::chrono::duration<double>;
    return Instant(std::chrono::duration_cast<Instant::duration>(Seconds(seconds)));
}

}  // namespace

TEST_CASE("tables without rows are a replica without defects", "[replica]") {
    const auto replica = ReplicaBuilder().build();
    CHECK(replica->client_count() == 0);
    CHECK(replica->group_count() == 0);
    CHECK(replica->defects().empty());
    CHECK(replica->decoy_secret().empty());
    CHECK(replica->find_client("") == nullptr);
    CHECK(replica->find_group("") == nullptr);
    CHECK(replica->find_group_by_name("") == nullptr);
}

TEST_CASE("every replica has a generation of its own", "[replica]") {
    const auto one = ReplicaBuilder().build();
    const auto other = ReplicaBuilder().build();
    CHECK(one->generation() != other->generation());
    CHECK(one->generation() != 0);
}

TEST_CASE("a client has what every column of its row says", "[replica]") {
    const auto replica =
        Tables()
            .client({.username = "press-7",
                     .name = "Press 7",
                     .client_id = "%u-*",
                     .required_methods = R"(["password", "certificate"])",
                     .networks = R"(["10.1.0.0/16", "2001:db8::/32"])",
                     .valid_from = "1700000000.5",
                     .valid_until = "1800000000",
                     .attributes = R"({"line": 2, "hall": "north", "spare": true, "x": null})"})
            .load();
    CHECK(replica->defects().empty());
    const auto client = replica->find_client("press-7");
    REQUIRE(client != nullptr);
    CHECK(client->name == "Press 7");
    CHECK(client->enabled);
    CHECK_FALSE(client->defective);
    CHECK(client->client_id->text() == "%u-*");
    CHECK(client->required_methods == MethodSet{Method::password, Method::certificate});
    CHECK(client->networks == std::vector{Network::parse("10.1.0.0/16").value(),
                                          Network::parse("2001:db8::/32").value()});
    CHECK(client->window == Window{at(1700000000.5), at(1800000000)});
    CHECK(client->attributes ==
          Attributes{{"line", "2"}, {"hall", "north"}, {"spare", "true"}});
}

TEST_CASE("a client of defaults may connect from anywhere, as anything, at any time",
          "[replica]") {
    const auto replica = Tables().client({.username = "press-7"}).load();
    const auto client = replica->find_client("press-7");
    REQUIRE(client != nullptr);
    CHECK(client->name == "press-7");
    CHECK_FALSE(client->client_id);
    CHECK(client->required_methods.empty());
    CHECK_FALSE(client->networks);
    CHECK(client->window == Window{});
    CHECK(client->attributes.empty());
}

TEST_CASE("numbers in attributes keep the spelling that the database shows", "[replica]") {
    struct Row {
        std::string attributes;
        std::string value;
    };

    const std::vector<Row> rows{
        {R"({"k": 7})", "7"},
        {R"({"k": -7})", "-7"},
        {R"({"k": 18446744073709551615})", "18446744073709551615"},
        {R"({"k": 1.5})", "1.5"},
    };
    for (const Row& row : rows) {
        INFO(row.attributes);
        const auto replica =
            Tables().client({.username = "press-7", .attributes = row.attributes}).load();
        CHECK(replica->find_client("press-7")->attributes == Attributes{{"k", row.value}});
    }
}

TEST_CASE("a number in attributes keeps every digit", "[replica]") {
    const auto value_of = [](const std::string& number) {
        const std::string attributes = R"({"k": )" + number + "}";
        return Tables()
            .client({.username = "press-7", .attributes = attributes})
            .load()
            ->find_client("press-7")
            ->attributes.at("k");
    };
    CHECK(value_of("123456789012345678901") == "123456789012345678901");
    CHECK(value_of("1.10") == "1.10");
}

TEST_CASE("a client whose row makes no sense is refused, and named", "[replica]") {
    struct Row {
        std::string column;
        ClientRow row;
        std::string accepted;
    };

    const std::vector<Row> rows{
        {"enabled", {.enabled = "yes"}, "true or false"},
        {"enabled", {.enabled = ""}, "true or false"},
        {"required_methods", {.required_methods = R"(["passwd"])"}, "password, certificate"},
        {"required_methods", {.required_methods = "password"}, "an array"},
        {"required_methods", {.required_methods = "[null]"}, "an array without nulls"},
        {"required_methods", {.required_methods = ""}, "an array"},
        {"networks", {.networks = "[]"}, "null for any address"},
        {"networks", {.networks = R"(["10.1.0.0/33"])"}, "`10.1.0.0/16`"},
        {"networks", {.networks = R"(["10.1.0.0/16", "x"])"}, "`10.1.0.0/16`"},
        {"networks", {.networks = "null"}, "an array"},
        {"networks", {.networks = R"(["10.1.0.0/16")"}, "an array"},
        {"valid_from", {.valid_from = "tomorrow"}, "a time"},
        {"valid_from", {.valid_from = "NaN"}, "a time"},
        {"valid_until", {.valid_until = "1800000000x"}, "a time"},
        {"valid_until", {.valid_until = ""}, "a time"},
        {"attributes", {.attributes = "[]"}, "a JSON object"},
        {"attributes", {.attributes = R"({"line": )"}, "a JSON object"},
        {"attributes", {.attributes = R"({"line": [2]})"}, "text, numbers or booleans"},
    };
    for (Row row : rows) {
        INFO(row.column);
        row.row.username = "press-7";
        const auto replica = Tables().client(row.row).client({.username = "press-8"}).load();
        REQUIRE(replica->find_client("press-7") != nullptr);
        CHECK(replica->find_client("press-7")->defective);
        CHECK_FALSE(replica->find_client("press-8")->defective);
        check_only_defect(*replica,
                          {"client `press-7` is refused", row.column + ": ", row.accepted});
    }
}

TEST_CASE("a client without enabled is refused", "[replica]") {
    ReplicaBuilder builder;
    builder.add(ClientRow{.username = "press-7"});
    const auto replica = std::move(builder).build();
    CHECK(replica->find_client("press-7")->defective);
    check_only_defect(*replica, {"client `press-7` is refused", "enabled: null"});
}

TEST_CASE("a client without a username is nobody", "[replica]") {
    for (const Field& username : {Field(), Field("")}) {
        const auto replica = Tables().client({.username = username}).load();
        CHECK(replica->client_count() == 0);
        check_only_defect(*replica, {"client: username: "});
    }
}

TEST_CASE("a client that occurs twice is refused, whichever row was good", "[replica]") {
    const ClientRow good{.username = "press-7"};
    const ClientRow bad{.username = "press-7", .enabled = "x"};
    for (const auto& [first, second] : {std::pair(good, good), {good, bad}, {bad, good}}) {
        const auto replica = Tables().client(first).client(second).load();
        CHECK(replica->client_count() == 1);
        CHECK(replica->find_client("press-7")->defective);
        CHECK(replica->defects().back() == "client `press-7` is refused: it occurs twice");
    }
}

TEST_CASE("infinite bounds are no bounds where they lie outside, and none ever where not",
          "[replica]") {
    struct Row {
        Field from;
        Field until;
        bool now;
    };

    const std::vector<Row> rows{
        {"-Infinity", "Infinity", true},
        {"Infinity", std::nullopt, false},
        {std::nullopt, "-Infinity", false},
        {"-1e300", "1e300", true},
        {"1e300", std::nullopt, false},
        {std::nullopt, "-1e300", false},
        {"9223372036.8547758", std::nullopt, false},  // the last that an Instant can hold
        {"-62135596800", "253402300799", true},       // the years 1 to 9999
    };
    for (const Row& row : rows) {
        INFO(row.from.value_or("null") << " to " << row.until.value_or("null"));
        const auto replica =
            Tables()
                .client(
                    {.username = "press-7", .valid_from = row.from, .valid_until = row.until})
                .load();
        CHECK(replica->find_client("press-7")->window.contains(at(1750000000)) == row.now);
        CHECK(replica->defects().empty());
    }
}

TEST_CASE("a credential has what every column of its row says", "[replica]") {
    const std::string secret = quick_secret("s3cret");
    const std::string pinned = "SHA256:" + std::string(64, '9');
    const auto replica =
        Tables()
            .client({.username = "press-7"})
            .credential({.id = "42",
                         .username = "press-7",
                         .method = "password",
                         .secret = secret,
                         .valid_until = "1800000000"})
            .credential({.username = "press-7", .method = "certificate", .fingerprint = pinned})
            .load();
    CHECK(replica->defects().empty());
    const auto client = replica->find_client("press-7");
    const auto& credentials = client->credentials;
    REQUIRE(credentials.size() == 2);
    CHECK(credentials[0].id == 42);
    CHECK(credentials[0].method == Method::password);
    CHECK(credentials[0].secret == secret);
    CHECK(credentials[0].window == Window{std::nullopt, at(1800000000)});
    CHECK(credentials[1].method == Method::certificate);
    CHECK(credentials[1].fingerprint == pinned);
}

TEST_CASE("a credential that makes no sense satisfies nothing, and the client keeps the rest",
          "[replica]") {
    const std::string good = quick_secret("s3cret");
    const std::string cut_short = good.substr(0, good.size() - 5);

    struct Row {
        std::string name;
        CredentialRow row;
        std::string word;
    };

    const std::vector<Row> rows{
        {"id", {.id = "x", .secret = good}, "id: `x`"},
        {"no secret", {}, "secret: "},
        {"clear password", {.secret = "s3cret-in-clear"}, "secret: "},
        {"cut short", {.secret = cut_short}, "secret: "},
        {"window", {.secret = good, .valid_until = "soon"}, "valid_until: `soon`"},
        {"method", {.method = "passwd", .secret = good}, "method: `passwd`: use password"},
        {"rehashed from", {.secret = good, .rehashed_from = "x"}, "rehashed_from: `x`: use"},
    };
    for (Row row : rows) {
        INFO(row.name);
        row.row.username = "press-7";
        row.row.method = row.row.method.value_or("password");
        const auto replica =
            Tables().client_with_password("press-7", "another").credential(row.row).load();
        CHECK(replica->find_client("press-7")->credentials.size() == 1);
        CHECK_FALSE(replica->find_client("press-7")->defective);
        check_only_defect(*replica,
                          {"credential ", "client `press-7` satisfies nothing", row.word});
    }
}

TEST_CASE("no defect tells a secret", "[replica]") {
    const std::string salt_and_hash = quick_secret("s3cret").substr(5);
    for (const std::string& secret : {std::string("hunter2-in-clear"),
                                      "$7$0$" + salt_and_hash,
                                      "$7$1$" + salt_and_hash + "x",
                                      "$6$" + salt_and_hash + "==",
                                      "$2b$10$" + salt_and_hash,
                                      "$argon2id$" + salt_and_hash,
                                      "$y$j9T$" + salt_and_hash,
                                      "$5$rounds=1$" + salt_and_hash}) {
        INFO(secret);
        for (const Field method : {"password", "passwd"}) {
            const auto replica =
                Tables()
                    .client({.username = "press-7"})
                    .credential({.username = "press-7", .method = method, .secret = secret})
                    .load();
            REQUIRE(replica->defects().size() == 1);
            const std::string defect = replica->defects()[0];
            INFO(defect);
            CHECK(defect.find("hunter2") == std::string::npos);
            CHECK(defect.find(salt_and_hash.substr(0, 16)) == std::string::npos);
            CHECK(defect.find(salt_and_hash.substr(20, 16)) == std::string::npos);
        }
    }
}

TEST_CASE("what belongs to nobody is named and has no effect", "[replica]") {
    const std::string secret = quick_secret("s3cret");
    const auto of_credential =
        Tables()
            .credential({.username = "ghost", .method = "password", .secret = secret})
            .load();
    check_only_defect(*of_credential, {"credential `1`", "client `ghost` does not exist"});
    CHECK(of_credential->decoy_secret().empty());

    const auto of_member = Tables().group("presses").member("presses", "ghost").load();
    check_only_defect(*of_member, {"client `ghost` in group `presses`"});

    const auto of_group =
        Tables().client({.username = "press-7"}).member("x", "press-7").load();
    check_only_defect(*of_group, {"client `press-7` in group `x`"});
    CHECK(of_group->find_client("press-7")->groups.empty());

    const auto of_entry = Tables().acl({.group_name = "x", .topic = "#"}).load();
    check_only_defect(*of_entry, {"entry `1`", "group `x`", "no such group or client"});
}

TEST_CASE("the decoy costs what most passwords cost", "[replica]") {
    Tables tables;
    tables.client({.username = "press-7"});
    const auto add = [&](int iterations) {
        const std::string secret = quick_secret("s3cret", iterations);
        tables.credential({.username = "press-7", .method = "password", .secret = secret});
    };
    add(3);
    add(2);
    add(1);
    add(2);
    CHECK(tables.load()->decoy_secret() == quick_secret("s3cret", 2));
}

TEST_CASE("a group is found by its id and by its name", "[replica]") {
    const auto replica = Tables().group("presses", "17").load();
    REQUIRE(replica->find_group("17") != nullptr);
    CHECK(replica->find_group("17")->name == "presses");
    CHECK(replica->find_group("17") == replica->find_group_by_name("presses"));
    CHECK(replica->find_group("presses") == nullptr);
    CHECK(replica->find_group_by_name("17") == nullptr);
}

TEST_CASE("a group whose row makes no sense is named", "[replica]") {
    struct Row {
        GroupRow row;
        std::string word;
    };

    const std::vector<Row> rows{
        {{.id = std::nullopt, .name = "lathes"}, "group `lathes`: id: null"},
        {{.id = "2", .name = std::nullopt}, "group null: name: null"},
        {{.id = "", .name = "lathes"}, "group `lathes`: id: ``"},
        {{.id = "1", .name = "lathes"}, "its id or its name occurs twice"},
        {{.id = "2", .name = "presses"}, "its id or its name occurs twice"},
    };
    for (const Row& row : rows) {
        INFO(row.word);
        ReplicaBuilder builder;
        builder.add(GroupRow{.id = "1", .name = "presses"});
        builder.add(row.row);
        const auto replica = std::move(builder).build();
        CHECK(replica->group_count() == 1);
        CHECK(replica->find_group_by_name("presses")->id == "1");
        check_only_defect(*replica, {row.word});
    }
}

TEST_CASE("a rule has its groups, and those that do not exist are named", "[replica]") {
    const auto replica =
        Tables()
            .group("presses", "1")
            .rule({.name = "all", .username = "*", .groups = R"(["x", "presses"])"})
            .load();
    REQUIRE(replica->rule_count() == 1);
    replica->for_each_rule([](const GroupRule& rule) {
        CHECK(rule.group_names == std::vector<std::string>{"x", "presses"});
    });
    check_only_defect(*replica, {"group rule `all`", "group `x` does not exist"});
}

TEST_CASE("a rule that makes no sense matches nobody, and is named", "[replica]") {
    struct Row {
        RuleRow row;
        std::string word;
    };

    const std::vector<Row> rows{
        {{.name = ""}, "name: ``: use a name"},
        {{.enabled = "on"}, "enabled: `on`: use true or false"},
        {{.syntax = "like"}, "syntax: `like`: use exact, glob or regex"},
        {{.syntax = "regex", .username = "("}, "username: regular expression `(`"},
        {{.syntax = "regex", .username = "a", .client_id = "[a"},
         "client_id: regular expression `[a`"},
        {{.address = "10.1"}, "address: `10.1` is not a network"},
        {{.method = "passwd"}, "method: `passwd`: use password, certificate, psk"},
        {{.groups = "presses"}, "groups: `presses`: use an array without nulls"},
        {{.groups = "[null]"}, "groups: `[null]`"},
    };
    for (Row row : rows) {
        INFO(row.word);
        row.row.username = row.row.username.value_or("*");
        row.row.groups = row.row.groups.value_or("[]");
        const auto replica = Tables().rule(row.row).load();
        CHECK(replica->rule_count() == 0);
        check_only_defect(*replica, {"group rule ", " matches nobody: ", row.word});
    }
}

TEST_CASE("a revoked fingerprint is known as revoked, and a null is named", "[replica]") {
    ReplicaBuilder builder;
    builder.add(RevokedCertificateRow{.fingerprint = "SHA256:9f86"});
    builder.add(RevokedCertificateRow{.fingerprint = std::nullopt});
    const auto replica = std::move(builder).build();
    CHECK(replica->is_revoked("SHA256:9f86"));
    CHECK_FALSE(replica->is_revoked("SHA256:9f8"));
    CHECK_FALSE(replica->is_revoked(""));
    check_only_defect(*replica, {"revoked certificate"});
}
