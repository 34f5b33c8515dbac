#include <algorithm>
#include <string>
#include <vector>

#include "replica/replica_builder.hpp"
#include "support/catch.hpp"
#include "support/quick_secret.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::quick_secret;
using pgauth::test::Tables;

namespace {

const std::string fingerprint = "SHA256:" + std::string(64, 'a');

std::shared_ptr<const Replica> plant() {
    return Tables()
        .group("presses", "1")
        .group("operators", "2")
        .client_with_password("press-7", "sesame")
        .client_with_password("press-8", "sesame")
        .credential(
            {.username = "press-7", .method = "certificate", .fingerprint = fingerprint})
        .member("presses", "press-7")
        .acl({.group_name = "presses", .topic = "plant/%u/#"})
        .acl({.username = "press-7", .topic = "own"})
        .rule({.name = "all", .username = "*", .groups = R"(["operators"])"})
        .revoked("SHA256:" + std::string(64, 'b'))
        .load();
}

}  // namespace

TEST_CASE("what is not touched by an update is the same object as before", "[replica]") {
    const auto before = plant();
    ReplicaBuilder builder(*before);
    builder.drop_client("press-8");
    builder.add(ClientRow{.username = "press-8", .enabled = "f"});
    const auto after = std::move(builder).build();
    CHECK(after->find_rows("press-7") == before->find_rows("press-7"));
    CHECK_FALSE(after->find_rows("press-8") == before->find_rows("press-8"));
    CHECK(after->find_group("1") == before->find_group("1"));
    CHECK(after->groups_generation() == before->groups_generation());
    CHECK(after->rules_generation() == before->rules_generation());
    CHECK(after->generation() != before->generation());
    CHECK_FALSE(after->find_client("press-8")->enabled);
    CHECK(after->find_client("press-8")->credentials.empty());
    CHECK(before->find_client("press-8")->enabled);
}

TEST_CASE("a client that is dropped takes along all that belongs to it", "[replica]") {
    const auto before = plant();
    ReplicaBuilder builder(*before);
    builder.drop_client("press-7");
    builder.drop_client("never there");
    const auto after = std::move(builder).build();
    CHECK(after->find_client("press-7") == nullptr);
    CHECK(after->find_client_by_fingerprint(fingerprint) == nullptr);
    CHECK(before->find_client_by_fingerprint(fingerprint) != nullptr);
    CHECK(after->client_count() == 1);
}

TEST_CASE("a fingerprint that two clients claimed is that of who is left", "[replica]") {
    const auto before = plant();
    ReplicaBuilder both(*before);
    both.drop_client("press-8");
    both.add(ClientRow{.username = "press-8", .enabled = "t"});
    both.add(CredentialRow{
        .id = "9", .username = "press-8", .method = "certificate", .fingerprint = fingerprint});
    const auto claimed = std::move(both).build();
    CHECK(claimed->find_client_by_fingerprint(fingerprint) == nullptr);
    CHECK(claimed->defects().size() == 1);
    ReplicaBuilder one(*claimed);
    one.drop_client("press-7");
    const auto after = std::move(one).build();
    REQUIRE(after->find_client_by_fingerprint(fingerprint) != nullptr);
    CHECK(after->find_client_by_fingerprint(fingerprint)->username == "press-8");
}

TEST_CASE("a group that changes is another object, and no other is", "[replica]") {
    const auto before = plant();
    ReplicaBuilder builder(*before);
    builder.drop_group("presses");
    builder.add(GroupRow{.id = "1", .name = "presses"});
    const auto after = std::move(builder).build();
    CHECK(after->find_group("1")->entries.empty());
    CHECK(before->find_group("1")->entries.size() == 1);
    CHECK(after->find_group("2") == before->find_group("2"));
    CHECK(after->groups_generation() == after->generation());
    // Who is in which group is as it was.
    CHECK(after->rules_generation() == before->rules_generation());
    CHECK(after->find_client("press-7")->groups == std::vector<GroupId>{"1"});
}

TEST_CASE("a name that stands for another group counts with memberships and rules",
          "[replica]") {
    const auto before = plant();
    ReplicaBuilder builder(*before);
    builder.drop_group("presses");
    builder.drop_group("operators");
    builder.add(GroupRow{.id = "2", .name = "presses"});
    const auto after = std::move(builder).build();
    CHECK(after->rules_generation() == after->generation());
    CHECK(after->find_client("press-7")->groups == std::vector<GroupId>{"2"});
    CHECK(after->find_group_by_name("operators") == nullptr);
    CHECK(after->group_count() == 1);
}

TEST_CASE("rules and revoked certificates come and go one by one", "[replica]") {
    const auto before = plant();
    const std::string revoked = "SHA256:" + std::string(64, 'b');
    ReplicaBuilder builder(*before);
    builder.drop_rule("all");
    builder.drop_revoked_certificate(revoked);
    builder.add(RevokedCertificateRow{.fingerprint = fingerprint});
    const auto after = std::move(builder).build();
    CHECK(after->rule_count() == 0);
    CHECK(after->rules_generation() == after->generation());
    CHECK_FALSE(after->is_revoked(revoked));
    CHECK(after->is_revoked(fingerprint));
    CHECK(before->is_revoked(revoked));
    CHECK(before->rule_count() == 1);
}

TEST_CASE("a defect goes with the row that had it", "[replica]") {
    const auto before = Tables()
                            .group("presses")
                            .client({.username = "press-7", .enabled = "yes"})
                            .acl({.group_name = "presses", .topic = "a/#/b"})
                            .rule({.name = "x", .syntax = "like", .groups = "[]"})
                            .load();
    CHECK(before->defects().size() == 3);
    ReplicaBuilder builder(*before);
    builder.drop_client("press-7");
    builder.drop_group("presses");
    builder.drop_rule("x");
    builder.add(GroupRow{.id = "#presses", .name = "presses"});
    builder.add(ClientRow{.username = "press-7", .enabled = "t"});
    CHECK(std::move(builder).build()->defects().empty());
}

TEST_CASE("the decoy is of what most passwords cost by now", "[replica]") {
    const std::string cheap = quick_secret("sesame");
    const std::string dear = "$2b$10$" + std::string(53, 'e');
    const auto before =
        Tables()
            .client({.username = "a"})
            .client({.username = "b"})
            .client({.username = "c"})
            .credential({.username = "a", .method = "password", .secret = dear})
            .credential({.username = "b", .method = "password", .secret = dear})
            .credential({.username = "c", .method = "password", .secret = cheap})
            .load();
    CHECK(before->decoy_secret() == dear);
    ReplicaBuilder builder(*before);
    builder.drop_client("a");
    builder.drop_client("b");
    const auto after = std::move(builder).build();
    CHECK(after->decoy_secret() == cheap);
}

TEST_CASE("what was read afresh shares what it has in common with what was there",
          "[replica]") {
    const auto before = plant();
    SECTION("the same tables") {
        ReplicaBuilder builder;
        before->for_each_rows([&](const PackedRows& rows) { builder.add(rows); });
        CHECK(builder.share_with(*before).empty());
        const auto after = std::move(builder).build();
        CHECK(after->find_rows("press-7") == before->find_rows("press-7"));
        CHECK(after->find_group("1") == before->find_group("1"));
        CHECK(after->groups_generation() == before->groups_generation());
        CHECK(after->rules_generation() == before->rules_generation());
        CHECK(after->find_client_by_fingerprint(fingerprint)->username == "press-7");
        CHECK(after->find_client("press-7")->entries.size() == 1);
        CHECK(after->find_client("press-7")->groups == std::vector<GroupId>{"1"});
        CHECK(after->is_revoked("SHA256:" + std::string(64, 'b')));
        CHECK(after->rule_count() == 1);
        CHECK(after->defects().empty());
    }
    SECTION("other tables") {
        ReplicaBuilder builder;
        builder.add(GroupRow{.id = "1", .name = "presses"});
        builder.add(ClientRow{.username = "press-8", .enabled = "t"});
        builder.add(ClientRow{.username = "press-9", .enabled = "t"});
        auto changed = builder.share_with(*before);
        std::sort(changed.begin(), changed.end());
        CHECK(changed == std::vector<std::string>{"press-7", "press-8", "press-9"});
        const auto after = std::move(builder).build();
        CHECK(after->groups_generation() == after->generation());
        CHECK(after->rules_generation() == after->generation());
    }
}
