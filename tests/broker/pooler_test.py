"""PgBouncer in transaction mode stands between the plugin and PostgreSQL: the plugin polls."""

import contextlib

import pytest

from mqtt import NOT_AUTHORIZED, V311
from outage import DURING, Edits, Traffic, said_nothing, said_once
from pooler import Pooler
from sql_session import Session


def read_through(pooler, place):
    place.come_in_by(pooler.connection, poll_interval="100ms")


def test_a_change_is_enforced_although_no_notification_comes_through(install, postgres):
    place = install()
    with Pooler(place.database) as pooler:
        read_through(pooler, place)
        edits, late_edits = Edits(place), Edits(place, "late")
        traffic = Traffic.prepare(place)
        with said_nothing(place), Session(place.database) as late:
            late.execute("BEGIN")
            late.execute("SELECT mqtt_auth.disable_client('visitor')")
            edits.make(place.database)
            edits.until_known()
            traffic.check()
            late.execute("COMMIT")
            place.until_answer(NOT_AUTHORIZED[V311], "visitor")
            late_edits.make(place.database)
            late_edits.until_known()


@pytest.mark.parametrize("gone", ["pooler", "server"])
def test_nobody_notices_while_away_is_the(install, postgres, gone):
    place = install()
    with Pooler(place.database) as pooler:
        read_through(pooler, place)
        edits = Edits(place)
        traffic = Traffic.prepare(place)
        one = {"pooler": pooler, "server": postgres}[gone]
        # PgBouncer may have it wait for a server, so that nothing was lost.
        with said_once(place) if gone == "pooler" else contextlib.nullcontext():
            one.stop()
            traffic.run(DURING)
            one.start()
            edits.make(place.database)
        edits.until_known()
        traffic.check()
