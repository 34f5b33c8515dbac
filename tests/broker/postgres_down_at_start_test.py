"""The broker starts while PostgreSQL is down: it turns everyone away for now, says so, and recovers."""

import pytest

from mqtt import CLOSED, SERVER_UNAVAILABLE, V311, V5, Client, raw_connect
from waiting import until

OUTAGES = {
    "down": (lambda server: server.stop("fast"), lambda server: server.start()),
    "hanging": (lambda server: server.sigstop(), lambda server: server.sigcont()),
}


@pytest.mark.parametrize("per_listener", [False, True], ids=["global", "per listener"])
@pytest.mark.parametrize("outage", OUTAGES)
def test_a_broker_that_starts_while_postgres_is(install, postgres, outage, per_listener):
    """... turns everyone away in a way that makes them try again, says so, and lets them in when it is back."""
    place = install("replica:\n  start_wait: 300ms\n", per_listener_settings=per_listener)
    place.add_client("press-7", allow=[("readWrite", "plant/#")])
    begin, end = OUTAGES[outage]
    begin(postgres)
    try:
        place.start()
        for version in (V311, V5):
            later = SERVER_UNAVAILABLE if version == V5 and place.broker.version >= (2, 1) else CLOSED
            assert place.connect("press-7", version=version) == later
            assert place.connect("press-7", password="guessed", version=version) == later
            assert place.connect("unknown", version=version) == later
            assert Client(place.broker, "nameless", version=version).connect() == later
        place.broker.wait_for_log("pgauth: .*(database|PostgreSQL|replica|loaded)")
    finally:
        end(postgres)
    place.until_answer(0, "press-7")
    press = place.login("press-7")
    assert press.subscribe("plant/#") == [1]
    press.publish("plant/x", "back")
    press.expect_only("plant/x", "back")
    assert place.connect("press-7", password="guessed") == 5


def test_an_anonymous_group_opens_nothing_before_the_first_load(install, postgres):
    place = install("replica:\n  start_wait: 300ms\nauthentication:\n  anonymous_group: guests\n", allow_anonymous=True)
    place.add_group("guests", allow=[("read", "news")])
    postgres.stop()
    try:
        place.start()
        assert raw_connect(place.broker, b"nameless") == CLOSED
    finally:
        postgres.start()
    until(lambda: raw_connect(place.broker, b"nameless") == 0, what="the nameless to be let in")


def test_the_log_says_why_somebody_was_turned_away(install, postgres):
    place = install("replica:\n  start_wait: 300ms\n")
    place.add_client("press-7")
    postgres.stop()
    try:
        place.start()
        since = place.broker.log_size()
        place.connect("press-7")
        assert place.lines_logged("pgauth: .*`press-7`", since)
    finally:
        postgres.start()
