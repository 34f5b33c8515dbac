"""A primary that neither answers nor hangs up: the standby that was promoted in its place is found all the same."""

from outage import DURING, Edits, Traffic, said_once
from postgres import PLUGIN_ROLE
from replication import Standby


def test_a_primary_that_stands_still_is_left_for_the_standby_that_was_promoted(install, primary):
    """The plugin waits half a minute for an answer before it gives a connection up."""
    place = install(server=primary)
    with Standby(primary) as standby:
        promoted = standby.database(place.database.name)
        place.come_in_by(f"host={primary.sockets},{standby.sockets} port={primary.port},{standby.port} "
                         f"dbname={place.database.name} user={PLUGIN_ROLE} target_session_attrs=read-write "
                         "connect_timeout=1", poll_interval="100ms")
        edits = Edits(place)
        standby.until_caught_up()
        traffic = Traffic.prepare(place)
        with said_once(place):
            primary.sigstop()
            standby.promote()
            traffic.run(DURING)
            edits.make(promoted)
            traffic.run(DURING)
        edits.until_known()
        traffic.check()
