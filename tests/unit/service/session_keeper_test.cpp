#include "service/session_keeper.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authn/admission.hpp"
#include "authn/authenticator.hpp"
#include "service/kick_queue.hpp"
#include "support/catch.hpp"
#include "support/check_password.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

const Instant now{std::chrono::seconds(1'750'000'000)};
constexpr std::string_view soon = "1750000010";
constexpr std::string_view later = "1750000020";
const std::array<char, 4000> connections{};

using Names = std::vector<std::string>;

// Sessions, and the tables that they are kept true to.
struct Plant {
    std::shared_ptr<const Replica> replica;
    AuthnOptions authn;
    AuthzOptions authz{.apply_changes = ApplyChanges::immediately};
    SessionTable sessions;
    Authorizer authorizer;
    KickQueue kicks;
    SessionKeeper keeper{sessions, authorizer, kicks};
    std::size_t connected = 0;

    explicit Plant(Tables tables) : replica(tables.load()) {}

    [[nodiscard]] Circumstances circumstances() const { return {replica.get(), authn, authz}; }

    const void* log_in(const std::string& client_id, const std::string& username) {
        const LoginAttempt attempt{.client_id = client_id,
                                   .username = username,
                                   .password = "s3cret",
                                   .address = std::nullopt};
        const Screening screening = Authenticator(authn).screen(*replica, attempt, now);
        const LoginDecision decision = screening.conclude(check_password(screening, "s3cret"));
        REQUIRE(decision.outcome == LoginOutcome::accepted);
        Session session;
        session.client_id = client_id;
        session.username = username;
        session.token = &connections.at(connected++);
        session.admission = admission_of(attempt, decision);
        session.rights =
            authorizer.settle(circumstances(),
                              decision.client,
                              client_id,
                              transport_of(*session.admission, decision.satisfied));
        keeper.take_over(session, authz, now);
        const void* token = session.token;
        sessions.open(std::move(session));
        return token;
    }

    // How many steps it took.
    std::size_t work(Instant at = now) {
        std::size_t steps = 0;
        while (keeper.step(circumstances(), at)) {
            ++steps;
        }
        return steps;
    }

    Names kicked() {
        Names names;
        while (const auto kick = kicks.next(sessions, std::nullopt)) {
            names.push_back(kick->client_id);
        }
        return names;
    }
};

Tables presses() {
    Tables tables;
    tables.group("presses");
    for (const char* name : {"press-7", "press-8"}) {
        tables.client_with_password(name, "s3cret").member("presses", name);
    }
    return tables;
}

Tables without_press_7() {
    Tables tables;
    tables.group("presses").client_with_password("press-8", "s3cret");
    return tables;
}

}  // namespace

TEST_CASE("a change of one client costs what its own sessions cost", "[service]") {
    Plant plant(presses());
    for (int i = 0; i < 3000; ++i) {
        plant.log_in("other " + std::to_string(i), "press-8");
    }
    plant.log_in("a", "press-7");
    plant.log_in("b", "press-7");
    plant.replica = without_press_7().load();
    plant.keeper.note({.clients = {"nobody", "press-7"}});
    CHECK(plant.work() < 10);
    CHECK(plant.kicked() == Names{"a", "b"});
}

TEST_CASE(
    "everything and rules have all sessions gone through, whoever comes and goes meanwhile",
    "[service]") {
    for (const Changes& changes : {Changes{.everything = true}, Changes{.rules = true}}) {
        Plant plant(presses());
        std::vector<const void*> tokens;
        for (int i = 0; i < 50; ++i) {
            const std::string name = i % 2 == 0 ? "press-7" : "press-8";
            tokens.push_back(plant.log_in("c" + std::to_string(i), name));
        }
        plant.replica = without_press_7().load();
        plant.keeper.note(changes);
        for (std::size_t i = 0; i < 10; ++i) {
            CHECK(plant.keeper.step(plant.circumstances(), now));
            plant.sessions.close(tokens[i], std::nullopt);
            plant.log_in("new " + std::to_string(i), "press-8");
        }
        plant.work();
        for (int i = 10; i < 50; ++i) {
            const Session* session = plant.sessions.find_connected("c" + std::to_string(i));
            REQUIRE(session != nullptr);
            CHECK(session->cut.has_value() == (i % 2 == 0));
        }
        CHECK(plant.kicked().size() == 20);
    }
}

TEST_CASE("what changes while all are gone through is not missed", "[service]") {
    Plant plant(presses());
    for (int i = 0; i < 10; ++i) {
        plant.log_in("c" + std::to_string(i), "press-7");
    }
    plant.keeper.note({.everything = true});
    for (int i = 0; i < 5; ++i) {
        CHECK(plant.keeper.step(plant.circumstances(), now));
    }
    plant.replica = without_press_7().load();
    plant.keeper.note({.everything = true});
    plant.work();
    CHECK(plant.kicked().size() == 10);
}

TEST_CASE("with reconnect changes do nothing, and are forgotten", "[service]") {
    Plant plant(presses());
    plant.log_in("a", "press-7");
    plant.authz.apply_changes = ApplyChanges::reconnect;
    plant.replica = without_press_7().load();
    plant.keeper.note({.everything = true, .clients = {"press-7"}});
    CHECK(plant.work() == 0);
    plant.authz.apply_changes = ApplyChanges::immediately;
    CHECK(plant.work() == 0);
    CHECK(plant.kicked().empty());
}

TEST_CASE("each window that ends is a deadline, and only the one that counts cuts",
          "[service]") {
    Tables tables;
    tables.client({.username = "press-7", .valid_until = later});
    const std::string secret = pgauth::test::quick_secret("s3cret");
    const std::string other = pgauth::test::quick_secret("another");
    tables.credential({.username = "press-7", .method = "password", .secret = secret})
        .credential({.username = "press-7",
                     .method = "password",
                     .secret = other,
                     .valid_until = soon});
    Plant plant(std::move(tables));
    plant.log_in("a", "press-7");
    using std::chrono::seconds;
    CHECK(plant.work(now + seconds(9)) == 0);
    CHECK(plant.work(now + seconds(10)) == 1);
    CHECK(plant.kicked().empty());
    CHECK(plant.work(now + seconds(19)) == 0);
    CHECK(plant.work(now + seconds(20)) == 1);
    CHECK(plant.kicked() == Names{"a"});
    CHECK(plant.work(now + seconds(3000)) == 0);
}

TEST_CASE("a session that ended, or that another keeper opened, is left alone", "[service]") {
    Plant plant(presses());
    const void* gone = plant.log_in("gone", "press-7");
    plant.log_in("a", "press-7");
    SessionKeeper other(plant.sessions, plant.authorizer, plant.kicks);
    plant.sessions.close(gone, std::nullopt);
    plant.replica = without_press_7().load();
    other.note(
        {.everything = true, .clients = {"press-7"}, .disconnects = {{.username = "press-7"}}});
    while (other.step(plant.circumstances(), now)) {
    }
    CHECK(plant.kicked().empty());
    plant.keeper.note({.clients = {"press-7"}});
    plant.work();
    CHECK(plant.kicked() == Names{"a"});
}

TEST_CASE("disconnect() is for who was there when it was called", "[service]") {
    struct Row {
        std::string name;
        Disconnect whom;
        Names kicked;
    };

    const Row rows[] = {
        {"a client", {.username = "press-7"}, {"a", "b"}},
        {"a group", {.group_name = "presses"}, {"a", "b", "c"}},
        {"an unknown client", {.username = "nobody"}, {}},
        {"an unknown group", {.group_name = "nobody"}, {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        Plant plant(presses());
        plant.authz.apply_changes = ApplyChanges::reconnect;
        plant.log_in("a", "press-7");
        plant.log_in("b", "press-7");
        plant.log_in("c", "press-8");
        plant.keeper.note({.disconnects = {row.whom}});
        plant.log_in("came later", "press-7");
        plant.work();
        CHECK(plant.kicked() == row.kicked);
    }
}

TEST_CASE("a command that names many waits while many kicks do", "[service]") {
    Plant plant(presses());
    for (std::size_t i = 0; i < 2 * KickQueue::many; ++i) {
        plant.log_in("c" + std::to_string(i), "press-7");
    }
    plant.keeper.note({.disconnects = {{.group_name = "presses"}}});
    plant.work();
    CHECK(plant.kicks.has_many());
    CHECK(plant.kicked().size() == KickQueue::many);
    plant.work();
    CHECK(plant.kicked().size() == KickQueue::many);
    plant.work();
    CHECK(plant.kicked().empty());
}

TEST_CASE("the groups of a session that is not connected follow, and it is not kicked",
          "[service]") {
    Plant plant(presses());
    plant.log_in("a", "press-7");
    Session* session = plant.sessions.next("press-7", 0);
    REQUIRE(session != nullptr);
    session->durable = true;
    plant.sessions.close(session->token, std::nullopt);
    plant.replica = Tables()
                        .group("others")
                        .client_with_password("press-7", "s3cret")
                        .member("others", "press-7")
                        .load();
    plant.keeper.note({.clients = {"press-7"}});
    plant.work();
    CHECK(session->rights.groups->groups().certain == std::vector<GroupId>{"#others"});
    plant.replica = without_press_7().load();
    plant.keeper.note({.clients = {"press-7"}});
    plant.work();
    CHECK(session->rights.groups->groups().certain.empty());
    CHECK(session->rights.client == nullptr);
    CHECK(plant.kicked().empty());
}
