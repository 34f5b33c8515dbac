"""pgauth import --emqx: mqtt_user and mqtt_acl as EMQX 5 and 4 document them, where the first row that matches decides."""

import binascii
import crypt
import hashlib

import pytest

from importing import Importing, OldDatabase
from postgres import OWNER

PASSWORD = "s3cret-of-before"


@pytest.fixture
def new(postgres):
    place = Importing(postgres)
    yield place
    place.close()


@pytest.fixture
def old(new, postgres):
    database = OldDatabase(postgres)
    database.sql("""
        CREATE TABLE mqtt_user (id serial PRIMARY KEY, username text NOT NULL UNIQUE, password_hash text NOT NULL, salt text NOT NULL,
                                is_superuser boolean DEFAULT false, created timestamp with time zone DEFAULT now());
        CREATE TYPE ACTION AS ENUM ('publish', 'subscribe', 'all');
        CREATE TYPE PERMISSION AS ENUM ('allow', 'deny');
        CREATE TABLE mqtt_acl (id serial PRIMARY KEY, ipaddress varchar(60) NOT NULL DEFAULT '', username varchar(255) NOT NULL DEFAULT '',
                               clientid varchar(255) NOT NULL DEFAULT '', action ACTION, permission PERMISSION, topic varchar(255) NOT NULL,
                               qos smallint, retain smallint);
        """)
    return database


def bcrypt(password):
    return crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))


def add_user(old, username, secret=None, salt="", superuser=False):
    old.sql("INSERT INTO mqtt_user (username, password_hash, salt, is_superuser) VALUES (:'name', :'secret', :'salt', :'superuser')",
            name=username, secret=secret or bcrypt(PASSWORD), salt=salt, superuser=superuser)


def add_rule(old, permission, action, topic, **columns):
    values = {"permission": permission, "action": action, "topic": topic, **columns}
    old.sql(f"INSERT INTO mqtt_acl ({', '.join(values)}) VALUES ({', '.join(f':{name!r}' for name in values)})", **values)


def take_over(new, old, *arguments, **options):
    return new.take_over("--emqx", old.owner_connection, *arguments, **options)


def test_a_client_logs_in_with_its_old_password_and_has_its_old_rights(new, old):
    add_user(old, "press-7")
    add_user(old, "boss", superuser=True)
    add_rule(old, "deny", "publish", "plant/+/config", username="press-7")
    add_rule(old, "allow", "all", "plant/${username}/#", username="press-7")
    report = take_over(new, old)
    assert [note for note in report.notes("differs") if "no_match" not in note] == [] and report.notes("lost") == []
    assert new.entries("press-7") == [("deny", "write", "plant/+/config", "1", "", ""), ("allow", "readWrite", "plant/%u/#", "0", "", "")]
    assert new.groups("boss") == ["superusers"]
    new.start()
    press, boss = new.login("press-7", password=PASSWORD), new.login("boss", password=PASSWORD)
    assert boss.subscribe("#") == [1] and new.connect("press-7", password="another") != 0
    assert new.delivers(press, "plant/press-7/state", to=boss) and not new.delivers(press, "plant/press-7/config", to=boss)


@pytest.mark.parametrize(("digest", "length"), [("sha256", None), ("sha512", None), ("sha256", 24)])
def test_pbkdf2_is_taken_where_it_is_said_how_it_was_made(new, old, digest, length):
    salt = "9a04a1ae3d9f4d9e8b9d3f1b2c3d4e5f"  # EMQX hashes the text, not what it stands for
    made = hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), salt.encode(), 4096, length)
    add_user(old, "press-7", binascii.hexlify(made).decode(), salt)
    take_over(new, old, "--emqx-pbkdf2", f"{digest}:4096")
    new.start()
    assert new.connect("press-7", password=PASSWORD) == 0 and new.connect("press-7", password="another") != 0


def test_digests_have_no_form_and_are_named_without_being_shown(new, old):
    digest = hashlib.sha256(b"salt" + PASSWORD.encode()).hexdigest()
    for number in range(8):
        add_user(old, f"press-{number}", digest, "salt")
    note = take_over(new, old).note("lost", "without a password")
    assert "`press-4` and 3 more" in note and "--emqx-pbkdf2 sha256:4096" in note and digest not in note
    assert new.secret("press-7") == []


def test_the_order_of_the_rows_becomes_priorities(new, old):
    add_user(old, "press-7")
    for effect, topic in [("allow", "a/b"), ("allow", "a/c"), ("deny", "a/#"), ("allow", "#"), ("deny", "b")]:
        add_rule(old, effect, "publish", topic, username="press-7")
    add_user(old, "boss", superuser=True)
    take_over(new, old)
    assert [(entry[0], entry[2], entry[3]) for entry in new.entries("press-7")] == [
        ("allow", "a/b", "3"), ("allow", "a/c", "3"), ("deny", "a/#", "2"), ("allow", "#", "1"), ("deny", "b", "0")]
    assert [(entry[2], entry[3]) for entry in new.entries("superusers")] == [("#", "4"), ("$SYS/#", "4")]


def test_rows_for_all_and_rows_by_client_id_become_rules(new, old):
    add_user(old, "press-7")
    add_rule(old, "allow", "subscribe", "news", username="$all")
    add_rule(old, "allow", "publish", "from/${clientid}", clientid="one")
    add_rule(old, "allow", "publish", "both", clientid="one", username="press-7")
    add_rule(old, "allow", "publish", "for/strangers", username="not-in-mqtt_user")
    take_over(new, old)
    rules = new.sql("SELECT name, syntax, username, client_id, group_name FROM mqtt_auth.group_rules "
                    "JOIN mqtt_auth.group_rule_groups ON rule_name = name ORDER BY name COLLATE \"C\"")
    assert rules == [("EMQX client id one", "exact", "", "one", "EMQX client id one"),
                     ("EMQX username not-in-mqtt_user", "exact", "not-in-mqtt_user", "", "EMQX username not-in-mqtt_user"),
                     ("EMQX username press-7 client id one", "exact", "press-7", "one", "EMQX username press-7 client id one"),
                     ("everyone", "glob", "*", "", "everyone")]
    new.start()
    one, other = (new.login(name, username="press-7", password=PASSWORD) for name in ("one", "other"))
    assert one.subscribe("news") == [1] and other.subscribe("news") == [1]
    assert new.tool("explain", "--username", "press-7", "--client-id", "one", "publish", "from/one").returncode == 0
    assert new.tool("explain", "--username", "press-7", "--client-id", "other", "publish", "from/other").returncode == 1


def test_limits_are_carried_where_they_can_be_said_and_else_nothing_is_allowed(new, old):
    old.sql("ALTER TABLE mqtt_acl ALTER qos TYPE text")
    add_user(old, "press-7")
    add_rule(old, "allow", "publish", "low", username="press-7", qos="0,1")
    add_rule(old, "allow", "publish", "live", username="press-7", retain="0")
    add_rule(old, "allow", "publish", "high", username="press-7", qos="2")
    add_rule(old, "allow", "publish", "kept", username="press-7", retain="1")
    add_rule(old, "allow", "publish", "near", username="press-7", ipaddress="10.0.0.1")
    report = take_over(new, old)
    assert new.entries("press-7") == [("allow", "write", "live", "0", "", "f"), ("allow", "write", "low", "0", "1", "")]
    assert ["`mqtt_acl 3`" in report.note("lost", "`qos`"), "`mqtt_acl 4`" in report.note("lost", "retained messages alone"),
            "`mqtt_acl 5`" in report.note("lost", "`ipaddress`")] == [True] * 3


def test_a_deny_that_cannot_be_said_exactly_denies_more(new, old):
    add_user(old, "press-7")
    add_rule(old, "deny", "publish", "a/dev-${clientid}/x", username="press-7", ipaddress="10.0.0.1", qos="2")
    report = take_over(new, old)
    assert new.entries("press-7") == [("deny", "write", "a/+/x", "0", "", "")]
    for part in ("`ipaddress`", "quality of service", "any level"):
        assert "`mqtt_acl 1`" in report.note("differs", part)


def test_equal_topics(new, old):
    add_user(old, "press-7")
    add_rule(old, "deny", "subscribe", "eq #", username="press-7")
    add_rule(old, "allow", "subscribe", "eq a/+", username="press-7")
    add_rule(old, "allow", "subscribe", "eq b", username="press-7")
    report = take_over(new, old)
    assert [entry[:3] for entry in new.entries("press-7")] == [("allow", "read", "a/+"), ("allow", "read", "b")]
    assert "`mqtt_acl 1`" in report.note("lost", "`eq`") and "`mqtt_acl 2`" in report.note("differs", "`eq`")


def test_rows_that_make_no_sense_are_left_out(new, old):
    old.sql("ALTER TABLE mqtt_acl ALTER permission TYPE text, ALTER action TYPE text")
    add_user(old, "press-7")
    add_user(old, "a/#")
    add_rule(old, "maybe", "publish", "a", username="press-7")
    add_rule(old, "allow", "publish", "a/#/b", username="press-7")
    add_rule(old, "allow", "publish", "a")
    add_rule(old, "allow", "publish", "dev-${cert_common_name}", username="press-7")
    report = take_over(new, old)
    assert new.usernames() == ["press-7"] and [entry[2] for entry in new.entries("press-7")] == ["dev-${cert_common_name}"]
    assert len(report.notes("lost")) == 4


def test_the_tables_of_emqx_4(new, postgres):
    old = OldDatabase(postgres)
    old.sql("""
        CREATE TABLE mqtt_user (id serial PRIMARY KEY, is_superuser boolean, username varchar(100), password varchar(100), salt varchar(40));
        CREATE TABLE mqtt_acl (id serial PRIMARY KEY, allow integer, ipaddr varchar(60), username varchar(100), clientid varchar(100),
                               access integer, topic varchar(100));
        INSERT INTO mqtt_user (username, password) VALUES ('press-7', :'secret');
        INSERT INTO mqtt_acl (allow, ipaddr, username, clientid, access, topic) VALUES
            (0, NULL, '$all', NULL, 1, '$SYS/#'), (1, NULL, 'press-7', NULL, 3, 'plant/%u/#'), (1, NULL, 'press-7', NULL, 2, 'out');
        """, secret=bcrypt(PASSWORD))
    take_over(new, old)
    assert new.entries("press-7") == [("allow", "write", "out", "0", "", ""), ("allow", "readWrite", "plant/%u/#", "0", "", "")]
    assert new.entries("everyone") == [("deny", "read", "$SYS/#", "1", "", "")]


def test_complaints(new, old, database):
    empty = f"host={database.postgres.sockets} port={database.postgres.port} dbname={database.name} user={OWNER}"
    assert "neither a table `mqtt_user` nor a table `mqtt_acl`" in new.complaint("--emqx", empty)
    assert "neither a table" in new.complaint("--emqx", "")  # where PG* say
    refused = new.complaint("--emqx", "host=localhost password=hunter2")
    assert refused.startswith("--emqx: it holds a password") and "hunter2" not in refused
    assert "use `sha256:4096`" in new.complaint("--emqx", old.owner_connection, "--emqx-pbkdf2", "sha256")
    assert "different sources" in new.complaint("--emqx", old.owner_connection, "--vernemq", old.owner_connection)
    assert "another source" in new.complaint("--emqx", old.owner_connection, "--password-file", __file__)
