#include "config/load_options.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "support/catch.hpp"

using pgauth::load_options;
using pgauth::Options;
using pgauth::PluginOption;
using pgauth::Result;
using namespace std::chrono_literals;

namespace {

std::string error_of(const std::vector<PluginOption>& given) {
    const Result<Options> options = load_options(given);
    return options ? "no error" : options.error().message;
}

class TempDirectory {
  public:
    TempDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "pgauth-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }

    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    TempDirectory(TempDirectory&&) = delete;
    TempDirectory& operator=(TempDirectory&&) = delete;

    ~TempDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string path(const std::string& name = "") const {
        return (path_ / name).string();
    }

    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
        return path(name);
    }

  private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("every key of pgauth.yaml is a plugin option with underscores for dots", "[config]") {
    Options expected;
    expected.database.connection = "host=db dbname=mqtt";
    expected.database.tls = pgauth::DatabaseTls::unverified;
    expected.database.poll_interval = 1500ms;
    expected.database.write_connection = "host=primary dbname=mqtt";
    expected.authn.password.rehash = pgauth::HashTarget::argon2id;
    expected.start_wait = 1min;
    expected.authn.max_age = 90s;
    expected.authn.methods = {pgauth::Method::password, pgauth::Method::psk};
    expected.authn.unknown = pgauth::UnknownUsers::defer;
    expected.authn.anonymous_group = "public readers";
    expected.authn.takeover = pgauth::Takeover::any;
    expected.authz.subscribe = pgauth::SubscribeMode::overlapping;
    expected.authz.client_ids = pgauth::ClientIdTrust::bound;
    expected.authz.apply_changes = pgauth::ApplyChanges::immediately;
    const Result<Options> options = load_options({
        {"database_connection", "host=db dbname=mqtt"},
        {"database_tls", "unverified"},
        {"database_write_connection", "host=primary dbname=mqtt"},
        {"database_poll_interval", "1500ms"},
        {"replica_start_wait", "1min"},
        {"replica_file", "null"},
        {"replica_max_age", "90s"},
        {"authentication_methods", "password, psk"},
        {"authentication_unknown", "defer"},
        {"authentication_anonymous_group", "public readers"},
        {"authentication_certificate_username_from", "common_name"},
        {"authentication_password_rehash", "argon2id"},
        {"authorization_subscribe", "overlapping"},
        {"authorization_client_ids", "bound"},
        {"sessions_apply_changes", "immediately"},
        {"sessions_takeover", "any"},
    });
    REQUIRE((options ? "no error" : options.error().message) == "no error");
    CHECK(*options == expected);
}

TEST_CASE("no plugin options at all are the defaults", "[config]") {
    const Result<Options> options = load_options({});
    REQUIRE(options);
    CHECK(*options == Options{});
}

TEST_CASE("methods are separated by commas or spaces in a plugin option", "[config]") {
    for (const std::string text : {"password psk", "psk,password", " password ,\tpsk, "}) {
        CAPTURE(text);
        const Result<Options> options = load_options({{"authentication_methods", text}});
        REQUIRE(options);
        CHECK(options->authn.methods ==
              pgauth::MethodSet{pgauth::Method::password, pgauth::Method::psk});
    }
}

TEST_CASE("a bad plugin option is refused in one line that names it", "[config]") {
    struct Row {
        std::vector<PluginOption> options;
        std::string error;
    };

    const std::vector<Row> rows{
        {{{"database_poll_interval", "5"}},
         "plugin_opt_database_poll_interval: `5`: a duration needs a unit: 5s, 500ms, 2min, "
         "1h, 1d"},
        {{{"database_connection", ""}},
         "plugin_opt_database_connection: a value is missing: use a libpq URI or key=value "
         "string, or leave the key out where PG* environment variables say it all"},
        {{{"database_connection", "password=s3cret\n"}},
         "plugin_opt_database_connection: a connection string is one line of UTF-8 without "
         "control characters: percent-encode them in a URI"},
        {{{"database_write_connection", "s3cret"}},
         "plugin_opt_database_write_connection: libpq cannot read it: use a URI like "
         "`postgresql://broker@db.example/mqtt` or `host=db.example dbname=mqtt`"},
        {{{"database_write_connection", "host=10.1.2.3 sslmode=disable"}},
         "plugin options: database.write_connection: sslmode `disable` does not verify the "
         "server: use sslmode=verify-full, or write database.tls: unverified"},
        {{{"authentication_password_rehash", "bcrypt"}},
         "plugin_opt_authentication_password_rehash: `bcrypt` is not accepted: use argon2id, "
         "or null"},
        {{{"database_tls", "null"}},
         "plugin_opt_database_tls: `null` is not accepted: use verify_full, unverified"},
        {{{"authentication_methods", "password,passwd"}},
         "plugin_opt_authentication_methods: `passwd` is not a method: use password, "
         "certificate, psk"},
        {{{"authentication_methods", "[password]"}},
         "plugin_opt_authentication_methods: `[password]` is not a method: use password, "
         "certificate, psk"},
        {{{"authentication_methods", " , "}},
         "plugin_opt_authentication_methods: an empty list lets nobody in: use password, "
         "certificate, psk"},
        {{{"authentication_anonymous_group", "gr\xfcn"}},
         "plugin_opt_authentication_anonymous_group: `gr\\xfcn` is not a name: use the name of "
         "a group, or null"},
        {{{"authentication_password_threads", "65"}},
         "plugin_opt_authentication_password_threads: `65` is not accepted: use a whole number "
         "from 1 to 64"},
        {{{"sessions_takeover", "any"}, {"sessions_takeover", "any"}},
         "plugin_opt_sessions_takeover: given twice: keep one"},
        {{{"config", "a.yaml"}, {"config", "b.yaml"}},
         "plugin_opt_config: given twice: keep one"},
        {{{"databse_tls", "unverified"}},
         "unknown option `plugin_opt_databse_tls`: did you mean `plugin_opt_database_tls`?"},
        {{{"database.tls", "unverified"}},
         "unknown option `plugin_opt_database.tls`: did you mean `plugin_opt_database_tls`?"},
        {{{"config_file", "x"}},
         "unknown option `plugin_opt_config_file`: use plugin_opt_config, or a key of "
         "pgauth.yaml with underscores for dots: plugin_opt_database_connection"},
        {{{"", "x"}},
         "unknown option `plugin_opt_`: use plugin_opt_config, or a key of pgauth.yaml with "
         "underscores for dots: plugin_opt_database_connection"},
    };
    for (const Row& row : rows) {
        CHECK(error_of(row.options) == row.error);
    }
}

TEST_CASE("a plugin option overrides the file, on whichever side of it it stands", "[config]") {
    const TempDirectory directory;
    const std::string file = directory.write("pgauth.yaml",
                                             "database: {connection: host=a, tls: unverified}\n"
                                             "authentication: {anonymous_group: public}\n");
    Options expected;
    expected.database.connection = "host=b";
    expected.database.tls = pgauth::DatabaseTls::unverified;
    const PluginOption config{"config", file};
    const PluginOption connection{"database_connection", "host=b"};
    const PluginOption nobody{"authentication_anonymous_group", "null"};
    const std::vector<std::vector<PluginOption>> rows{
        {config, connection, nobody},
        {nobody, connection, config},
    };
    for (const std::vector<PluginOption>& given : rows) {
        const Result<Options> options = load_options(given);
        REQUIRE(options);
        CHECK(*options == expected);
    }
}

TEST_CASE("an overridden mistake in the file is still a mistake", "[config]") {
    const TempDirectory directory;
    const std::string file = directory.write("pgauth.yaml", "\nsessions: {takeover: all}\n");
    CHECK(error_of({{"config", file}, {"sessions_takeover", "any"}}) ==
          file + ":2: sessions.takeover: `all` is not accepted: use same_client, any");
}

TEST_CASE("a file is read anew each time", "[config]") {
    const TempDirectory directory;
    const std::string file = directory.write("pgauth.yaml", "replica: {start_wait: 1s}\n");
    REQUIRE(load_options({{"config", file}})->start_wait == 1s);
    REQUIRE(directory.write("pgauth.yaml", "replica: {start_wait: 2s}\n") == file);
    CHECK(load_options({{"config", file}})->start_wait == 2s);
}

TEST_CASE("a file that cannot be read is refused with the reason", "[config]") {
    const TempDirectory directory;
    const std::string pipe = directory.path("pipe");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const std::string plain = directory.write("plain", "");
    const std::string link = directory.path("link");
    std::filesystem::create_symlink(directory.path("gone"), link);
    const std::string loop = directory.path("loop");
    std::filesystem::create_symlink(loop, loop);
    const std::string large = directory.write("large", std::string((1U << 20U) + 1, '#'));
    const std::string empty = directory.write("empty", "");

    struct Row {
        std::string path;
        std::string error;
    };

    const std::vector<Row> rows{
        {directory.path("gone"), "no such file or directory"},
        {link, "no such file or directory"},
        {loop, "too many levels of symbolic links"},
        {plain + "/pgauth.yaml", "not a directory"},
        {directory.path(), "a directory: name the file in it"},
        {pipe, "not a regular file: name a file"},
        {"/dev/null", "not a regular file: name a file"},
        {empty, "empty: leave plugin_opt_config out where the PG* variables say it all"},
        {large, "larger than 1 MiB: name a pgauth.yaml"},
    };
    for (const Row& row : rows) {
        CHECK(error_of({{"config", row.path}}) ==
              "plugin_opt_config: `" + row.path + "`: " + row.error);
    }
    for (const std::string path : {"", "a\nb"}) {
        CHECK(
            error_of({{"config", path}})
                .ends_with(
                    " is not the name of a file: use /etc/mosquitto/pgauth.yaml or the like"));
    }
    CHECK(error_of({{"config", "postgresql://u:s3cret@h/db"}}) ==
          "plugin_opt_config: `…`: no such file or directory");
}

TEST_CASE("a file that may not be read is refused with the reason", "[config]") {
    if (geteuid() == 0) {
        WARN("not checked: root may read every file");
        return;
    }
    const TempDirectory directory;
    const std::string file = directory.write("pgauth.yaml", "");
    REQUIRE(chmod(file.c_str(), 0) == 0);
    CHECK(error_of({{"config", file}}) ==
          "plugin_opt_config: `" + file + "`: permission denied");
}

TEST_CASE("no two keys share the name of a plugin option", "[config]") {
    std::set<std::string> names{"config"};
    for (std::string key : pgauth::known_keys()) {
        std::replace(key.begin(), key.end(), '.', '_');
        CHECK(names.insert(key).second);
    }
    CHECK(names.size() == 24);
}
