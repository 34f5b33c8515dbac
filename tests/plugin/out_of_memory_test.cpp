#include <functional>
#include <new>
#include <string>

#include "authz/group_set.hpp"
#include "support/allocation_failure.hpp"
#include "support/catch.hpp"
#include "support/fake_broker.hpp"
#include "support/plant.hpp"
#include "support/scram_client.hpp"
#include "support/tables.hpp"

using namespace pgauth::testing;

namespace {

// Lets the first allocation of `attempt` fail, then only the second, and so on, until it needs
// no more. Gives how many failed.
std::size_t with_every_allocation_failing(const std::function<void(bool failed)>& check,
                                          const std::function<void()>& attempt) {
    for (std::size_t nth = 1;; ++nth) {
        bool failed = false;
        {
            const AllocationFailure failure(nth);
            attempt();
            failed = failure.happened();
        }
        CAPTURE(nth);
        check(failed);
        if (!failed) {
            return nth - 1;
        }
    }
}

}  // namespace

TEST_CASE("a login that runs out of memory is turned away for now, and nothing else breaks",
          "[plugin][tables][memory]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto bystander = connection_of("press-8");
    REQUIRE(plugin.log_in(bystander, "sesame") == MOSQ_ERR_SUCCESS);
    // Its password is known from here on: who waits for a hash that was lost waits for long.
    mosquitto known = connection_of("press-7");
    REQUIRE(plugin.log_in(known, "sesame") == MOSQ_ERR_SUCCESS);
    for (const bool clean : {true, false}) {
        mosquitto press{.id = "a client id that is too long for a small string",
                        .username = "press-7",
                        .clean_session = clean};
        int result = MOSQ_ERR_SUCCESS;
        const std::size_t failures = with_every_allocation_failing(
            [&](bool failed) {
                // A late answer knows no other refusal.
                const bool is_turned_away =
                    result == MOSQ_ERR_UNKNOWN || (is_2_1() && result == MOSQ_ERR_AUTH);
                CHECK((result == MOSQ_ERR_SUCCESS || (failed && is_turned_away)));
                // As a 2.1 broker after a refusal.
                CHECK(plugin.disconnect(press) == MOSQ_ERR_SUCCESS);
                CHECK(plugin.write(bystander, "plant/press-8/state") == MOSQ_ERR_SUCCESS);
            },
            [&] { result = plugin.log_in(press, "sesame"); });
        CHECK(failures > 3);
        CHECK(result == MOSQ_ERR_SUCCESS);
    }
}

TEST_CASE("so is a login by SCRAM", "[plugin][tables][memory][scram]") {
    Plant plant;
    plant.database().sql(
        "UPDATE mqtt_auth.credentials SET secret = 'SCRAM-SHA-256$10:MDEyMzQ1Njc4OWFiY2RlZg==$"
        "AjT989/TpsF9gOMbX+4Tvc9tpEOukZKVpULARxvurws=:"
        "CG9EJTV9mXeorPY+BlPWUwSVd5tJVyuHG5bfsnH1rx8=' WHERE username = 'press-7'");
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto bystander = connection_of("press-8");
    REQUIRE(plugin.log_in(bystander, "sesame") == MOSQ_ERR_SUCCESS);
    mosquitto press{.id = "a client id that is too long for a small string"};
    constexpr const char* method = "SCRAM-SHA-256";
    pgauth::test::ScramClient client("press-7", "sesame");
    const std::string first = client.first();
    int result = MOSQ_ERR_SUCCESS;
    const std::size_t failures = with_every_allocation_failing(
        [&](bool failed) {
            CHECK((result == MOSQ_ERR_SUCCESS || (failed && result == MOSQ_ERR_UNKNOWN)));
            CHECK(plugin.disconnect(press) == MOSQ_ERR_SUCCESS);
            CHECK(plugin.write(bystander, "plant/press-8/state") == MOSQ_ERR_SUCCESS);
            press.username.reset();
        },
        [&] {
            result = plugin.start_authentication(press, method, first);
            if (result == MOSQ_ERR_AUTH_CONTINUE) {
                std::string answer;
                {
                    const AllocationsSucceed here;
                    answer = client.answer(plugin.authentication());
                }
                result = plugin.continue_authentication(press, method, answer);
            }
        });
    CHECK(failures > 10);
    CHECK(result == MOSQ_ERR_SUCCESS);
}

TEST_CASE("a takeover that runs out of memory leaves a state that holds together",
          "[plugin][tables][memory]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    mosquitto before{.id = "a client id that is too long for a small string",
                     .username = "press-7"};
    mosquitto after = before;
    REQUIRE(plugin.log_in(before, "sesame") == MOSQ_ERR_SUCCESS);
    const std::size_t failures = with_every_allocation_failing(
        [&](bool /*failed*/) {
            CHECK(plugin.disconnect(after) == MOSQ_ERR_SUCCESS);
            CHECK(plugin.disconnect(before) == MOSQ_ERR_SUCCESS);
            CHECK(plugin.log_in(before, "sesame") == MOSQ_ERR_SUCCESS);
            CHECK(plugin.write(before, "plant/press-7/state") == MOSQ_ERR_SUCCESS);
        },
        [&] { plugin.log_in(after, "sesame"); });
    CHECK(failures > 3);
}

TEST_CASE("a check that runs out of memory is denied, unless it was decided before",
          "[plugin][tables][memory]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    int result = MOSQ_ERR_SUCCESS;
    int source = 0;
    const std::size_t failures = with_every_allocation_failing(
        [&](bool failed) {
            CHECK((result == MOSQ_ERR_SUCCESS || (failed && result == MOSQ_ERR_ACL_DENIED)));
        },
        [&] {
            // Judged by its record, which is worked out anew for each client id.
            mosquitto made_up{
                .id = std::to_string(++source), .username = "press-7", .address = std::nullopt};
            result = plugin.write(made_up, "plant/press-7/state");
        });
    CHECK(failures > 1);
    mosquitto press = connection_of("press-7");
    REQUIRE(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
    with_every_allocation_failing(
        [&](bool /*failed*/) { CHECK(result == MOSQ_ERR_ACL_DENIED); },
        [&] { result = plugin.write(press, "plant/press-8/state"); });
}

TEST_CASE("the other events survive it as well", "[plugin][tables][memory]") {
    Plant plant;
    LoadedPlugin plugin(plant.options());
    REQUIRE(plugin.init_result() == MOSQ_ERR_SUCCESS);
    int result = MOSQ_ERR_UNKNOWN;
    const auto check = [&](bool /*failed*/) { CHECK(result == MOSQ_ERR_SUCCESS); };
    with_every_allocation_failing(check, [&] { result = plugin.tick(); });
    with_every_allocation_failing(check, [&] { result = plugin.reload(); });
    for (const bool clean : {true, false}) {
        mosquitto press{.id = "press-7", .username = "press-7", .clean_session = clean};
        with_every_allocation_failing(
            [&](bool /*failed*/) {
                CHECK(result == MOSQ_ERR_SUCCESS);
                CHECK(plugin.disconnect(press) == MOSQ_ERR_SUCCESS);
            },
            [&] {
                {
                    const AllocationsSucceed here;
                    CHECK(plugin.log_in(press, "sesame") == MOSQ_ERR_SUCCESS);
                }
                result = plugin.disconnect(press);
            });
    }
}

TEST_CASE(
    "a policy that could not be compiled for want of memory is compiled by the next check",
    "[plugin][memory]") {
    using namespace pgauth;
    const auto replica_with = [](const std::string& topic) {
        return test::Tables()
            .group("presses")
            .acl({.group_name = "presses", .topic = "plant/%u/#"})
            .acl({.group_name = "presses", .topic = topic})
            .load();
    };
    const auto before = replica_with("yard/a/long/way/down");
    const auto after = replica_with("gate/another/long/way/down");
    const auto allows = [](GroupSet& set, const Replica& replica, std::string_view topic) {
        const AclEntry* entry =
            set.policy(replica).deciding_entry(Request::publish(topic, 0, false), {});
        return entry != nullptr && entry->effect == Effect::allow;
    };
    GroupSet set(Membership{{"#presses"}, {}});
    bool allowed = false;
    const std::size_t failures = with_every_allocation_failing(
        [&](bool failed) {
            CHECK((allowed || failed));
            CHECK(allows(set, *after, "gate/another/long/way/down"));
            CHECK_FALSE(allows(set, *after, "yard/a/long/way/down"));
        },
        [&] {
            {
                const AllocationsSucceed here;
                REQUIRE(allows(set, *before, "yard/a/long/way/down"));
            }
            try {
                allowed = false;
                allowed = allows(set, *after, "gate/another/long/way/down");
            } catch (const std::bad_alloc&) {
            }
        });
    CHECK(failures > 5);
}

TEST_CASE("a start that runs out of memory is no start", "[plugin][memory]") {
    std::size_t refused = 0;
    for (std::size_t nth = 1; nth < 400; nth += 7) {
        const LoadedPlugin plugin(
            {{"database_connection", "host=/nowhere"}, {"replica_start_wait", "0s"}}, nth);
        refused += plugin.init_result() != MOSQ_ERR_SUCCESS ? 1U : 0U;
        CHECK((plugin.init_result() == MOSQ_ERR_SUCCESS || plugin.callback_count() == 0));
    }
    CHECK(refused > 10);
}
