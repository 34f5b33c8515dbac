"""pgauth import --vernemq: vmq_auth_acl as VerneMQ documents it, with passwords made by pgcrypto."""

import json

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
    database = OldDatabase(postgres, ["pgcrypto"])
    database.sql("""
        CREATE TABLE vmq_auth_acl (mountpoint character varying(10) NOT NULL, client_id character varying(128) NOT NULL,
                                   username character varying(128) NOT NULL, password character varying(128), publish_acl json,
                                   subscribe_acl json, CONSTRAINT vmq_auth_acl_primary_key PRIMARY KEY (mountpoint, client_id, username));
        """)
    return database


def add(old, client_id, username, publish=(), subscribe=(), password=PASSWORD, mountpoint=""):
    old.sql("INSERT INTO vmq_auth_acl VALUES (:'mountpoint', :'client_id', :'username', crypt(:'password', gen_salt('bf', 4)), "
            ":'publish', :'subscribe')", mountpoint=mountpoint, client_id=client_id, username=username, password=password,
            publish=json.dumps(publish), subscribe=json.dumps(subscribe))


def pattern(topic, **limits):
    return {"pattern": topic, **limits}


def take_over(new, old, **options):
    return new.take_over("--vernemq", old.owner_connection, **options)


def test_a_client_logs_in_with_its_old_password_and_client_id_and_has_its_old_rights(new, old):
    add(old, "test-client", "test-user", [pattern("a/%u/c"), pattern("b/%c/#")], [pattern("a/+/c"), pattern("x", max_qos=2)])
    add(old, "*", "listener", [], [pattern("#")])
    assert take_over(new, old, status=0).notes("lost") == []
    assert [entry[1:3] for entry in new.entries("test-user")] == [("write", "a/%u/c"), ("read", "a/+/c"), ("write", "b/%c/#"), ("read", "x")]
    new.start()
    test = new.login("test-client", username="test-user", password=PASSWORD)
    listener = new.login("whoever", username="listener", password=PASSWORD)
    assert new.connect("another", username="test-user", password=PASSWORD) != 0
    assert new.connect("test-client-2", username="listener", password="another") != 0
    assert listener.subscribe("#") == [1] and test.subscribe("a/+/c") == [1] and test.subscribe("b/#") != [1]
    assert new.delivers(test, "a/test-user/c", to=listener) and new.delivers(test, "b/test-client/1", to=listener)
    assert not new.delivers(test, "b/another/1", to=listener)


def test_limits_are_carried(new, old):
    add(old, "*", "press-7", [pattern("a", max_qos=1), pattern("b", allowed_retain=False), pattern("c", allowed_retain=True, max_payload_size=128)],
        [pattern("d", max_qos=0)])
    report = take_over(new, old)
    assert new.entries("press-7") == [("allow", "write", "a", "0", "1", ""), ("allow", "write", "b", "0", "", "f"),
                                      ("allow", "write", "c", "0", "", ""), ("allow", "read", "d", "0", "0", "")]
    assert "`message_size_limit`" in report.note("lost", "`max_payload_size`")


def test_what_changes_messages_is_not_allowed(new, old):
    add(old, "*", "press-7", [pattern("a", modifiers={"topic": "secret/place"}), pattern("b")], [pattern("c", modifiers=[["d", 1]])])
    report = take_over(new, old)
    assert [entry[1:3] for entry in new.entries("press-7")] == [("write", "b")]
    assert len([note for note in report.notes("lost") if "`modifiers`" in note]) == 2


def test_client_ids_of_one_password_have_rights_of_their_own(new, old):
    add(old, "one", "press-7", [pattern("from/one")])
    old.sql("""INSERT INTO vmq_auth_acl SELECT mountpoint, 'two', username, password, '[{"pattern": "from/two"}]' FROM vmq_auth_acl""")
    report = take_over(new, old)
    assert "`press-7`" in report.note("differs", "any client id")
    for client_id, topic, status in [("one", "from/one", 0), ("one", "from/two", 1), ("two", "from/two", 0), ("three", "from/one", 1)]:
        done = new.tool("explain", "--username", "press-7", "--client-id", client_id, "publish", topic)
        assert done.returncode == status, (client_id, topic, done.stdout)


def test_client_ids_with_a_password_each_cannot_share_a_username(new, old):
    add(old, "one", "press-7", [pattern("from/one")], password="of one")
    add(old, "two", "press-7", [pattern("from/two")], password="of two")
    report = take_over(new, old)
    assert "a username each: `press-7`" in report.note("lost", "only the first")
    new.start()
    assert new.connect("one", username="press-7", password="of one") == 0
    assert new.connect("two", username="press-7", password="of two") != 0
    assert new.connect("one", username="press-7", password="of two") != 0


def test_a_default_row_beside_others_is_not_opened(new, old):
    add(old, "*", "press-7", [pattern("by/any")])
    old.sql("""INSERT INTO vmq_auth_acl SELECT mountpoint, 'one', username, password, '[{"pattern": "by/one"}]' FROM vmq_auth_acl""")
    report = take_over(new, old)
    assert report.note("lost", "only the first")
    assert [entry[2] for entry in new.entries("press-7")] == ["by/any"]


def test_rows_that_make_no_sense_are_left_out(new, old):
    old.sql("ALTER TABLE vmq_auth_acl ALTER publish_acl TYPE text, ALTER subscribe_acl TYPE text")
    add(old, "*", "mounted", [pattern("a")], mountpoint="other")
    add(old, "*", "a+b")
    add(old, "*", "press-7", [pattern("a/#/b"), {"max_qos": 1}, "a", pattern("ok")])
    add(old, "*", "press-8")
    old.sql("UPDATE vmq_auth_acl SET publish_acl = '[{', password = 'plain-text' WHERE username = 'press-8'")
    report = take_over(new, old)
    assert new.usernames() == ["press-7", "press-8"] and [entry[2] for entry in new.entries("press-7")] == ["ok"]
    assert "`mounted`" in report.note("lost", "mountpoint") and "`press-8`" in report.note("lost", "no JSON array")
    assert "plain-text" not in json.dumps(report.told) and new.secret("press-8") == []


def test_without_lists_nothing_is_allowed(new, old):
    add(old, "*", "press-7")
    old.sql("UPDATE vmq_auth_acl SET publish_acl = NULL, subscribe_acl = 'null'")
    assert take_over(new, old, status=0).told["entries"] == []


def test_another_database_is_told_so(new, database):
    other = f"host={database.postgres.sockets} port={database.postgres.port} dbname={database.name} user={OWNER}"
    assert "there is no table `vmq_auth_acl`" in new.complaint("--vernemq", other)
