#include "authz/group_set.hpp"

#include <memory>
#include <string>

#include "replica/replica_builder.hpp"
#include "support/catch.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

std::shared_ptr<const Replica> plant() {
    return Tables()
        .group("presses", "1")
        .group("operators", "2")
        .group("guests", "3")
        .client({.username = "press-7"})
        .acl({.group_name = "presses", .topic = "plant"})
        .acl({.group_name = "operators", .topic = "yard"})
        .load();
}

// `name` with one entry, for `topic`.
std::shared_ptr<const Replica> with_group(const Replica& before,
                                          const std::string& id,
                                          const std::string& name,
                                          const std::string& topic) {
    ReplicaBuilder builder(before);
    builder.drop_group(name);
    builder.add(GroupRow{.id = id, .name = name});
    builder.add(EntryRow{.id = "9",
                         .group_name = name,
                         .effect = "allow",
                         .permission = "readWrite",
                         .topic = topic,
                         .priority = "0"});
    return std::move(builder).build();
}

bool allows(GroupSet& set, const Replica& replica, std::string_view topic) {
    const AclEntry* entry =
        set.policy(replica).deciding_entry(Request::publish(topic, 0, false), {});
    return entry != nullptr && entry->effect == Effect::allow;
}

}  // namespace

TEST_CASE("a policy is compiled again when one of its groups changed, and only then",
          "[authz]") {
    const auto first = plant();
    GroupSet set({{"1", "2"}, {}});
    CHECK(set.compiled_generation() == 0);
    CHECK(allows(set, *first, "plant"));
    CHECK(set.compiled_generation() == first->generation());

    ReplicaBuilder builder(*first);
    builder.drop_client("press-7");
    const auto other_client = std::move(builder).build();
    CHECK(allows(set, *other_client, "plant"));
    CHECK(set.compiled_generation() == first->generation());

    const auto other_group = with_group(*other_client, "3", "guests", "lobby");
    CHECK_FALSE(allows(set, *other_group, "lobby"));
    CHECK(set.compiled_generation() == first->generation());

    const auto its_group = with_group(*other_group, "2", "operators", "gate");
    CHECK(allows(set, *its_group, "gate"));
    CHECK(allows(set, *its_group, "plant"));
    CHECK_FALSE(allows(set, *its_group, "yard"));
    CHECK(set.compiled_generation() == its_group->generation());
}

TEST_CASE("a group that was deleted has no entries, and has them again when it is back",
          "[authz]") {
    const auto first = plant();
    GroupSet set({{"1"}, {}});
    REQUIRE(allows(set, *first, "plant"));
    ReplicaBuilder builder(*first);
    builder.drop_group("presses");
    const auto without = std::move(builder).build();
    CHECK_FALSE(allows(set, *without, "plant"));
    const auto again = with_group(*without, "1", "presses", "plant");
    CHECK(allows(set, *again, "plant"));
}

TEST_CASE("of groups that are only possible what allows counts, also after a change",
          "[authz]") {
    const auto first = plant();
    GroupSet set({{"1"}, {"2"}});
    CHECK(allows(set, *first, "yard"));
    const auto changed = with_group(*first, "2", "operators", "gate");
    CHECK(allows(set, *changed, "gate"));
    CHECK_FALSE(allows(set, *changed, "yard"));
}
