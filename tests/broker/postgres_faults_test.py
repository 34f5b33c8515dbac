"""PostgreSQL stops, hangs, is killed or restarts: no client notices, and what changes afterwards is enforced."""

import time

import pytest

from mqtt import NOT_AUTHORIZED, V311
from postgres import SUPERUSER
from sql_session import Session
from waiting import until

NOTICEABLE = 3.0  # seconds; far above what a busy machine needs, far below any time-out of a database
DURING = 1.5  # seconds of traffic in each phase

FAULTS = {
    "stopped": (lambda server: server.stop("fast"), lambda server: server.start()),
    "hanging": (lambda server: server.sigstop(), lambda server: server.sigcont()),
    "killed": (lambda server: server.kill9(), lambda server: server.start()),
    "restarted": (lambda server: server.restart(), lambda server: None),
}


class Traffic:
    """A press that publishes with QoS 1 to a subscriber, a client that pings, and clients that log in."""

    def __init__(self, place):
        self.place = place
        self.press = place.login("press-7")
        self.boss = place.supervisor()
        self.rounds = 0

    def run(self, seconds):
        """Fails where anything takes so long that a client would notice."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.rounds += 1
            message = str(self.rounds)
            assert self.press.publish("plant/press-7", message, deadline=NOTICEABLE) == 0
            self.boss.expect_only("plant/press-7", message, deadline=NOTICEABLE)
            assert self.press.ping(NOTICEABLE) < NOTICEABLE
            if self.rounds % 10 == 1:
                visitor = self.place.client(f"visitor {self.rounds}", username="visitor")
                assert visitor.connect(NOTICEABLE) == 0
                assert visitor.subscribe("plant/#") == [1]
                visitor.disconnect()


@pytest.mark.parametrize("fault, transport", [*((fault, "socket") for fault in FAULTS), ("hanging", "tcp")])
def test_nobody_notices_while_postgres_is(install, postgres, fault, transport):
    place = install()
    if transport == "tcp":
        place.broker.configure(f"database:\n  connection: {place.database.tcp_connection}\n")
    place.add_supervisor()
    place.add_client("press-7", allow=[("write", "plant/press-7")])
    place.add_client("visitor", allow=[("read", "plant/#")])
    place.add_client("never seen before")
    place.start()
    traffic = Traffic(place)
    traffic.run(0.2)
    begin, end = FAULTS[fault]
    begin(postgres)
    try:
        traffic.run(DURING)
        assert place.connect("never seen before") == 0
        assert place.connect("press-7", password="guessed") == NOT_AUTHORIZED[V311]
    finally:
        end(postgres)
    traffic.run(0.2)

    place.sql("SELECT mqtt_auth.disable_client('visitor')")
    place.until_answer(NOT_AUTHORIZED[V311], "late visitor", username="visitor")
    assert traffic.press.is_connected() and traffic.boss.is_connected()


def test_what_changed_while_the_connection_was_down_is_enforced(install, postgres):
    """Changes whose notifications nobody heard."""
    place = install()
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/#")])
    place.add_client("press-7", groups=["presses"])
    place.add_client("visitor")
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert place.delivers(press, "plant/x", to=boss)
    postgres.sql("ALTER ROLE mosquitto CONNECTION LIMIT 0")
    try:
        postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mosquitto'")
        until(lambda: not postgres.sql("SELECT FROM pg_stat_activity WHERE usename = 'mosquitto'"))
        place.sql("SELECT mqtt_auth.disable_client('visitor')")
        place.sql("SELECT mqtt_auth.deny('presses', 'write', 'plant/#')")
        assert place.connect("visitor") == 0
        assert place.delivers(press, "plant/x", to=boss)
    finally:
        postgres.sql("ALTER ROLE mosquitto CONNECTION LIMIT -1")
    place.until_answer(NOT_AUTHORIZED[V311], "visitor")
    until(lambda: not place.delivers(press, "plant/x", to=boss), what="the deny to act")


def test_a_locked_table_stops_nobody(install):
    place = install()
    place.add_supervisor()
    place.add_client("press-7", allow=[("write", "plant/press-7")])
    place.add_client("visitor", allow=[("read", "plant/#")])
    place.start()
    traffic = Traffic(place)
    with Session(place.database, SUPERUSER) as other:
        other.execute("BEGIN; LOCK TABLE mqtt_auth.clients, mqtt_auth.credentials, mqtt_auth.acls, mqtt_auth.changes")
        traffic.run(DURING)
    place.sql("SELECT mqtt_auth.disable_client('visitor')")
    place.until_answer(NOT_AUTHORIZED[V311], "visitor")
