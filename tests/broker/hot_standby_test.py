"""The plugin reads from a hot standby, where it can listen to nothing: it polls."""

from mqtt import NOT_AUTHORIZED, V311
from outage import DURING, Edits, Traffic, said_nothing, said_once
from replication import Standby
from sql_session import Session


def start_traffic(place, standby):
    Traffic.add_clients(place)
    place.come_in_by(standby.database(place.database.name).connection, poll_interval="100ms")
    standby.until_caught_up()
    place.start()
    return Traffic(place)


def test_a_change_on_the_primary_is_enforced_by_who_reads_from_a_standby(install, primary):
    place = install(server=primary)
    with Standby(primary) as standby:
        edits, late_edits = Edits(place), Edits(place, "late")
        traffic = start_traffic(place, standby)
        with said_nothing(place), Session(place.database) as late:
            late.execute("BEGIN")
            late.execute("SELECT mqtt_auth.disable_client('visitor')")
            edits.make(place.database)
            edits.until_known()
            traffic.check()
            late_edits.make(place.database)
            late_edits.until_known()
            assert place.connect("visitor") == 0
            late.execute("COMMIT")
            place.until_answer(NOT_AUTHORIZED[V311], "visitor")
        assert edits.are_known()


def test_a_standby_that_restarts_or_loses_its_primary_is_noticed_by_no_client(install, primary):
    place = install(server=primary)
    with Standby(primary) as standby:
        before, after = Edits(place, "before"), Edits(place, "after")
        traffic = start_traffic(place, standby)
        with said_nothing(place):
            primary.stop()
            traffic.run(DURING)
            primary.start()
        with said_once(place):
            standby.stop()
            traffic.run(DURING)
            before.make(place.database)
            standby.start()
        before.until_known()
        after.make(place.database)
        after.until_known()
        traffic.check()


def test_a_standby_that_is_promoted_while_it_is_read_from_goes_on_being_read(install, primary):
    place = install(server=primary)
    with Standby(primary) as standby:
        promoted = standby.database(place.database.name)
        lost, kept = Edits(place, "lost"), Edits(place, "kept")
        traffic = start_traffic(place, standby)
        standby.fall_behind()
        lost.make(place.database)
        primary.kill9()
        standby.promote()
        traffic.run(DURING)
        kept.make(promoted)
        kept.until_known()
        assert lost.are_unknown()
        traffic.check()
