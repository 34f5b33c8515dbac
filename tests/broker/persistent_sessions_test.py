"""Messages queued for who is away survive a restart of the broker, and rights hold when they are delivered."""

import pytest

from mqtt import CLOSED
from waiting import until

with_postgres = pytest.mark.parametrize("postgres_is", ["up", "down"])
MESSAGES = [f"message {n}" for n in range(1, 6)]


def _people(place):
    place.add_supervisor()
    place.add_group("operators", allow=[("read", "plant/#"), ("read", "marker")])
    place.add_group("neighbours", allow=[("read", "yard/#")])
    place.add_client("operator", groups=["operators"], allow=[("read", "own/#")])
    place.sql("SELECT mqtt_auth.add_group_rule('near', ARRAY['neighbours'], address => '127.0.0.0/8')")


@pytest.fixture
def place(install):
    place = install("replica:\n  start_wait: 300ms\n")
    _people(place)
    place.start()
    place.until_answer(0, "supervisor")  # a busy machine may need longer than start_wait
    return place


def _operator_away(place, *filters):
    """An operator who has subscribed and gone; the session stays."""
    operator = place.client("operator", durable=True)
    assert operator.connect() == 0
    assert operator.subscribe(*filters) == [1] * len(filters)
    operator.disconnect()
    return operator


def _publish(place, *topics_and_payloads):
    boss = place.login("supervisor")
    for topic, payload in topics_and_payloads:
        assert boss.publish(topic, payload) == 0
    boss.disconnect()


def _restart(place, postgres, postgres_is, meanwhile=lambda: None):
    """Restarts the broker, with PostgreSQL up or down at the time; `meanwhile` is for SQL that
    was run while the broker was not there to hear of it."""
    place.broker.stop()
    meanwhile()
    if postgres_is == "down":
        postgres.stop()
    try:
        place.broker.start()
        if postgres_is == "down":
            for _ in range(3):
                assert place.connect("operator", durable=True) == CLOSED
    finally:
        if postgres_is == "down":
            postgres.start()


def _back(operator):
    until(lambda: operator.connect() == 0, what="the operator to be let in")
    assert operator.session_present


@with_postgres
def test_queued_messages_survive_a_restart_with_postgres(place, postgres, postgres_is):
    operator = _operator_away(place, "plant/#", "own/#")
    _publish(place, *(("plant/x", message) for message in MESSAGES), ("own/x", "last"))
    _restart(place, postgres, postgres_is)
    _back(operator)
    assert operator.expect("own/x", "last") == [("plant/x", message) for message in MESSAGES]


@with_postgres
def test_messages_are_queued_for_a_session_that_was_restored(place, postgres, postgres_is):
    """It has never logged in to this broker process."""
    operator = _operator_away(place, "plant/#", "own/#")
    _restart(place, postgres, postgres_is)
    until(lambda: place.connect("supervisor") == 0, what="the supervisor to be let in")
    _publish(place, *(("plant/x", message) for message in MESSAGES), ("own/x", "last"))
    _back(operator)
    assert operator.expect("own/x", "last") == [("plant/x", message) for message in MESSAGES]


def test_messages_are_queued_for_a_restored_session_whose_right_hangs_on_its_address(place, postgres):
    """Nobody knows the address of who is away: what would be allowed for some address is queued."""
    operator = _operator_away(place, "yard/#")
    place.broker.restart()
    _publish(place, ("yard/gate", "open"))
    _back(operator)
    operator.expect_only("yard/gate", "open")


@with_postgres
def test_a_right_revoked_meanwhile_holds_when_queued_messages_are_delivered(place, postgres, postgres_is):
    operator = _operator_away(place, "plant/#", "own/#", "marker")
    _publish(place, ("plant/secret", "?"), ("own/secret", "?"), ("plant/news", "queued"), ("marker", "queued"))

    def revoke():
        place.sql("SELECT mqtt_auth.deny('operators', 'read', 'plant/secret')")
        place.sql("DELETE FROM mqtt_auth.acls WHERE username = 'operator'")

    _restart(place, postgres, postgres_is, meanwhile=revoke)
    _back(operator)
    assert operator.expect("marker", "queued") == [("plant/news", "queued")]


def test_a_right_revoked_without_a_restart_holds_when_queued_messages_are_delivered(place):
    operator = _operator_away(place, "plant/#", "marker")
    _publish(place, ("plant/secret", "?"), ("plant/news", "queued"), ("marker", "queued"))
    place.sql("SELECT mqtt_auth.deny('operators', 'read', 'plant/secret')")
    place.add_client("witness", groups=["operators"])
    until(lambda: place.connect("witness") == 0, what="the changes to arrive")
    _back(operator)
    assert operator.expect("marker", "queued") == [("plant/news", "queued")]


def test_a_disabled_client_does_not_get_at_its_queued_messages(place):
    operator = _operator_away(place, "plant/#")
    _publish(place, ("plant/x", "queued"))
    place.broker.stop()
    place.sql("SELECT mqtt_auth.disable_client('operator')")
    place.broker.start()
    until(lambda: operator.connect() == 5, what="the operator to be refused")
    place.sql("SELECT mqtt_auth.enable_client('operator')")
    _back(operator)
    operator.expect_only("plant/x", "queued")


def test_queued_messages_survive_an_outage_of_postgres_while_the_broker_runs(place, postgres):
    operator = _operator_away(place, "plant/#")
    postgres.stop()
    try:
        _publish(place, ("plant/x", "queued"))
        _back(operator)
        operator.expect_only("plant/x", "queued")
    finally:
        postgres.start()
