#include "authz/authorizer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/tables.hpp"

using namespace pgauth;
using pgauth::test::Tables;

namespace {

// The broker's side of it: sessions of this replica, checks against that one.
class Plant {
  public:
    explicit Plant(std::shared_ptr<const Replica> replica) : replica_(std::move(replica)) {}

    AuthnOptions authn;
    AuthzOptions authz;

    void load(std::shared_ptr<const Replica> replica) { replica_ = std::move(replica); }

    Session log_in(std::string_view client_id,
                   const std::optional<std::string>& username,
                   const ConnectionFacts::Transport& transport = {}) {
        Session session;
        session.client_id = client_id;
        session.username = username;
        const auto client = username ? replica_->find_client(*username) : nullptr;
        session.rights = authorizer_.settle(circumstances(), client, client_id, transport);
        return session;
    }

    Decision check(const Session* session, const AccessCheck& check) {
        return authorizer_.authorize(circumstances(), session, check);
    }

    Decision publish(const Session& session, std::string_view topic) {
        return check(&session, check_of(session, Action::publish, topic));
    }

    Decision receive(const Session& session, std::string_view topic) {
        return check(&session, check_of(session, Action::receive, topic));
    }

    Decision subscribe(const Session& session, std::string_view filter) {
        return check(&session, check_of(session, Action::subscribe, filter));
    }

    Decision from_another_thread(const AccessCheck& check) {
        return Authorizer::judge_by_record(circumstances(), check, elsewhere_);
    }

    void forget_records() { authorizer_.forget_records(); }

    static AccessCheck check_of(const Session& session, Action action, std::string_view topic) {
        return {.client_id = session.client_id,
                .username = session.username,
                .action = action,
                .topic = topic};
    }

  private:
    [[nodiscard]] Circumstances circumstances() const { return {replica_.get(), authn, authz}; }

    std::shared_ptr<const Replica> replica_;
    Authorizer authorizer_;
    std::optional<Rights> elsewhere_;
};

Tables presses() {
    Tables tables;
    tables.group("presses").client({.username = "press-7"}).client({.username = "press-8"});
    return tables;
}

Tables presses_that_may(std::string_view permission, std::string_view topic) {
    Tables tables = presses();
    tables.member("presses", "press-7")
        .acl({.group_name = "presses", .permission = permission, .topic = topic});
    return tables;
}

ConnectionFacts::Transport from(std::string_view address) {
    ConnectionFacts::Transport transport;
    transport.address = IpAddress::parse(address).value();
    return transport;
}

void check_decision(const Decision& decision, bool allowed, Cause cause) {
    CHECK(explain({.allowed = allowed, .cause = cause}) ==
          explain({.allowed = decision.allowed, .cause = decision.cause}));
}

}  // namespace

TEST_CASE("a decision names the entry that decided", "[authz]") {
    Plant plant(presses_that_may("write", "plant/%u/#").load());
    const Session session = plant.log_in("a", "press-7");
    CHECK(explain(plant.publish(session, "plant/press-7/temp")) ==
          "allowed by entry 1 of group `presses`: allow write `plant/%u/#`, priority 0");
    CHECK(explain(plant.publish(session, "plant/press-8/temp")) ==
          "denied: no entry allows it");
}

TEST_CASE("a deny that made no sense is explained as what it is", "[authz]") {
    Tables tables = presses_that_may("write", "#");
    tables.acl({.group_name = "presses", .effect = "deny", .topic = "#/"});
    Plant plant(tables.load());
    CHECK(explain(plant.publish(plant.log_in("a", "press-7"), "x")) ==
          "denied by entry 2 of group `presses`: deny readWrite every topic, priority 0");
}

TEST_CASE("what a group may do is live", "[authz]") {
    Plant plant(presses_that_may("write", "old").load());
    const Session session = plant.log_in("a", "press-7");
    plant.load(presses_that_may("write", "new").load());
    CHECK(plant.publish(session, "new").allowed);
    CHECK_FALSE(plant.publish(session, "old").allowed);
}

TEST_CASE("a group keeps its rights under another name, and loses them with its row",
          "[authz]") {
    struct Row {
        std::string name;
        std::string id;
        bool allowed;
    };

    const std::vector<Row> rows{
        {"presses", "#presses", true},
        {"machines", "#presses", true},  // renamed
        {"presses", "another", false},   // deleted, and another one made of the same name
        {"machines", "another", false},
    };
    for (const Row& row : rows) {
        INFO(row.name << ' ' << row.id);
        Plant plant(presses_that_may("write", "x").load());
        const Session session = plant.log_in("a", "press-7");
        plant.load(Tables()
                       .group(row.name, row.id)
                       .acl({.group_name = row.name, .topic = "x"})
                       .load());
        CHECK(plant.publish(session, "x").allowed == row.allowed);
    }
}

TEST_CASE("everything about the client is settled until it connects again", "[authz]") {
    Tables before = presses_that_may("write", "group/%{line}");
    before.acl({.username = "press-8", .topic = "own"});
    Plant plant(before.load());
    const Session member = plant.log_in("a", "press-7");
    const Session owner = plant.log_in("b", "press-8");

    // Now it is the other way round.
    plant.load(Tables()
                   .group("presses")
                   .client({.username = "press-7", .attributes = R"({"line": 1})"})
                   .client({.username = "press-8", .attributes = R"({"line": 1})"})
                   .member("presses", "press-8")
                   .acl({.group_name = "presses", .topic = "group/#"})
                   .acl({.username = "press-7", .topic = "own"})
                   .load());
    CHECK(plant.publish(member, "group/1").allowed);
    CHECK_FALSE(plant.publish(member, "own").allowed);
    CHECK(plant.publish(owner, "own").allowed);
    CHECK_FALSE(plant.publish(owner, "group/1").allowed);

    CHECK_FALSE(plant.publish(plant.log_in("a", "press-7"), "group/1").allowed);
    CHECK(plant.publish(plant.log_in("a", "press-7"), "own").allowed);
    CHECK(plant.publish(plant.log_in("b", "press-8"), "group/1").allowed);
}

TEST_CASE("attributes are settled, and the patterns that ask for them live", "[authz]") {
    const auto tables = [](std::string_view attributes, std::string_view topic) {
        return Tables()
            .group("presses")
            .client({.username = "press-7", .attributes = attributes})
            .member("presses", "press-7")
            .acl({.group_name = "presses", .topic = topic})
            .load();
    };
    Plant plant(tables(R"({"line": 1})", "plant/%{line}"));
    const Session session = plant.log_in("a", "press-7");
    plant.load(tables(R"({"line": 2})", "hall/%{line}"));
    CHECK(plant.publish(session, "hall/1").allowed);
    CHECK_FALSE(plant.publish(session, "hall/2").allowed);
    CHECK_FALSE(plant.publish(session, "plant/1").allowed);
}

TEST_CASE("a session of a client that was deleted goes on as it was settled", "[authz]") {
    Plant plant(presses_that_may("write", "x").load());
    const Session session = plant.log_in("a", "press-7");
    plant.load(Tables().group("presses").acl({.group_name = "presses", .topic = "x"}).load());
    CHECK(plant.publish(session, "x").allowed);
}

TEST_CASE("groups by rule are settled as well", "[authz]") {
    const auto tables = [](std::string_view client_ids) {
        return presses()
            .rule({.client_id = client_ids, .groups = R"(["presses"])"})
            .acl({.group_name = "presses", .topic = "x"})
            .load();
    };
    Plant plant(tables("a"));
    const Session in = plant.log_in("a", "press-7");
    const Session out = plant.log_in("b", "press-8");
    CHECK(plant.publish(in, "x").allowed);
    CHECK_FALSE(plant.publish(out, "x").allowed);
    plant.load(tables("b"));
    CHECK(plant.publish(in, "x").allowed);
    CHECK_FALSE(plant.publish(out, "x").allowed);
}

TEST_CASE("where client ids are bound they count only for clients whose row names theirs",
          "[authz]") {
    struct Row {
        ClientIdTrust trust;
        Field client_id_of_row;
        bool by_rule;
    };

    const std::vector<Row> rows{
        {ClientIdTrust::believed, std::nullopt, true},
        {ClientIdTrust::believed, "%u-*", true},
        {ClientIdTrust::bound, std::nullopt, false},
        {ClientIdTrust::bound, "%u-*", true},
    };
    for (const Row& row : rows) {
        INFO(row.client_id_of_row.value_or("null"));
        Plant plant(Tables()
                        .group("presses")
                        .client({.username = "press-7", .client_id = row.client_id_of_row})
                        .rule({.client_id = "press-7-*", .groups = R"(["presses"])"})
                        .acl({.group_name = "presses", .topic = "by-rule"})
                        .acl({.username = "press-7", .topic = "by-id/%c"})
                        .load());
        plant.authz.client_ids = row.trust;
        const Session session = plant.log_in("press-7-a", "press-7");
        CHECK(plant.publish(session, "by-rule").allowed == row.by_rule);
        CHECK(plant.publish(session, "by-id/press-7-a").allowed == row.by_rule);
    }
}

TEST_CASE("a client id that does not count stands for any level in a deny", "[authz]") {
    Plant plant(Tables()
                    .client({.username = "press-7"})
                    .acl({.username = "press-7", .topic = "#"})
                    .acl({.username = "press-7", .effect = "deny", .topic = "secret/%c"})
                    .load());
    plant.authz.client_ids = ClientIdTrust::bound;
    const Session session = plant.log_in("a", "press-7");
    CHECK_FALSE(plant.publish(session, "secret/of-another").allowed);
    CHECK(plant.publish(session, "secret").allowed);
}

TEST_CASE("a nameless session has the rights of the anonymous group, and no placeholders",
          "[authz]") {
    Plant plant(Tables()
                    .group("visitors")
                    .acl({.group_name = "visitors", .topic = "hall/#"})
                    .acl({.group_name = "visitors", .topic = "user/%u"})
                    .acl({.group_name = "visitors", .topic = "id/%c"})
                    .rule({.client_id = "*", .groups = R"(["visitors"])"})
                    .load());
    plant.authn.anonymous_group = "visitors";
    const Session session = plant.log_in("a", std::nullopt);
    CHECK(plant.publish(session, "hall/1").allowed);
    CHECK_FALSE(plant.publish(session, "user/").allowed);
    CHECK(plant.publish(session, "id/a").allowed);  // believed
    plant.authz.client_ids = ClientIdTrust::bound;
    CHECK_FALSE(plant.publish(session, "id/a").allowed);

    plant.authn.anonymous_group = std::nullopt;  // rules are for clients
    CHECK_FALSE(plant.publish(plant.log_in("b", std::nullopt), "hall/1").allowed);
}

TEST_CASE("a connection that never logged in here has no rights", "[authz]") {
    Plant plant(presses_that_may("readWrite", "#").load());
    for (const Action action : {Action::publish, Action::subscribe, Action::receive}) {
        const AccessCheck check{
            .client_id = "a", .username = "press-7", .action = action, .topic = "x"};
        check_decision(plant.check(nullptr, check), false, Cause::not_logged_in);
    }
}

TEST_CASE("checks of who was handed on are handed on, and nobody else's", "[authz]") {
    Plant plant(presses_that_may("readWrite", "#").load());
    plant.authn.unknown = UnknownUsers::defer;

    struct Row {
        std::optional<std::string_view> username;
        bool has_address;
        Cause cause;
    };

    const std::vector<Row> rows{
        {"ghost", true, Cause::handed_on},
        {"ghost", false, Cause::handed_on},
        {"press-7", true, Cause::not_logged_in},
        {std::nullopt, true, Cause::not_logged_in},
        {"", true, Cause::handed_on},
    };
    for (const Row& row : rows) {
        INFO(row.username.value_or("none") << ' ' << row.has_address);
        const AccessCheck check{.client_id = "a",
                                .username = row.username,
                                .topic = "x",
                                .has_address = row.has_address};
        check_decision(plant.check(nullptr, check), false, row.cause);
    }
}

TEST_CASE("a connection that was renamed is judged by the record of its new name", "[authz]") {
    Plant plant(presses_that_may("write", "x").load());
    AccessCheck check{.client_id = "a", .username = "press-7", .topic = "x", .renamed = true};
    CHECK(plant.check(nullptr, check).allowed);
    check.username = "press-8";
    check_decision(plant.check(nullptr, check), false, Cause::no_entry);
    check.username = "ghost";
    check_decision(plant.check(nullptr, check), false, Cause::unknown_client);
}

TEST_CASE("the source of a retained message is judged by its record, exactly", "[authz]") {
    const auto load = [](std::string_view enabled) {
        return Tables()
            .group("presses")
            .client({.username = "press-7", .enabled = enabled})
            .rule({.username = "press-*", .address = "10.1.0.0/16", .groups = R"(["presses"])"})
            .acl({.group_name = "presses", .topic = "by-address"})
            .acl({.username = "press-7", .permission = "write", .topic = "own"})
            .load();
    };
    Plant plant(load("t"));
    AccessCheck check{
        .client_id = "a", .username = "press-7", .topic = "own", .has_address = false};
    CHECK(plant.check(nullptr, check).allowed);
    check.topic = "by-address";
    check_decision(plant.check(nullptr, check), false, Cause::no_entry);
    check.username = "ghost";
    check_decision(plant.check(nullptr, check), false, Cause::unknown_client);
}

TEST_CASE("a client whose row makes no sense has no record to be judged by", "[authz]") {
    Plant plant(Tables()
                    .client({.username = "press-7", .networks = "[]"})
                    .acl({.username = "press-7", .topic = "#"})
                    .load());
    for (const Action action : {Action::publish, Action::receive}) {
        check_decision(plant.check(nullptr,
                                   {.client_id = "a",
                                    .username = "press-7",
                                    .action = action,
                                    .topic = "x",
                                    .has_address = false}),
                       false,
                       Cause::unknown_client);
    }
}

namespace {

// press-7 may receive `t` from 10.1.0.0/16 or with a certificate; `c` whatever it shows; and
// never `secret`.
std::shared_ptr<const Replica> by_transport() {
    return Tables()
        .group("near")
        .group("certified")
        .group("presses")
        .client({.username = "press-7"})
        .member("presses", "press-7")
        .rule({.username = "press-*", .address = "10.1.0.0/16", .groups = R"(["near"])"})
        .rule({.username = "lathe-*", .method = "password", .groups = R"(["certified"])"})
        .acl({.group_name = "near", .permission = "readWrite", .topic = "t/#"})
        .acl({.group_name = "near", .effect = "deny", .topic = "c/#", .priority = "5"})
        .acl({.group_name = "certified", .topic = "lathes/#"})
        .acl({.group_name = "presses", .permission = "readWrite", .topic = "c/#"})
        .acl({.group_name = "presses", .effect = "deny", .topic = "t/secret"})
        .load();
}

}  // namespace

TEST_CASE("a delivery to a session that is not connected is allowed if anything might allow it",
          "[authz]") {
    struct Row {
        std::string topic;
        bool offline;
        bool near_by;
        bool far_away;
    };

    const std::vector<Row> rows{
        {"t/1", true, true, false},
        {"c/1", true, false, true},         // what is only possible denies nothing
        {"t/secret", false, false, false},  // what is certain denies
        {"lathes/1", false, false, false},  // another client's, however it connects
        {"elsewhere", false, false, false},
    };
    Plant plant(by_transport());
    for (const Row& row : rows) {
        INFO(row.topic);
        const Session near_by = plant.log_in("a", "press-7", from("10.1.2.3"));
        const Session far_away = plant.log_in("a", "press-7", from("10.2.2.3"));
        Session offline = far_away;
        offline.connected = false;
        CHECK(plant.receive(near_by, row.topic).allowed == row.near_by);
        CHECK(plant.receive(far_away, row.topic).allowed == row.far_away);
        CHECK(plant.receive(offline, row.topic).allowed == row.offline);
        // Restored from before a restart: the record is all there is.
        AccessCheck restored = Plant::check_of(offline, Action::receive, row.topic);
        restored.has_address = false;
        CHECK(plant.check(nullptr, restored).allowed == row.offline);
    }
}

TEST_CASE("only deliveries are judged generously", "[authz]") {
    Plant plant(by_transport());
    Session offline = plant.log_in("a", "press-7", from("10.2.2.3"));
    offline.connected = false;
    CHECK(plant.receive(offline, "t/1").allowed);
    CHECK_FALSE(plant.publish(offline, "t/1").allowed);  // its will
    CHECK_FALSE(plant.subscribe(offline, "t/1").allowed);
    for (const Action action : {Action::publish, Action::subscribe}) {
        AccessCheck check = Plant::check_of(offline, action, "t/1");
        check.has_address = false;
        CHECK_FALSE(plant.check(nullptr, check).allowed);
    }
}

TEST_CASE("what was settled for a session that is away is allowed it too", "[authz]") {
    Plant plant(presses_that_may("read", "x").load());
    Session offline = plant.log_in("a", "press-7");
    offline.connected = false;
    plant.load(presses().acl({.group_name = "presses", .topic = "x"}).load());
    CHECK(plant.receive(offline, "x").allowed);  // no longer a member, from its next login on
    plant.load(presses_that_may("read", "y").load());
    CHECK(plant.receive(offline, "y").allowed);
    CHECK_FALSE(plant.receive(offline, "x").allowed);
}

TEST_CASE("before the first load only deliveries to who is not connected are allowed",
          "[authz]") {
    struct Row {
        Action action;
        bool has_address;
        bool allowed;
    };

    const std::vector<Row> rows{
        {Action::receive, false, true},
        {Action::receive, true, false},
        {Action::publish, false, false},
        {Action::publish, true, false},
        {Action::subscribe, false, false},
        {Action::subscribe, true, false},
    };
    Plant plant(nullptr);
    for (const Row& row : rows) {
        INFO(to_string(row.action) << ' ' << row.has_address);
        const AccessCheck check{.client_id = "a",
                                .username = "press-7",
                                .action = row.action,
                                .topic = "x",
                                .has_address = row.has_address};
        check_decision(plant.check(nullptr, check),
                       row.allowed,
                       row.allowed ? Cause::not_known_yet : Cause::replica_not_ready);
        check_decision(plant.from_another_thread(check), false, Cause::replica_not_ready);
    }
}

TEST_CASE("what is no topic is denied whoever asks, connected or not", "[authz]") {
    struct Row {
        Action action;
        std::string topic;
    };

    const std::vector<Row> rows{
        {Action::publish, ""},
        {Action::publish, "a/+"},
        {Action::publish, "#"},
        {Action::receive, "a/#"},
        {Action::subscribe, ""},
        {Action::subscribe, "a/#/b"},
        {Action::subscribe, "a+"},
        {Action::subscribe, "$share/x"},
        {Action::subscribe, "$share//a"},
        {Action::subscribe, "$share/x/"},
        {Action::subscribe, "$share/+/a"},
        {Action::subscribe, "$share/x/a#"},
    };
    Plant plant(presses_that_may("readWrite", "#").load());
    Session session = plant.log_in("a", "press-7");
    for (const Row& row : rows) {
        INFO(to_string(row.action) << ' ' << row.topic);
        session.connected = !session.connected;
        check_decision(plant.check(&session, Plant::check_of(session, row.action, row.topic)),
                       false,
                       Cause::bad_topic);
    }
}

TEST_CASE("a client id that no client may have has no rights", "[authz]") {
    Plant plant(presses_that_may("readWrite", "#").load());
    for (const std::string client_id : {"#", "a+", "a\nb"}) {
        const AccessCheck check{.client_id = client_id,
                                .username = "press-7",
                                .action = Action::receive,
                                .topic = "x",
                                .has_address = false};
        check_decision(plant.check(nullptr, check), false, Cause::bad_client_id);
        check_decision(plant.from_another_thread(check), false, Cause::bad_client_id);
    }
}

TEST_CASE("a shared subscription is judged as the filter that it shares", "[authz]") {
    Plant plant(presses_that_may("read", "plant/#").load());
    const Session session = plant.log_in("a", "press-7");
    CHECK(plant.subscribe(session, "$share/workers/plant/+/temp").allowed);
    CHECK_FALSE(plant.subscribe(session, "$share/plant/office/#").allowed);
    CHECK_FALSE(plant.subscribe(session, "$share/workers/#").allowed);
}

TEST_CASE("records are remembered only until the tables change", "[authz]") {
    const AccessCheck source{
        .client_id = "a", .username = "press-7", .topic = "x", .has_address = false};
    Plant plant(presses_that_may("write", "x").load());
    CHECK(plant.check(nullptr, source).allowed);
    CHECK(plant.check(nullptr, source).allowed);
    plant.load(presses().load());
    check_decision(plant.check(nullptr, source), false, Cause::no_entry);
    plant.load(Tables().load());
    check_decision(plant.check(nullptr, source), false, Cause::unknown_client);
    plant.load(presses_that_may("write", "x").load());
    CHECK(plant.check(nullptr, source).allowed);
}

TEST_CASE("records are kept apart by client id and username", "[authz]") {
    Plant plant(Tables()
                    .group("visitors")
                    .client({.username = "b"})
                    .client({.username = "ab"})
                    .acl({.username = "b", .topic = "%c/%u"})
                    .acl({.username = "ab", .topic = "other/%u"})
                    .acl({.group_name = "visitors", .topic = "visitors"})
                    .load());
    plant.authn.anonymous_group = "visitors";
    const auto source = [&](std::string_view client_id,
                            std::optional<std::string_view> username,
                            std::string_view topic) {
        return plant
            .check(nullptr,
                   {.client_id = client_id,
                    .username = username,
                    .topic = topic,
                    .has_address = false})
            .allowed;
    };
    CHECK(source("a", "b", "a/b"));
    CHECK_FALSE(source("", "ab", "a/b"));
    CHECK(source("", "ab", "other/ab"));
    CHECK(source("c", "b", "c/b"));
    CHECK_FALSE(source("c", "b", "a/b"));
    CHECK(source("a", std::nullopt, "visitors"));
    CHECK_FALSE(source("a", "", "visitors"));
}

TEST_CASE("records are worked out anew when the options have changed", "[authz]") {
    Plant plant(Tables()
                    .group("presses")
                    .client({.username = "press-7"})
                    .rule({.client_id = "*", .groups = R"(["presses"])"})
                    .acl({.group_name = "presses", .topic = "x"})
                    .load());
    const AccessCheck source{
        .client_id = "a", .username = "press-7", .topic = "x", .has_address = false};
    CHECK(plant.check(nullptr, source).allowed);
    plant.authz.client_ids = ClientIdTrust::bound;
    plant.forget_records();
    CHECK_FALSE(plant.check(nullptr, source).allowed);
}

TEST_CASE("another thread is answered from the record, exactly", "[authz]") {
    Plant plant(by_transport());
    AccessCheck check{.client_id = "a",
                      .username = "press-7",
                      .action = Action::receive,
                      .topic = "c/1",
                      .has_address = false};
    CHECK(plant.from_another_thread(check).allowed);
    check.topic = "t/1";
    check_decision(plant.from_another_thread(check), false, Cause::no_entry);
    check.username = "ghost";
    check_decision(plant.from_another_thread(check), false, Cause::unknown_client);
    plant.authn.unknown = UnknownUsers::defer;
    check_decision(plant.from_another_thread(check), false, Cause::handed_on);
}

TEST_CASE("the mode of subscriptions is the one in force when the question is asked",
          "[authz]") {
    Plant plant(presses_that_may("read", "plant/1/#").load());
    const Session session = plant.log_in("a", "press-7");
    CHECK_FALSE(plant.subscribe(session, "plant/#").allowed);
    plant.authz.subscribe = SubscribeMode::overlapping;
    CHECK(plant.subscribe(session, "plant/#").allowed);
    CHECK_FALSE(plant.subscribe(session, "office/#").allowed);
    CHECK_FALSE(plant.receive(session, "plant/2/temp").allowed);
}
