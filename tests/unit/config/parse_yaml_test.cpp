#include "config/parse_yaml.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"

using pgauth::Options;
using pgauth::parse_yaml;
using pgauth::Result;
using namespace std::chrono_literals;

namespace {

std::string error_of(std::string_view yaml) {
    const Result<Options> options = parse_yaml(yaml, "pgauth.yaml");
    return options ? "no error" : options.error().message;
}

}  // namespace

TEST_CASE("a key of pgauth.yaml sets its option and nothing else", "[config]") {
    using Change = std::function<void(Options&)>;

    struct Row {
        std::string yaml;
        Change change;
    };

    const Change nothing = [](Options&) {};
    const std::vector<Row> rows{
        {"", nothing},
        {"# nothing yet\n", nothing},
        {"---\n", nothing},
        {"\xef\xbb\xbf---\n# a byte order mark\r\n...\n", nothing},
        {"null", nothing},
        {"{}", nothing},
        {"database:\n  # tls: unverified\nsessions:\n", nothing},
        {"database: {connection: 'postgresql:///mqtt'}",
         [](Options& o) { o.database.connection = "postgresql:///mqtt"; }},
        {"database:\n  connection: host=db password='x y' dbname=mqtt\n",
         [](Options& o) { o.database.connection = "host=db password='x y' dbname=mqtt"; }},
        {"database:\n  connection: >-\n    host=db\n    dbname=mqtt\n",
         [](Options& o) { o.database.connection = "host=db dbname=mqtt"; }},
        {"database: {tls: verify_full}", nothing},
        {"database: {tls: unverified}",
         [](Options& o) { o.database.tls = pgauth::DatabaseTls::unverified; }},
        {"database: {poll_interval: 100ms}",
         [](Options& o) { o.database.poll_interval = 100ms; }},
        {"database: {poll_interval: 1h}", [](Options& o) { o.database.poll_interval = 1h; }},
        {"replica: {start_wait: 0s}", [](Options& o) { o.start_wait = 0s; }},
        {"replica: {start_wait: 5min}", [](Options& o) { o.start_wait = 5min; }},
        {"replica: {max_age: unlimited}", nothing},
        {"replica: {max_age: 7d}", [](Options& o) { o.authn.max_age = std::chrono::days(7); }},
        {"authentication: {methods: [psk]}",
         [](Options& o) { o.authn.methods = {pgauth::Method::psk}; }},
        {"authentication:\n  methods:\n    - certificate\n    - \"password\"\n", nothing},
        {"authentication: {methods: [password, password]}",
         [](Options& o) { o.authn.methods = {pgauth::Method::password}; }},
        {"authentication: {unknown: defer}",
         [](Options& o) { o.authn.unknown = pgauth::UnknownUsers::defer; }},
        {"authentication: {anonymous_group: ~}", nothing},
        {"authentication: {anonymous_group: öffentlich}",
         [](Options& o) { o.authn.anonymous_group = "öffentlich"; }},
        {"authentication: {anonymous_group: 'null'}",
         [](Options& o) { o.authn.anonymous_group = "null"; }},
        {"authorization: {subscribe: overlapping}",
         [](Options& o) { o.authz.subscribe = pgauth::SubscribeMode::overlapping; }},
        {"authorization: {client_ids: bound}",
         [](Options& o) { o.authz.client_ids = pgauth::ClientIdTrust::bound; }},
        {"sessions: {takeover: any}",
         [](Options& o) { o.authn.takeover = pgauth::Takeover::any; }},
        {"sessions: {apply_changes: immediately}",
         [](Options& o) { o.authz.apply_changes = pgauth::ApplyChanges::immediately; }},
        {"sessions: {takeover: &who any, apply_changes: reconnect}",
         [](Options& o) { o.authn.takeover = pgauth::Takeover::any; }},
        {"database: {poll_interval: &t 2min}\nreplica: {start_wait: *t}",
         [](Options& o) { o.database.poll_interval = o.start_wait = 2min; }},
        {"database: {write_connection: null}\nreplica: {file: null}", nothing},
        {"database: {write_connection: host=primary}",
         [](Options& o) { o.database.write_connection = "host=primary"; }},
        {"authentication: {password: {rehash: null}}", nothing},
        {"authentication: {password: {rehash: argon2id}}",
         [](Options& o) { o.authn.password.rehash = pgauth::HashTarget::argon2id; }},
        {"authentication: {certificate: {username_from: common_name}, password: {}}", nothing},
        {"authentication: {certificate: {username_from: san_dns}}",
         [](Options& o) { o.authn.username_from = pgauth::UsernameFrom::san_dns; }},
        {"authentication: {certificate: {username_from: san_uri}}",
         [](Options& o) { o.authn.username_from = pgauth::UsernameFrom::san_uri; }},
        {"authentication: {certificate: {username_from: san_email}}",
         [](Options& o) { o.authn.username_from = pgauth::UsernameFrom::san_email; }},
        {"authentication: {certificate: {username_from: subject}}",
         [](Options& o) { o.authn.username_from = pgauth::UsernameFrom::subject; }},
    };
    for (const Row& row : rows) {
        CAPTURE(row.yaml);
        Options expected;
        row.change(expected);
        const Result<Options> options = parse_yaml(row.yaml, "pgauth.yaml");
        CHECK((options ? "no error" : options.error().message) == "no error");
        CHECK((options && *options == expected));
    }
}

TEST_CASE("a bad value is refused in one line that says where, why and what to write",
          "[config]") {
    struct Row {
        std::string yaml;
        std::string error;
    };

    const std::vector<Row> rows{
        {"database: {tls: on}",
         "1: database.tls: `on` is not accepted: use verify_full, unverified"},
        {"database: {tls: Unverified}",
         "1: database.tls: `Unverified` is not accepted: use verify_full, unverified"},
        {"database:\n\n  tls:\n",
         "3: database.tls: a value is missing: use verify_full, unverified"},
        {"authentication: {certificate: {username_from: cn}}",
         "1: authentication.certificate.username_from: `cn` is not accepted: use common_name, "
         "san_dns, san_uri, san_email, subject"},
        {"database: {tls: [unverified]}",
         "1: database.tls: a list is not accepted: use verify_full, unverified"},
        {"database: {tls: {mode: unverified}}",
         "1: database.tls: a map is not accepted: use verify_full, unverified"},
        {R"(database: {tls: "a\nb"})",
         "1: database.tls: `a\\x0ab` is not accepted: use verify_full, unverified"},
        {"database: {poll_interval: 5}",
         "1: database.poll_interval: `5`: a duration needs a unit: 5s, 500ms, 2min, 1h, 1d"},
        {"database: {poll_interval: 5m}",
         "1: database.poll_interval: `5m` is not a duration: use 5s, 500ms, 2min, 1h, 1d"},
        {"database: {poll_interval: 99ms}",
         "1: database.poll_interval: `99ms` is out of range: use 100ms to 1h"},
        {"database: {poll_interval: unlimited}",
         "1: database.poll_interval: `unlimited` is not a duration: use 5s, 500ms, 2min, 1h, "
         "1d"},
        {"replica:\n  start_wait: 301s\n",
         "2: replica.start_wait: `301s` is out of range: use 0s to 5min"},
        {"replica: {max_age: 0s}",
         "1: replica.max_age: `0s` is out of range: use 1s to 36500d, or unlimited"},
        {"replica: {max_age: null}",
         "1: replica.max_age: a value is missing: use 1s to 36500d, or unlimited"},
        {"authentication:\n  methods:\n    - password\n    - passwd\n",
         "4: authentication.methods: `passwd` is not a method: use password, certificate, psk"},
        {"authentication: {methods: password}",
         "1: authentication.methods: a single word is not accepted: use a list of password, "
         "certificate, psk"},
        {"authentication: {methods: []}",
         "1: authentication.methods: an empty list lets nobody in: use password, certificate, "
         "psk"},
        {"authentication:\n  methods:\n    -\n    - psk\n",
         "2: authentication.methods: what is listed is not a method: use password, "
         "certificate, psk"},
        {"authentication: {methods: [[psk]]}",
         "1: authentication.methods: what is listed is not a method: use password, "
         "certificate, psk"},
        {"authentication: {methods: &a [*a]}",
         "1: authentication.methods: what is listed is not a method: use password, "
         "certificate, psk"},
        {"authentication: {unknown: allow}",
         "1: authentication.unknown: `allow` is not accepted: use deny, defer"},
        {"authentication: {anonymous_group: ''}",
         "1: authentication.anonymous_group: `` is not a name: use the name of a group, or "
         "null"},
        {R"(authentication: {anonymous_group: "a\0b"})",
         "1: authentication.anonymous_group: `a\\x00b` is not a name: use the name of a group, "
         "or null"},
        {"authentication: {anonymous_group: [a]}",
         "1: authentication.anonymous_group: a list is not accepted: use the name of a group, "
         "or null"},
        {"authorization: {subscribe: all}",
         "1: authorization.subscribe: `all` is not accepted: use covered, overlapping"},
        {"authorization: {client_ids: true}",
         "1: authorization.client_ids: `true` is not accepted: use believed, bound"},
        {"sessions: {apply_changes: at once}",
         "1: sessions.apply_changes: `at once` is not accepted: use reconnect, immediately"},
        {"sessions: {takeover: none}",
         "1: sessions.takeover: `none` is not accepted: use same_client, any"},
        {"authentication: {password: {threads: 0}}",
         "1: authentication.password.threads: `0` is not accepted: use a whole number from 1 "
         "to "
         "64"},
        {"authentication: {password: {threads: 2.5}}",
         "1: authentication.password.threads: `2.5` is not accepted: use a whole number from 1 "
         "to 64"},
        {"authentication: {password: {threads: }}",
         "1: authentication.password.threads: a value is missing: use a whole number from 1 to "
         "64"},
        {"authentication: {password: {remember: 59s}}",
         "1: authentication.password.remember: `59s` is out of range: use 1min to 30d"},
        {"authentication: {password: {blocking_budget: 2s}}",
         "1: authentication.password.blocking_budget: `2s` is out of range: use 0s to 1s"},
        {"authentication: {attempts: {limits: none}}",
         "1: authentication.attempts.limits: `none` is not accepted: use on, off"},
        {"authentication: {attempts: {per_client: -1}}",
         "1: authentication.attempts.per_client: `-1` is not accepted: use a whole number from "
         "1 to 1000000"},
        {"authentication: {attempts: {per_address: 99999999999}}",
         "1: authentication.attempts.per_address: `99999999999` is not accepted: use a whole "
         "number from 1 to 1000000"},
        {"authentication: {attempts: {back_off: 1ms}}",
         "1: authentication.attempts.back_off: `1ms` is out of range: use 1s to 1h"},
    };
    for (const Row& row : rows) {
        CHECK(error_of(row.yaml) == "pgauth.yaml:" + row.error);
    }
}

TEST_CASE("an unknown key is an error at any depth and names the key that was meant",
          "[config]") {
    struct Row {
        std::string yaml;
        std::string error;
    };

    const std::string sections = "database, replica, authentication, authorization, sessions";
    const std::vector<Row> rows{
        {"autentication:\n  methods: [psk]\n",
         "1: unknown key `autentication.methods`: did you mean `authentication.methods`?"},
        {"databse:\n", "1: unknown key `databse`: did you mean `database`?"},
        {"database:\n  tls: unverified\n  poll-interval: 1s\n",
         "3: unknown key `database.poll-interval`: did you mean `database.poll_interval`?"},
        {"Sessions: {takeover: any}",
         "1: unknown key `Sessions.takeover`: did you mean `sessions.takeover`?"},
        {"authentication: {pasword: {threads: 2}}",
         "1: unknown key `authentication.pasword.threads`: did you mean "
         "`authentication.password.threads`?"},
        {"takeover: any", "1: unknown key `takeover`: did you mean `sessions.takeover`?"},
        {"database: {url: x}",
         "1: unknown key `database.url`: use connection, tls, write_connection, poll_interval"},
        {"database: {tls: unverified, password: s3cret}",
         "1: unknown key `database.password`: use connection, tls, write_connection, "
         "poll_interval"},
        {"authentication: {certificate: {issuer: x}}",
         "1: unknown key `authentication.certificate.issuer`: use username_from"},
        {"log: {level: debug}", "1: unknown key `log.level`: use " + sections},
        {"a: &a {a: *a}", "1: unknown key `a.a.a`: use " + sections},
        {"log: {[a]: b}", "1: unknown key `log`: use " + sections},
        {"'': x", "1: unknown key ``: use " + sections},
        {"<<: {database: {}}", "1: unknown key `<<.database`: use " + sections},
        {"database.tls: unverified",
         "1: unknown key `database.tls`: dots are written as nested keys in YAML"},
        {"database: {postgresql://u:s3cret@h/db}",
         "1: unknown key `…`: use connection, tls, write_connection, poll_interval"},
        {"? [a]\n: b", "1: a key must be a word: use " + sections},
        {"database: {? {a: b} : c}",
         "1: a key must be a word: use connection, tls, write_connection, poll_interval"},
    };
    for (const Row& row : rows) {
        CHECK(error_of(row.yaml) == "pgauth.yaml:" + row.error);
    }
}

TEST_CASE("a key given twice is an error, and so is a second document", "[config]") {
    CHECK(error_of("database:\n  tls: unverified\n  poll_interval: 1s\n  tls: unverified\n") ==
          "pgauth.yaml:4: `database.tls` is given twice, first in line 2: keep one");
    CHECK(error_of("sessions: {}\nreplica: {}\nsessions: {}\n") ==
          "pgauth.yaml:3: `sessions` is given twice, first in line 1: keep one");
    CHECK(error_of("{}\nsessions: {}\n") ==
          "pgauth.yaml:2: a second document begins: keep one");
    CHECK(error_of("sessions:\n---\nreplica: {}\n") ==
          "pgauth.yaml:2: a second document begins: keep one");
}

TEST_CASE("a file that is no map of sections is refused with its line", "[config]") {
    struct Row {
        std::string yaml;
        std::string error;
    };

    const std::string sections = "database, replica, authentication, authorization, sessions";
    const std::vector<Row> rows{
        {"[database]", "1: keys are missing: begin with " + sections},
        {"\npostgresql://u:s3cret@h/db", "2: keys are missing: begin with " + sections},
        {"database: postgresql://u:s3cret@h/db",
         "1: database: keys are missing: put below it connection, tls, write_connection, "
         "poll_interval"},
        {"database:\n  connection:postgresql://u:s3cret@h/db\n",
         "1: database: keys are missing: put below it connection, tls, write_connection, "
         "poll_interval"},
        {"sessions: [takeover]",
         "1: sessions: keys are missing: put below it apply_changes, takeover"},
        {"database: {tls: unverified", "1: not YAML: end of map flow not found"},
        {"database:\n\ttls: unverified\n", "2: not YAML: illegal map value"},
        {"database:\n  tls: a: b\n", "2: not YAML: illegal map value"},
        {"database: {connection: *s3cret}",
         "1: not YAML: the referenced anchor is not defined"},
        {R"(database: {connection: "s3cret\qs3cret"})",
         "1: not YAML: unknown escape character"},
        {"\n, sessions: {}", "2: not YAML: unexpected character"},
        {"sessions: {}\n]", "2: not YAML: illegal flow end"},
    };
    for (const Row& row : rows) {
        CHECK(error_of(row.yaml) == "pgauth.yaml:" + row.error);
    }
    CHECK(error_of(std::string(10000, '[')).starts_with("pgauth.yaml:1: not YAML: "));
}

TEST_CASE("a file that is not UTF-8 text is refused with its line", "[config]") {
    struct Row {
        std::string yaml;
        std::string error;
    };

    const std::string not_utf8 = "not UTF-8 text: save it as UTF-8";
    const std::vector<Row> rows{
        {"\xff\xfe#", "1: " + not_utf8},                // UTF-16
        {"# gr\xfc\xdf\n", "1: " + not_utf8},           // Latin-1
        {"# Größe\r\n# \xc0\xaf\n", "2: " + not_utf8},  // overlong
        {"# \xe2\x82", "1: " + not_utf8},               // cut short
        {"# \xc2\x9b", "1: " + not_utf8},               // C1 control
        {std::string("\0", 1), "1: `\\x00` is a control character: remove it"},
        {"sessions:\n# \x04\n  takeover: any\n",
         "2: `\\x04` is a control character: remove it"},
        {"# \x7f", "1: `\\x7f` is a control character: remove it"},
    };
    for (const Row& row : rows) {
        CHECK(error_of(row.yaml) == "pgauth.yaml:" + row.error);
    }
}

TEST_CASE("no error repeats a connection string, wherever it stands", "[config]") {
    const std::string uri = "postgresql://u:s3cret@h/db";
    const std::vector<std::string> rows{
        "database: {connection: ['" + uri + "']}",
        "database: {connection: {'" + uri + "': x}}",
        R"(database: {connection: "host=h password=s3cret\n"})",
        R"(database: {connection: "host=h password=s3cret\0"})",
        "database: {connection: '" + uri + "', connection: '" + uri + "'}",
        "database: {write_connection: ['" + uri + "']}",
        "database: {write_connection: 's3cret " + uri + "'}",
        R"(database: {write_connection: "host=h password=s3cret\n"})",
        "authentication: {password: {rehash: '" + uri + "'}}",
        "database: {tls: '" + uri + "'}",
        "database: {poll_interval: '" + uri + "'}",
        "database: {poll_interval: '5 password=s3cret'}",
        "database: {password: s3cret}",
        "replica: {file: '" + uri + "'}",
        "authentication: {methods: ['" + uri + "']}",
        "authentication: {password: {threads: '" + uri + "'}}",
        "host=db password=s3cret: x",
        "database: {host=db password=s3cret: x}",
        "database: {connection: 'password=s3cret\x01'}",
        uri,
    };
    for (const std::string& yaml : rows) {
        const std::string error = error_of(yaml);
        CAPTURE(yaml, error);
        CHECK(error.starts_with("pgauth.yaml:1: "));
        CHECK(error.find("s3cret") == std::string::npos);
        CHECK(error.find('\n') == std::string::npos);
    }
}

TEST_CASE("the replica file is an absolute path, or none", "[config]") {
    const auto file_of = [](const std::string& value) {
        return parse_yaml("replica: {file: " + value + "}", "pgauth.yaml");
    };
    CHECK(file_of("/var/lib/x.replica")->database.replica_file == "/var/lib/x.replica");
    CHECK(file_of("null")->database.replica_file.empty());
    for (const std::string value : {"x.replica", "./x", "''", "/var/lib/", "[/x]"}) {
        INFO(value);
        const auto refused = file_of(value);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message.find("use an absolute path, or null") !=
              std::string::npos);
    }
}
