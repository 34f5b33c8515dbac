"""The replica file: starting while PostgreSQL is down, and sessions that were settled before a restart."""

import os

import pytest

from mqtt import CLOSED, NOT_AUTHORIZED, V311
from waiting import until


@pytest.fixture
def place(install):
    place = install()
    place.file = os.path.join(place.broker.directory, "replica")
    keep_file(place)
    place.add_supervisor()
    place.add_group("operators", allow=[("read", "plant/#")])
    place.add_client("operator", groups=["operators"])
    return place


def keep_file(place, more=""):
    place.broker.configure(place.yaml(f"replica:\n  start_wait: 3s\n  file: {place.file}\n{more}"))


def restart_while_down(place, postgres, meanwhile=lambda: None):
    """The broker starts again and PostgreSQL is down."""
    place.broker.stop()
    meanwhile()
    postgres.stop()
    place.broker.start()


def test_known_clients_are_served_by_a_broker_that_starts_without_postgres(place, postgres):
    place.start()
    assert place.connect("operator") == 0
    restart_while_down(place, postgres)
    try:
        boss, operator = place.supervisor(), place.login("operator")
        assert operator.subscribe("plant/#") == [1]
        assert operator.subscribe("yard/#") == [128]
        assert place.delivers(boss, "plant/x", to=operator)
        assert place.connect("operator", password="guessed") == NOT_AUTHORIZED[V311]
        assert place.lines_logged("going on from replica file")
    finally:
        postgres.start()
    place.sql("SELECT mqtt_auth.disable_client('operator')")
    place.until_answer(NOT_AUTHORIZED[V311], "late", username="operator")
    assert operator.is_connected()


def test_a_client_disabled_while_the_broker_was_down_does_not_get_in_by_the_file(place):
    place.start()
    assert place.connect("operator") == 0
    place.broker.stop()
    assert os.path.exists(place.file)
    place.sql("SELECT mqtt_auth.disable_client('operator')")
    place.broker.start()
    assert place.connect("operator") == NOT_AUTHORIZED[V311]
    assert not place.lines_logged("going on from replica file")


@pytest.mark.parametrize("flaw, reason", [("mode", "use mode 0600"), ("cut", "it was cut short or changed")])
def test_a_file_that_cannot_be_trusted_lets_nobody_in(place, postgres, flaw, reason):
    place.start()
    place.broker.stop()
    if flaw == "mode":
        os.chmod(place.file, 0o644)
    else:
        os.truncate(place.file, os.path.getsize(place.file) - 1)
    postgres.stop()
    try:
        place.broker.start()
        assert place.connect("operator") == CLOSED
        assert place.lines_logged(reason)
    finally:
        postgres.start()
    place.until_answer(0, "operator")


def test_a_file_older_than_max_age_lets_nobody_in(place, postgres):
    place.start()

    def age():
        keep_file(place, "  max_age: 1h\n")
        os.utime(place.file, (0, 0))

    restart_while_down(place, postgres, age)
    try:
        assert place.connect("operator") == CLOSED
    finally:
        postgres.start()
    place.until_answer(0, "operator")


@pytest.mark.parametrize("postgres_is", ["up", "down"])
def test_messages_are_queued_for_whom_was_settled_in_a_group_before_the_restart(place, postgres, postgres_is):
    """It left the group while it was away: that acts from its next connection on."""
    place.start()
    operator = place.client("operator", durable=True)
    assert operator.connect() == 0 and operator.subscribe("plant/#") == [1]
    operator.disconnect()
    place.sql("SELECT mqtt_auth.remove_from_group('operator', 'operators')")
    if postgres_is == "down":
        restart_while_down(place, postgres)
    else:
        place.broker.restart()
    try:
        boss = place.login("supervisor")
        assert boss.publish("plant/x", "queued") == 0
    finally:
        if postgres_is == "down":
            postgres.start()
    place.sql("SELECT mqtt_auth.add_to_group('operator', 'operators')")
    place.add_client("marker")  # seen, and with it what was committed before
    place.until_answer(0, "marker")
    until(lambda: operator.connect() == 0, what="the operator to be let in")
    operator.expect_only("plant/x", "queued")
