"""Several servers in the connection string: whichever of them is the primary, the plugin finds it and is true to it."""

from outage import DURING, Edits, Traffic, said_once
from postgres import PLUGIN_ROLE
from replication import Standby
from waiting import Port


def whichever(*places, database):
    """places: (directory of the socket, port). The server that can be written to."""
    sockets, ports = zip(*places)
    return (f"host={','.join(sockets)} port={','.join(map(str, ports))} dbname={database.name} user={PLUGIN_ROLE} "
            "target_session_attrs=read-write")


def either(primary, standby, database):
    return whichever((primary.sockets, primary.port), (standby.sockets, standby.port), database=database)


def test_a_server_that_comes_back_on_another_port_is_found_there(install, primary):
    place = install(server=primary)
    other_port = Port()
    place.come_in_by(whichever((primary.sockets, primary.port), (primary.sockets, other_port.number),
                               database=place.database))
    edits = Edits(place)
    traffic = Traffic.prepare(place)
    with said_once(place):
        primary.stop()
        traffic.run(DURING)
        primary.move_to(other_port)
        primary.start()
    edits.make(place.database)
    edits.until_known()
    traffic.check()


def test_a_standby_that_is_promoted_is_followed(install, primary):
    place = install(server=primary)
    with Standby(primary) as standby:
        promoted = standby.database(place.database.name)
        place.come_in_by(either(primary, standby, place.database))
        before, after = Edits(place, "before"), Edits(place, "after")
        traffic = Traffic.prepare(place)
        before.make(place.database)
        before.until_known()
        standby.until_caught_up()
        with said_once(place):
            primary.kill9()
            traffic.run(DURING)
            standby.promote()
            traffic.run(DURING)
        after.make(promoted)
        after.until_known()
        assert before.are_known()
        traffic.check()


def newest_transaction(server, database):
    [(xid,)] = server.sql("SELECT max(xid) FROM mqtt_auth.changes", database.name)
    return int(xid)


def test_what_only_the_lost_primary_knew_is_forgotten_although_transaction_ids_come_twice(install, primary):
    place = install(server=primary)
    with Standby(primary) as standby:
        promoted = standby.database(place.database.name)
        place.come_in_by(either(primary, standby, place.database))
        lost, kept = Edits(place, "lost"), Edits(place, "kept")
        traffic = Traffic.prepare(place)
        standby.until_caught_up()
        standby.fall_behind()
        lost.make(place.database)
        lost.until_known()
        last_of_lost = newest_transaction(primary, place.database)
        with said_once(place):
            primary.kill9()
            standby.promote()
            kept.make(promoted)
            assert newest_transaction(standby, promoted) <= last_of_lost
            traffic.run(DURING)
        kept.until_known()
        lost.until_forgotten()
        traffic.check()
