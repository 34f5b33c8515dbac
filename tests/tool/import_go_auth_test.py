"""pgauth import --go-auth-conf: mosquitto-go-auth's and mosquitto-auth-plug's queries, run on tables as their documentation has them."""

import base64
import crypt
import hashlib
import os

import pytest

from importing import Importing, OldDatabase
from postgres import OWNER

PASSWORD = "s3cret-of-before"


def go_auth_hash(password, iterations=1000):
    """As its `pw` writes it: the salt is what the base64 stands for."""
    salt = os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, 32)
    return f"PBKDF2$sha512${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def auth_plug_hash(password, iterations=901):
    """As its `np` writes it: the salt is the base64 text itself."""
    salt = base64.b64encode(os.urandom(12))
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations, 24)
    return f"PBKDF2$sha256${iterations}${salt.decode()}${base64.b64encode(digest).decode()}"


@pytest.fixture
def new(postgres):
    place = Importing(postgres)
    yield place
    place.close()


@pytest.fixture
def old(new, postgres):
    database = OldDatabase(postgres)
    database.sql("""
        CREATE TABLE test_user (id serial PRIMARY KEY, username text NOT NULL, password_hash text NOT NULL, is_admin boolean NOT NULL DEFAULT false);
        CREATE TABLE test_acl (id serial PRIMARY KEY, test_user_id integer NOT NULL REFERENCES test_user, topic text NOT NULL, rw integer NOT NULL);
        """)
    return database


def add_user(old, username, secret, admin=False, acls=()):
    old.sql("INSERT INTO test_user (username, password_hash, is_admin) VALUES (:'name', :'secret', :'admin')",
            name=username, secret=secret, admin=admin)
    for rw, topic in acls:
        old.sql("INSERT INTO test_acl (test_user_id, topic, rw) SELECT id, :'topic', :'rw' FROM test_user WHERE username = :'name'",
                topic=topic, rw=rw, name=username)


# Of go-auth's documentation, with `rw` as bits of what the broker asks.
USER_QUERY = "select password_hash from test_user where username = $1 limit 1"
SUPER_QUERY = "select count(*) from test_user where username = $1 and is_admin = true"
ACL_QUERY = "SELECT a.topic FROM test_user u JOIN test_acl a ON u.id = a.test_user_id WHERE u.username = $1 AND a.rw & $2::integer <> 0"


def conf(tmp_path, old, plugin="/usr/lib/go-auth.so", **options):
    defaults = {"backends": "postgres", "pg_host": "127.0.0.1", "pg_port": old.postgres.port, "pg_dbname": old.name, "pg_user": OWNER,
                "pg_password": "hunter2", "pg_userquery": USER_QUERY, "pg_superquery": SUPER_QUERY, "pg_aclquery": ACL_QUERY}
    return write_conf(tmp_path, plugin, defaults | options)


def auth_plug_conf(tmp_path, old, **options):
    defaults = {"backends": "postgres", "host": "127.0.0.1", "port": old.postgres.port, "dbname": old.name, "user": OWNER, "pass": "hunter2",
                "userquery": USER_QUERY, "superquery": SUPER_QUERY, "aclquery": ACL_QUERY}
    return write_conf(tmp_path, "/usr/lib/auth-plug.so", defaults | options)


def write_conf(tmp_path, plugin, options):
    """In a file of its own behind include_dir, as Debian's mosquitto.conf has it."""
    (tmp_path / "conf.d").mkdir(exist_ok=True)
    lines = [f"auth_plugin {plugin}"] + [f"auth_opt_{key} {value}" for key, value in options.items() if value is not None]
    (tmp_path / "conf.d/auth.conf").write_text("\n".join(lines) + "\n")
    file = tmp_path / "mosquitto.conf"
    file.write_text(f"listener 1883\nallow_anonymous false\ninclude_dir {tmp_path}/conf.d\n")
    return str(file)


def test_a_client_of_go_auth_logs_in_with_its_old_password_and_has_its_old_rights(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD), acls=[(2, "plant/%u/state"), (5, "plant/%u/orders/#"), (7, "chat/+")])
    add_user(old, "boss", crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)), admin=True)
    report = new.take_over("--go-auth-conf", conf(tmp_path, old), status=0)
    assert report.notes("carried") == [
        "auth.conf:1: the users are those of `SELECT DISTINCT username::text FROM test_user WHERE username IS NOT NULL ORDER BY 1`"]
    assert new.entries("press-7") == [("allow", "readWrite", "chat/+", "0", "", ""), ("allow", "read", "plant/%u/orders/#", "0", "", ""),
                                      ("allow", "write", "plant/%u/state", "0", "", "")]
    assert new.groups("boss") == ["superusers"]
    new.start()
    press, boss = new.login("press-7", password=PASSWORD), new.login("boss", password=PASSWORD)
    assert new.connect("press-7", password="another") != 0
    assert boss.subscribe("#") == [1] and press.subscribe("plant/press-7/orders/#") == [1]
    assert new.delivers(press, "plant/press-7/state", to=boss) and not new.delivers(press, "plant/press-7/orders/1", to=boss)
    assert new.delivers(boss, "plant/press-7/orders/1", to=press)


def test_a_client_of_auth_plug_logs_in_with_its_old_password(new, old, tmp_path):
    add_user(old, "press-7", auth_plug_hash(PASSWORD), acls=[(7, "plant/%u/#")])
    add_user(old, "root-1", auth_plug_hash(PASSWORD))
    report = new.take_over("--go-auth-conf", auth_plug_conf(tmp_path, old, superusers="root-*"))
    assert "whatever the topics" in report.note("differs", "wildcards") and "`anonymous`" in report.note("lost", "anonymous_group")
    assert new.groups("root-1") == ["superusers"] and new.groups("press-7") == []
    new.start().login("press-7", password=PASSWORD)


def test_the_second_import_finds_everything_there(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD), acls=[(7, "plant/%u/#")])
    file = conf(tmp_path, old)
    new.take_over("--go-auth-conf", file, status=0)
    again = new.take_over("--go-auth-conf", file, status=0)
    assert {kind["new"] for kind in again.told["rows"].values()} == {0}


def test_what_is_delivered_but_cannot_be_subscribed_to_is_not_allowed(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD), acls=[(1, "received"), (4, "subscribed"), (5, "both")])
    report = new.take_over("--go-auth-conf", conf(tmp_path, old))
    assert new.entries("press-7") == [("allow", "read", "both", "0", "", "")]
    assert "`received`" in report.note("lost", "access 1 without 4") and "`subscribed`" in report.note("differs", "access 4 without 1")
    assert report.told["subscribe"] == "covered"


def test_wide_subscriptions_that_were_filtered_are_proposed_as_overlapping(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD), acls=[(4, "plant/#"), (1, "plant/%u/a"), (1, "plant/%c/b")])
    report = new.take_over("--go-auth-conf", conf(tmp_path, old))
    assert [entry[1:3] for entry in new.entries("press-7")] == [("read", "plant/%c/b"), ("read", "plant/%u/a")]
    assert report.told["subscribe"] == "overlapping"
    assert "could subscribe to more" in report.note("differs", "overlapping")


def test_queries_that_were_never_asked_about_subscriptions_let_every_one_through(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD), acls=[(1, "plant/#"), (2, "plant/x")])
    report = new.take_over("--go-auth-conf", conf(tmp_path, old))
    assert [entry[1:3] for entry in new.entries("press-7")] == [("read", "plant/#"), ("write", "plant/x")]
    assert report.told["subscribe"] == "overlapping" and "access 4" in report.note("differs", "never asked")


def test_placeholders_inside_a_level(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD), acls=[(7, "plant/dev-%u/#"), (7, "plant/dev-%c/#")])
    report = new.take_over("--go-auth-conf", conf(tmp_path, old))
    assert [entry[2] for entry in new.entries("press-7")] == ["plant/dev-press-7/#"]
    assert "`%c` is a part of a level" in report.note("lost", "`plant/dev-%c/#`")


def test_without_an_acl_query_go_auth_allows_everything_and_auth_plug_nothing(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD))
    new.take_over("--go-auth-conf", auth_plug_conf(tmp_path, old, aclquery=None))
    assert new.entries("press-7") == []
    new.take_over("--go-auth-conf", conf(tmp_path, old, pg_aclquery=None), status=0)
    assert new.entries("press-7") == [("allow", "readWrite", "#", "0", "", "")]


def test_superusers_that_are_switched_off_are_none(new, old, tmp_path):
    add_user(old, "boss", go_auth_hash(PASSWORD), admin=True)
    new.take_over("--go-auth-conf", conf(tmp_path, old, disable_superuser="true"), status=0)
    new.take_over("--go-auth-conf", conf(tmp_path, old, pg_register="user, acl"), status=0)
    assert new.groups("boss") == []


def test_who_has_no_usable_hash_has_no_password_and_is_named(new, old, tmp_path):
    add_user(old, "press-7", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", acls=[(7, "plant/#")])
    report = new.take_over("--go-auth-conf", conf(tmp_path, old))
    note = report.note("lost", "`press-7`")
    assert "pgauth passwd USERNAME" in note and "5en6G6MezRroT3XKqkdPOmY" not in note
    assert new.secret("press-7") == [] and new.usernames() == ["press-7"]


def test_whom_the_user_query_does_not_find_is_left_out(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD))
    add_user(old, "ghost", go_auth_hash(PASSWORD))
    add_user(old, "a+b", go_auth_hash(PASSWORD))
    report = new.take_over("--go-auth-conf", conf(tmp_path, old, pg_userquery=USER_QUERY.replace("$1", "$1 and username <> 'ghost'")))
    assert new.usernames() == ["press-7"]
    assert "`ghost`" in report.note("lost", "finds no password") and "`a+b`" in report.note("lost", "no `+` and no `#`")


def test_users_that_cannot_be_told_have_to_be_named(new, old, tmp_path):
    add_user(old, "Press-7", go_auth_hash(PASSWORD))
    file = conf(tmp_path, old, pg_userquery="select password_hash from test_user where lower(username) = lower($1)")
    assert new.complaint("--go-auth-conf", file).endswith("say it with --go-auth-users 'SELECT username FROM users'")
    new.take_over("--go-auth-conf", file, "--go-auth-users", "SELECT username FROM test_user", status=0)
    assert new.usernames() == ["Press-7"]


@pytest.mark.parametrize(("query", "users"), [
    ('select password_hash from "user" where username = $1 and is_active limit 1', '"user"'),
    ("SELECT u.pw FROM app.users AS u WHERE u.enabled AND u.name = $1", "app.users AS u"),
])
def test_users_that_can_be_told(new, old, tmp_path, query, users):
    old.sql('CREATE TABLE "user" (username text, password_hash text, is_active boolean); CREATE SCHEMA app; '
            "CREATE TABLE app.users (name text, pw text, enabled boolean)")
    report = new.take_over("--go-auth-conf", conf(tmp_path, old, pg_userquery=query), status=0)
    assert f"FROM {users} WHERE" in report.note("carried", "the users are those of")


def test_other_backends_are_named(new, old, tmp_path):
    report = new.take_over("--go-auth-conf", conf(tmp_path, old, backends="files, postgres,jwt"))
    assert [note for note in report.notes("lost") if "backend" in note] == [
        f"auth.conf:1: backend `{name}`: whom it knows is not imported: only `postgres` is read" for name in ("files", "jwt")]


def test_the_old_database_cannot_be_written(new, old, tmp_path):
    query = "WITH gone AS (DELETE FROM test_user RETURNING username) SELECT username FROM gone"
    add_user(old, "press-7", go_auth_hash(PASSWORD))
    assert "read-only transaction" in new.complaint("--go-auth-conf", conf(tmp_path, old), "--go-auth-users", query)
    assert old.sql("SELECT count(*) FROM test_user") == [("1",)]


def test_complaints_name_the_place_and_no_password(new, old, tmp_path):
    add_user(old, "press-7", go_auth_hash(PASSWORD))
    complaints = [new.complaint("--go-auth-conf", conf(tmp_path, old, pg_dbname="nowhere")),
                  new.complaint("--go-auth-conf", conf(tmp_path, old, pg_aclquery="SELECT nothing WHERE $1 = $2")),
                  new.complaint("--go-auth-conf", conf(tmp_path, old, pg_userquery=None)),
                  new.complaint("--go-auth-conf", conf(tmp_path, old, pg_register="acl"))]
    assert all(complaint.startswith("auth.conf:1: ") and "hunter2" not in complaint for complaint in complaints[:2] + complaints[3:])
    assert "`auth_opt_pg_userquery`" in complaints[2]
    assert "no plugin in it has `auth_opt_backends postgres`" in new.complaint("--go-auth-conf", conf(tmp_path, old, backends="files"))
