"""A configuration that cannot be read stops the broker: one line says file, line, key and what is wrong."""

import os

import pytest

from mosquitto import Broker
from mqtt import CLOSED, NOT_AUTHORIZED, V5, Client, raw_connect

# What follows `database:\n  connection: …\n`, the line at fault, and what the message has to name.
BAD = {
    "an unknown section": ("databse:\n  x: 1\n", 3, "databse"),
    "an unknown key": ("authorization:\n  subscibe: covered\n", 4, "subscibe"),
    "an unknown word": ("authentication:\n  methods: [passwd]\n", 4, "passwd"),
    "another unknown word": ("# a comment\nauthorization:\n  subscribe: sometimes\n", 5, "sometimes"),
    "a duration without a unit": ("replica:\n  start_wait: 5\n", 4, "start_wait"),
    "a duration that is out of range": ("replica:\n  start_wait: 5000h\n", 4, "start_wait"),
    "a value of the wrong kind": ("sessions:\n  takeover: [any]\n", 4, "takeover"),
    "a key that is given twice": ("sessions:\n  takeover: any\n  takeover: any\n", 5, "takeover"),
    "what is no YAML": ("authorization: [\n", None, ""),
}


@pytest.fixture
def start_with(postgres):
    """start_with(text of pgauth.yaml, or a function of the database's connection) -> lines of the log"""
    brokers = []

    def start(config, **options):
        brokers.append(Broker(config, **options))
        return brokers[-1], brokers[-1].start_must_fail()

    yield start
    for broker in brokers:
        broker.close()


@pytest.mark.parametrize("rest, line, named", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("per_listener", [False, True], ids=["global", "per listener"])
def test_the_broker_does_not_start_with(start_with, rest, line, named, per_listener):
    broker, lines = start_with(f"database:\n  connection: host=/nowhere dbname=mqtt\n{rest}",
                               per_listener_settings=per_listener)
    [complaint] = [text for text in lines if "pgauth.yaml" in text]
    assert f"{broker.config_file}:{line or ''}" in complaint
    assert named in complaint


def test_the_broker_does_not_start_with_a_configuration_file_that_is_not_there(install):
    place = install()
    os.unlink(place.broker.config_file)
    [complaint] = [text for text in place.broker.start_must_fail() if "pgauth.yaml" in text]
    assert place.broker.config_file in complaint


def test_the_broker_does_not_start_with_a_connection_string_that_is_none(start_with):
    _, lines = start_with("database:\n  connection: 'hots=localhost'\n")
    [complaint] = [text for text in lines if "pgauth:" in text]
    assert "database.connection" in complaint


def test_a_password_in_a_connection_string_that_is_refused_does_not_show(start_with):
    _, lines = start_with("database:\n  connection: hots=localhost password=hunter22\n")
    assert not [text for text in lines if "hunter22" in text]


def test_without_any_configuration_nobody_comes_in():
    broker = Broker(None)
    try:
        broker.launch()
        try:
            broker.wait_for_log(r"mosquitto version \S+ running")
        except AssertionError:
            broker.process = None  # it did not start
            return
        assert Client(broker, "x", username="x", password="x").connect() == CLOSED
        assert raw_connect(broker, b"x") != 0
    finally:
        broker.close()


def test_a_database_without_the_schema_lets_nobody_in(install):
    place = install("replica:\n  start_wait: 500ms\n")
    place.add_client("press-7")
    place.postgres.sql("DROP SCHEMA mqtt_auth CASCADE", place.database.name)
    place.start()
    place.broker.wait_for_log("pgauth: .*mqtt_auth")
    assert place.connect("press-7") == CLOSED


def test_allow_anonymous_opens_nothing(install):
    place = install(allow_anonymous=True)
    place.start()
    assert Client(place.broker, "nameless", version=V5).connect() == NOT_AUTHORIZED[V5]
    assert place.connect("unknown") == NOT_AUTHORIZED[4]
