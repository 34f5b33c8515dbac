"""PostgreSQL stops, hangs, is killed or restarts: no client notices, and what changes afterwards is enforced."""

import contextlib

import pytest

from mqtt import NOT_AUTHORIZED, V311
from outage import DURING, Edits, Traffic, said_once
from postgres import SUPERUSER
from sql_session import Session
from waiting import until

FAULTS = {
    "stopped": (lambda server: server.stop("fast"), lambda server: server.start()),
    "hanging": (lambda server: server.sigstop(), lambda server: server.sigcont()),
    "killed": (lambda server: server.kill9(), lambda server: server.start()),
    "restarted": (lambda server: server.restart(), lambda server: None),
}


@pytest.mark.parametrize("fault, transport", [*((fault, "socket") for fault in FAULTS), ("hanging", "tcp")])
def test_nobody_notices_while_postgres_is(install, postgres, fault, transport):
    place = install()
    if transport == "tcp":
        place.come_in_by(place.database.tcp_connection)
    edits = Edits(place)
    place.add_client("never seen before")
    traffic = Traffic.prepare(place)
    begin, end = FAULTS[fault]
    # One that stands still for a moment is not lost.
    with said_once(place) if fault != "hanging" else contextlib.nullcontext():
        begin(postgres)
        try:
            traffic.run(DURING)
            assert place.connect("never seen before") == 0
            assert place.connect("press-7", password="guessed") == NOT_AUTHORIZED[V311]
        finally:
            end(postgres)
        traffic.check()
    edits.make(place.database)
    edits.until_known()
    traffic.check()


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
    traffic = Traffic.prepare(place)
    with Session(place.database, SUPERUSER) as other:
        other.execute("BEGIN; LOCK TABLE mqtt_auth.clients, mqtt_auth.credentials, mqtt_auth.acls, mqtt_auth.changes")
        traffic.run(DURING)
    place.sql("SELECT mqtt_auth.disable_client('visitor')")
    place.until_answer(NOT_AUTHORIZED[V311], "visitor")
