"""pgauth check: each thing that can be wrong is one line that says what to do, and what is right is not complained of."""

import os
import re
import shutil

import pytest

from installation import hash_of
from mosquitto import Broker, plugin_path
from pgauth import Pgauth
from postgres import OWNER, PLUGIN_ROLE, Postgres


class Place:
    """A pgauth.yaml and a mosquitto.conf for a database."""

    def __init__(self, folder, database):
        self.folder = folder
        self.database = database
        self.config = folder / "pgauth.yaml"
        self.conf = folder / "mosquitto.conf"
        self.configure()
        self.listen("allow_anonymous false", self.plugin, "listener 1883 127.0.0.1")

    @property
    def plugin(self):
        return f"plugin {plugin_path()}\nplugin_opt_config {self.config}"

    def configure(self, text="", connection=None):
        self.config.write_text(f"database:\n  connection: {connection or self.database.connection}\n{text}")

    def listen(self, *lines):
        self.conf.write_text("".join(line + "\n" for line in lines))

    def findings(self, *arguments, status=0):
        told = Pgauth().output("check", *(arguments or ("--mosquitto-conf", str(self.conf))), status=status)
        assert all(re.match(r"(ok|warning|error): [^:].*: .", line) for line in told.splitlines()), told
        return [line for line in told.splitlines() if not line.startswith("ok: ")]

    def complains(self, pattern, *arguments, status=0):
        """Of this, and of nothing else."""
        found = self.findings(*arguments, status=status)
        assert len(found) == 1 and re.search(pattern, found[0]), found


@pytest.fixture
def place(tmp_path, database):
    return Place(tmp_path, database)


def test_what_is_right_is_not_complained_of(place):
    assert place.findings() == []
    assert place.findings("--config", str(place.config), "--strict") == []
    assert place.findings("--connection", place.database.connection) == []


def test_warnings_count_where_they_are_told_to(place):
    place.listen("allow_anonymous true", place.plugin, "listener 1883 127.0.0.1")
    place.complains("^warning: mosquitto.conf:1: allow_anonymous true: .*: set it false")
    place.complains("^warning", "--strict", "--mosquitto-conf", str(place.conf), status=1)


# --- configuration --------------------------------------------------------------------------------


def test_a_configuration_that_is_wrong_is_an_error(place):
    place.configure("authentication:\n  methods: [passwd]\n")
    place.complains(r"^error: mosquitto.conf:2: .*pgauth.yaml:4: authentication.methods: `passwd`", status=1)


def test_plugin_options_beside_the_file_count(place):
    place.listen(place.plugin, "plugin_opt_sessions_takeover nobody")
    place.complains("plugin_opt_sessions_takeover: `nobody`", status=1)


def test_a_broker_without_the_plugin_is_an_error(place):
    place.listen("listener 1883 127.0.0.1")
    place.complains("^error: .*: no line loads mosquitto_pgauth.so", status=1)


def test_a_password_that_everybody_can_read_is_a_warning(place):
    place.configure(connection=f"{place.database.connection} password=hunter2")
    place.config.chmod(0o644)
    [line] = place.findings()
    assert re.search("^warning: .*pgauth.yaml: it holds the database's password", line) and "hunter2" not in line
    place.config.chmod(0o640)
    assert place.findings() == []


def test_included_files_are_read(place):
    included = place.folder / "conf.d"
    included.mkdir()
    (included / "anonymous.conf").write_text("allow_anonymous true\n")
    (included / "other.txt").write_text("allow_anonymous false\n")
    place.listen(place.plugin, f"include_dir {included}", "listener 1883 127.0.0.1")
    place.complains("^warning: anonymous.conf:1: allow_anonymous true")


def test_a_file_that_is_not_there_is_no_finding():
    assert Pgauth().complaint("check", "--mosquitto-conf", "/nowhere/mosquitto.conf").startswith("`/nowhere/mosquitto.conf`: cannot be read")
    assert Pgauth().complaint("check") == "check: name what to check: --mosquitto-conf, --config or --connection"


# --- database -------------------------------------------------------------------------------------


def test_a_database_that_is_not_there_is_an_error(place):
    place.configure(connection="host=/nowhere dbname=mqtt")
    place.complains("^error: database: database `mqtt` at .*: is it up", status=1)


def test_a_database_without_the_schema_is_an_error(place, postgres):
    place.configure(connection=place.database.connection.replace(place.database.name, "postgres"))
    place.complains("^error: schema: there is no schema mqtt_auth in this database: psql -f", status=1)


def test_a_schema_of_another_version_is_an_error(place):
    place.database.sql("UPDATE mqtt_auth.settings SET value = '99' WHERE key = 'schema_version'")
    place.complains("^error: schema: schema mqtt_auth has version `99`", status=1)


def test_a_role_that_may_read_too_little_is_told_what(place, postgres):
    postgres.sql("CREATE ROLE newcomer LOGIN")
    place.configure(connection=place.database.connection.replace(f"user={PLUGIN_ROLE}", "user=newcomer"))
    place.complains("^error: privileges: role `newcomer` cannot read `broker_.* more: GRANT mqtt_auth_broker TO `newcomer`", status=1)
    postgres.sql("GRANT mqtt_auth_broker TO newcomer")
    assert place.findings() == []
    place.database.sql("REVOKE SELECT ON mqtt_auth.broker_rules FROM mqtt_auth_broker")
    place.complains("cannot read `broker_rules`: GRANT", status=1)


@pytest.mark.parametrize(("make", "power"), [
    ("GRANT mqtt_auth_admin TO strong", "it is in `mqtt_auth_admin`, who may change everything"),
    (f"GRANT {OWNER} TO strong; ALTER ROLE strong NOINHERIT; GRANT SELECT ON ALL TABLES IN SCHEMA mqtt_auth TO strong; "
     "GRANT USAGE ON SCHEMA mqtt_auth TO strong", f"it can act as the owner of schema mqtt_auth, `{OWNER}`"),
    ("ALTER ROLE strong SUPERUSER", "it is a superuser"),
    ("GRANT UPDATE ON mqtt_auth.clients TO strong", "it may change table clients"),
    ("GRANT EXECUTE ON FUNCTION mqtt_auth.enable_client(text) TO strong", "it may call enable_client()"),
])
def test_a_role_that_can_change_clients_is_a_warning(place, postgres, make, power):
    postgres.sql(f"CREATE ROLE strong LOGIN; GRANT mqtt_auth_broker TO strong; {make}", database=place.database.name)
    try:
        place.configure(connection=place.database.connection.replace(f"user={PLUGIN_ROLE}", "user=strong"))
        place.complains(f"^warning: privileges: role `strong` can change clients: {re.escape(power)}: have the broker")
    finally:
        postgres.sql("DROP OWNED BY strong; DROP ROLE strong", database=place.database.name)


def test_rehashing_that_is_not_allowed_is_an_error(place):
    place.configure("authentication:\n  password:\n    rehash: argon2id\n")
    place.complains("^error: rehash: the plugin's role may not replace hashes: SELECT mqtt_auth.allow_rehash", status=1)
    place.database.sql("SELECT mqtt_auth.allow_rehash(true)")
    assert place.findings() == []
    place.configure()
    place.complains("^warning: rehash: the plugin's role may replace hashes, and is not told to")


def test_a_write_connection_that_leads_nowhere_is_an_error(place):
    place.configure("  write_connection: host=/nowhere dbname=mqtt\n")
    place.complains("^error: database.write_connection: ", status=1)


def test_a_server_that_takes_no_changes_is_an_error(place, postgres):
    place.database.sql("SELECT mqtt_auth.allow_rehash(true)")
    place.configure("authentication:\n  password:\n    rehash: argon2id\n",
                    connection=f"{place.database.connection} options='-c default_transaction_read_only=on'")
    place.complains("^error: rehash: the server takes no changes", status=1)


def test_rules_that_trust_a_client_id_are_a_warning(place):
    place.database.sql("""
        SELECT mqtt_auth.create_client('Press 7', username => 'press-7', secret => :'secret');
        SELECT mqtt_auth.create_group('presses');
        SELECT mqtt_auth.add_group_rule('all presses', ARRAY['presses'], client_id => 'press-*');
        """, secret=hash_of("x"))
    place.complains("^warning: client ids: rule `all presses` .* `press-7` may claim any: authorization.client_ids: bound")
    place.configure("authorization:\n  client_ids: bound\n")
    assert place.findings() == []
    place.configure()
    place.database.sql("UPDATE mqtt_auth.clients SET client_id = '%u'")
    assert place.findings() == []
    place.database.sql("UPDATE mqtt_auth.clients SET client_id = '*'")
    place.complains("^warning: client ids: rule")


def test_entries_that_trust_a_client_id_are_a_warning(place):
    place.database.sql("""
        SELECT mqtt_auth.create_client('Press 7', username => 'press-7', secret => :'secret');
        SELECT mqtt_auth.allow(username => 'press-7', permission => 'read', topic => 'to/%c/#');
        """, secret=hash_of("x"))
    place.complains("^warning: client ids: entry `1` allows by %c, and `press-7` may claim any client id")


def test_a_row_that_makes_no_sense_is_a_warning(place):
    place.database.force("""
        INSERT INTO mqtt_auth.clients (username) VALUES ('press-7');
        INSERT INTO mqtt_auth.credentials (username, method, secret) VALUES ('press-7', 'password', 'nonsense')""")
    place.complains("^warning: rows: .*: that row denies: correct it")


def test_a_group_that_is_not_there_is_a_warning(place):
    place.configure("authentication:\n  anonymous_group: guests\n")
    place.listen("allow_anonymous true", place.plugin, "listener 1883 127.0.0.1")
    place.complains("^warning: authentication.anonymous_group: there is no group `guests`: SELECT mqtt_auth.create_group")


def test_a_distant_server_that_is_not_verified_is_refused_or_told(tmp_path):
    with Postgres() as server:
        place = Place(tmp_path, server.create_database())
        place.configure("  tls: unverified\n", connection=place.database.tcp_connection)
        assert place.findings() == []  # loopback


# --- the replica file -----------------------------------------------------------------------------


@pytest.fixture
def replica(place):
    """A replica file that a broker has written; the configuration names it."""
    path = place.folder / "pgauth.replica"
    broker = Broker(f"database:\n  connection: {place.database.connection}\nreplica:\n  file: {path}\n")
    broker.start()
    broker.close()
    place.configure(f"replica:\n  file: {path}\n")
    place.listen(place.plugin, "user " + path.owner(), "listener 1883 127.0.0.1")
    assert place.findings() == []
    return path


def test_a_replica_file_that_is_not_there_yet_is_a_warning(place):
    place.configure(f"replica:\n  file: {place.folder}/pgauth.replica\n")
    place.complains("^warning: replica file `.*`: not there yet: start the broker")


def test_a_replica_file_that_others_can_read_is_an_error(place, replica):
    replica.chmod(0o640)
    place.complains("^error: replica file `.*`: its mode is 0640: .*: chmod 0600", status=1)


def test_a_replica_file_of_another_user_is_an_error(place, replica):
    place.listen(place.plugin, "user nobody", "listener 1883 127.0.0.1")
    place.complains("^error: replica file `.*`: it belongs to `.*`, and the broker runs as `nobody`: chown nobody", status=1)


def test_a_replica_file_that_was_changed_is_an_error(place, replica):
    whole = replica.read_bytes()
    for damaged in (whole[:-1], whole[:60] + b"?" + whole[61:], b""):
        replica.write_bytes(damaged)
        place.complains("^error: replica file `.*`: replica file .* is not used: it ", status=1)


def test_a_replica_file_of_another_database_is_an_error(place, replica, postgres):
    place.database = postgres.create_database()
    place.configure(f"replica:\n  file: {replica}\n")
    place.complains("^error: replica file `.*`: it is of another database", status=1)


def test_a_replica_file_that_is_too_old_is_a_warning(place, replica):
    os.utime(replica, (1e9, 1e9))
    assert place.findings() == []
    place.configure(f"replica:\n  file: {replica}\n  max_age: 1h\n")
    place.complains("^warning: replica file `.*`: whole: .* ago, longer than replica.max_age")


def test_the_tables_in_a_replica_file_are_explained_without_a_database(place, replica):
    place.database.sql("SELECT mqtt_auth.create_client('Press 7', username => 'press-7')")
    told = Pgauth().output("explain", "--replica", str(replica), "--username", "press-7", status=1)
    assert told.startswith(f"tables   replica file `{replica}` of `{place.database.name}` at ")
    assert "no client has this username" in told  # it was written before
    copy = shutil.copy(replica, place.folder / "copy")
    assert Pgauth().output("explain", "--replica", copy, "--username", "press-7", status=1)


# --- listeners ------------------------------------------------------------------------------------


CERTIFICATE = ("listener 8883", "certfile server.crt", "keyfile server.key", "cafile ca.crt", "require_certificate true")


@pytest.mark.parametrize(("lines", "complaint"), [
    (("listener 1883",), "^warning: mosquitto.conf:3: listener 1883 has no TLS, and others than this machine reach it"),
    (("listener 1883 10.1.0.1",), "^warning: mosquitto.conf:3: listener 1883 on 10.1.0.1 has no TLS"),
    (("port 1883",), "^warning: mosquitto.conf:3: listener 1883 has no TLS"),
    (("listener 1883 localhost",), None),
    (("listener 1883 ::1",), None),
    (("listener 0 /run/mosquitto.sock",), None),
    (("port 1883", "bind_address 127.0.0.1"), None),
    ((), None),
    (("listener 8883", "certfile server.crt", "keyfile server.key"), None),
    (CERTIFICATE, None),
    ((*CERTIFICATE, "use_identity_as_username true"), "^warning: mosquitto.conf:3: listener 8883 sets use_identity_as_username"),
    ((*CERTIFICATE, "use_subject_as_username true"), "^warning: mosquitto.conf:3: listener 8883 sets use_subject_as_username"),
    ((*CERTIFICATE, "use_identity_as_username false"), None),
    ((*CERTIFICATE, "use_username_as_clientid true"), "^warning: mosquitto.conf:3: listener 8883 sets use_username_as_clientid"),
    (("# listener 1883", "listener 1883 127.0.0.1"), None),
])
def test_a_listener_is_complained_of_where_it_should_be(place, lines, complaint):
    place.listen(place.plugin, *lines)
    if complaint:
        place.complains(complaint)
    else:
        assert place.findings() == []


def test_a_listener_for_pre_shared_keys_needs_the_identity_and_the_method(place):
    place.configure("authentication:\n  methods: [psk]\n")
    place.listen(place.plugin, "listener 8884", "psk_hint mosquitto", "use_identity_as_username true")
    assert place.findings() == []
    place.listen(place.plugin, "listener 8884", "psk_hint mosquitto")
    place.complains("^warning: mosquitto.conf:3: listener 8884 has pre-shared keys without use_identity_as_username")
    place.configure()
    place.listen(place.plugin, "listener 8884", "psk_hint mosquitto", "use_identity_as_username true")
    place.complains("^warning: mosquitto.conf:3: listener 8884 has pre-shared keys, and authentication.methods leaves psk out")


def test_nameless_clients_that_are_wanted_need_allow_anonymous(place):
    place.database.sql("SELECT mqtt_auth.create_group('guests')")
    place.configure("authentication:\n  anonymous_group: guests\n")
    place.complains("^warning: mosquitto.conf: allow_anonymous is not true, and authentication.anonymous_group")


def test_with_per_listener_settings_each_listener_needs_the_plugin(place):
    place.listen("per_listener_settings true", "listener 1883 127.0.0.1", place.plugin, "listener 1884 127.0.0.1", place.plugin)
    place.complains("^warning: mosquitto.conf:1: per_listener_settings true: Mosquitto 2.0.11 raises no ticks")
    place.listen("per_listener_settings true", "listener 1883 127.0.0.1", place.plugin, "listener 1884 127.0.0.1", "allow_anonymous true")
    found = place.findings(status=1)
    assert [line for line in found if line.startswith("error")] == [
        "error: mosquitto.conf:5: listener 1884 on 127.0.0.1 names no plugin of its own, so this one is not asked there: "
        "repeat the plugin line and its plugin_opt_ lines below it"]
    assert any("mosquitto.conf:6: allow_anonymous true for listener 1884" in line for line in found)


def test_per_listener_settings_behind_others_is_an_error(place):
    place.listen("allow_anonymous false", "per_listener_settings true", "listener 1883 127.0.0.1", place.plugin)
    assert any(line.startswith("error: mosquitto.conf:2: per_listener_settings true stands behind settings")
               for line in place.findings(status=1))


def test_each_configuration_of_several_listeners_is_looked_at(place):
    place.listen("per_listener_settings true", "listener 1883 127.0.0.1", place.plugin,
                 "listener 1884 127.0.0.1", place.plugin, "plugin_opt_database_connection host=/nowhere")
    assert any(line.startswith("error: database: ") for line in place.findings(status=1))
