"""pgauth check: each thing that can be wrong is one line that says what to do, and what is right is not complained of.
Configuration and database here; listeners, TLS of the database and the replica file in files of their own."""

import re

import pytest

from installation import hash_of
from pgauth import Pgauth
from postgres import OWNER, PLUGIN_ROLE


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
