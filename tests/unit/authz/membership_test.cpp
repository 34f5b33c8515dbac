#include "authz/membership.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

std::shared_ptr<const Replica> plant() {
    return Tables()
        .group("a", "1")
        .group("b", "2")
        .group("c", "3")
        .client({.username = "press-7"})
        .member("b", "press-7")
        .member("b", "press-7")
        .rule({.username = "press-*", .groups = R"(["a", "b"])"})
        .rule({.username = "*-7", .groups = R"(["a"])"})
        .rule({.username = "lathe-*", .groups = R"(["c"])"})
        .rule({.enabled = "f", .username = "*", .groups = R"(["c"])"})
        .rule({.groups = R"(["c"])"})
        .load();
}

Membership groups_of_press(const Replica& replica,
                           const ConnectionFacts::Transport* transport) {
    ConnectionFacts facts{.username = "press-7", .client_name = "press-7"};
    facts.transport = transport;
    return groups_of(replica, *replica.find_client("press-7"), facts);
}

}  // namespace

TEST_CASE("groups are those of the members and of every rule that matches, each once",
          "[authz]") {
    const ConnectionFacts::Transport nothing_shown;
    const auto replica = plant();
    CHECK(groups_of_press(*replica, &nothing_shown) == Membership{{"1", "2"}, {}});
    CHECK(groups_of_press(*replica, nullptr) == Membership{{"1", "2"}, {}});
}

TEST_CASE("a group that is certain is not merely possible", "[authz]") {
    const auto replica =
        Tables()
            .group("a", "1")
            .group("b", "2")
            .client({.username = "press-7"})
            .member("a", "press-7")
            .rule({.address = "10.1.0.0/16", .groups = R"(["b", "a"])"})
            .rule({.username = "press-*", .method = "psk", .groups = R"(["b"])"})
            .rule({.username = "lathe-*", .method = "psk", .groups = R"(["b"])"})
            .load();
    CHECK(groups_of_press(*replica, nullptr) == Membership{{"1"}, {"2"}});
    const ConnectionFacts::Transport nothing_shown;
    CHECK(groups_of_press(*replica, &nothing_shown) == Membership{{"1"}, {}});
    ConnectionFacts::Transport psk;
    psk.methods = {Method::psk};
    CHECK(groups_of_press(*replica, &psk) == Membership{{"1", "2"}, {}});
}

TEST_CASE("each group is told with the membership or the rules that it came by", "[authz]") {
    const auto replica =
        Tables()
            .group("a", "1")
            .group("b", "2")
            .client({.username = "press-7"})
            .member("b", "press-7")
            .rule({.name = "late", .username = "press-*", .groups = R"(["a", "b"])"})
            .rule({.name = "early", .username = "*-7", .groups = R"(["a"])"})
            .rule({.name = "other", .username = "lathe-*", .groups = R"(["a"])"})
            .rule({.name = "nothing", .username = "*", .groups = R"(["no such"])"})
            .load();
    const ConnectionFacts facts{.username = "press-7", .client_name = "press-7"};
    std::vector<std::string> told;
    for (const GroupSource& source :
         sources_of(*replica, *replica->find_client("press-7"), facts)) {
        told.push_back(source.group + " by " + source.rule);
    }
    CHECK(told == std::vector<std::string>{"b by ", "a by early", "a by late", "b by late"});
}
