// Rows of acls: what each becomes, above all those that make no sense.

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "replica/replica_builder.hpp"
#include "support/catch.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

constexpr int top_priority = std::numeric_limits<int>::max();

const std::vector<AclEntry>& entries_of_presses(const Replica& replica) {
    return replica.find_group_by_name("presses")->entries;
}

std::shared_ptr<const Replica> replica_with(EntryRow row) {
    row.group_name = "presses";
    return Tables().group("presses").acl(row).load();
}

}  // namespace

TEST_CASE("an entry has what every column of its row says", "[replica]") {
    const auto replica = replica_with({.id = "42",
                                       .effect = "allow",
                                       .permission = "write",
                                       .topic = "plant/%u/#",
                                       .priority = "-5",
                                       .max_qos = "1",
                                       .allow_retain = "f"});
    CHECK(replica->defects().empty());
    REQUIRE(entries_of_presses(*replica).size() == 1);
    const AclEntry& entry = entries_of_presses(*replica)[0];
    CHECK(entry.id == 42);
    CHECK(entry.effect == Effect::allow);
    CHECK(entry.permission == Permission::write);
    CHECK(entry.topic.text() == "plant/%u/#");
    CHECK(entry.priority == -5);
    CHECK(entry.max_qos == 1);
    CHECK_FALSE(entry.allow_retain);
    CHECK(entry.owner == "group `presses`");
}

TEST_CASE("an entry without limits has none", "[replica]") {
    const auto replica = replica_with({.topic = "#"});
    const AclEntry& entry = entries_of_presses(*replica).at(0);
    CHECK(entry.max_qos == std::nullopt);
    CHECK(entry.allow_retain);
}

TEST_CASE("an entry of a client is the client's own", "[replica]") {
    const auto replica = Tables()
                             .group("presses")
                             .client({.username = "press-7"})
                             .acl({.username = "press-7", .topic = "#"})
                             .load();
    CHECK(entries_of_presses(*replica).empty());
    REQUIRE(replica->find_client("press-7")->entries.size() == 1);
    CHECK(replica->find_client("press-7")->entries[0].owner == "client `press-7`");
}

namespace {

struct BadRow {
    EntryRow row;
    std::string word;
    Permission denies = Permission::read_write;
    int priority = 0;
};

const std::vector<BadRow>& bad_rows() {
    static const std::vector<BadRow> rows{
        {{.topic = std::nullopt}, "topic: null: use a topic filter"},
        {{.topic = ""}, "topic"},
        {{.topic = "plant/#/x"}, "`plant/#/x`"},
        {{.topic = "plant/a+"}, "`plant/a+`"},
        {{.topic = "plant/x%u"}, "`plant/x%u`"},
        {{.topic = "plant/%{}"}, "`plant/%{}`"},
        {{.permission = "write", .topic = "#/"}, "`#/`", Permission::write},
        {{.topic = "#/", .priority = "7"}, "`#/`", Permission::read_write, 7},
        {{.permission = "readwrite", .topic = "a"},
         "permission: `readwrite`: use read, write or readWrite"},
        {{.permission = "", .topic = "a"}, "permission: ``"},
        {{.permission = "read", .topic = "a", .priority = "high"},
         "priority: `high`: use a whole number",
         Permission::read,
         top_priority},
        {{.topic = "a", .priority = "2147483648"},
         "priority: `2147483648`",
         Permission::read_write,
         top_priority},
        {{.topic = "a", .priority = "1.5"}, "priority", Permission::read_write, top_priority},
        {{.id = "", .topic = "a"}, "id: ``: use a whole number"},
        {{.topic = "a", .max_qos = "3"}, "max_qos: `3`: use 0, 1 or 2"},
        {{.topic = "a", .max_qos = "-1"}, "max_qos: `-1`"},
        {{.topic = "a", .max_qos = "one"}, "max_qos: `one`"},
        {{.topic = "a", .allow_retain = "no"}, "allow_retain: `no`: use true or false"},
    };
    return rows;
}

}  // namespace

TEST_CASE("an allow that makes no sense allows nothing, and is named", "[replica]") {
    for (const BadRow& bad : bad_rows()) {
        INFO(bad.word);
        const auto replica = replica_with(bad.row);
        CHECK(entries_of_presses(*replica).empty());
        REQUIRE(replica->defects().size() == 1);
        INFO(replica->defects()[0]);
        CHECK(replica->defects()[0].find("group `presses` allows nothing: ") !=
              std::string::npos);
        CHECK(replica->defects()[0].find(bad.word) != std::string::npos);
    }
}

TEST_CASE("a deny that makes no sense denies every topic, and is named", "[replica]") {
    for (BadRow bad : bad_rows()) {
        INFO(bad.word);
        bad.row.effect = "deny";
        const auto replica = replica_with(bad.row);
        REQUIRE(entries_of_presses(*replica).size() == 1);
        const AclEntry& entry = entries_of_presses(*replica)[0];
        CHECK(entry.effect == Effect::deny);
        CHECK(entry.topic.text().empty());
        CHECK(entry.topic.matches("$SYS/x", {}, Unsatisfiable::any_level));
        CHECK(entry.permission == bad.denies);
        CHECK(entry.priority == bad.priority);
        REQUIRE(replica->defects().size() == 1);
        INFO(replica->defects()[0]);
        CHECK(replica->defects()[0].find("group `presses` denies every topic: ") !=
              std::string::npos);
        CHECK(replica->defects()[0].find(bad.word) != std::string::npos);
    }
}

TEST_CASE("an entry of no known effect denies", "[replica]") {
    for (const std::string_view effect : {"", "Allow", "grant", "allow "}) {
        INFO(effect);
        const auto replica = replica_with({.effect = effect, .topic = "a"});
        REQUIRE(entries_of_presses(*replica).size() == 1);
        CHECK(entries_of_presses(*replica)[0].effect == Effect::deny);
        CHECK(entries_of_presses(*replica)[0].topic.text().empty());
    }
    ReplicaBuilder builder;
    builder.add(GroupRow{.id = "1", .name = "presses"});
    builder.add(EntryRow{.id = "1", .group_name = "presses"});  // everything else is null
    const auto replica = std::move(builder).build();
    CHECK(entries_of_presses(*replica).at(0).effect == Effect::deny);
}

TEST_CASE("an entry of both a group and a client allows neither and denies both", "[replica]") {
    for (const std::string_view effect : {"allow", "deny"}) {
        const auto replica = Tables()
                                 .group("presses")
                                 .client({.username = "press-7"})
                                 .acl({.group_name = "presses",
                                       .username = "press-7",
                                       .effect = effect,
                                       .topic = "a"})
                                 .load();
        const std::size_t denials = effect == "deny" ? 1 : 0;
        REQUIRE(entries_of_presses(*replica).size() == denials);
        REQUIRE(replica->find_client("press-7")->entries.size() == denials);
        for (const AclEntry& entry : entries_of_presses(*replica)) {
            CHECK(entry.effect == Effect::deny);
            CHECK(entry.topic.text().empty());
        }
        REQUIRE(replica->defects().size() == 1);
        CHECK(replica->defects()[0] == "entry `1`: it must name either a group or a client");
    }
}

TEST_CASE("an entry of neither a group nor a client is named once", "[replica]") {
    const auto replica = Tables().group("presses").acl({.topic = "a"}).load();
    CHECK(entries_of_presses(*replica).empty());
    REQUIRE(replica->defects().size() == 1);
    CHECK(replica->defects()[0] == "entry `1`: it must name either a group or a client");
}

TEST_CASE("a row that makes no sense leaves the others as they are", "[replica]") {
    const auto replica = Tables()
                             .group("presses")
                             .acl({.group_name = "presses", .topic = "#/"})
                             .acl({.group_name = "presses", .topic = "plant/#"})
                             .load();
    REQUIRE(entries_of_presses(*replica).size() == 1);
    CHECK(entries_of_presses(*replica)[0].id == 2);
}
