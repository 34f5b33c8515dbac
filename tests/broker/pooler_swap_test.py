"""Behind a pooler another server answers than before, and no connection ends that would tell the plugin so."""

import pytest

from outage import DURING, Edits, Traffic
from pooler import Pooler
from replication import Standby


@pytest.mark.parametrize("edits_last", ["there", "here"])
def test_another_server_behind_the_same_pooler_is_read_afresh(install, primary, edits_last):
    """It is a copy that has gone another way since."""
    place = install(server=primary)
    with Standby(primary) as standby, Pooler(place.database) as pooler:
        place.come_in_by(pooler.connection, poll_interval="100ms")
        promoted = standby.database(place.database.name)
        here, there = Edits(place, "here"), Edits(place, "there")
        traffic = Traffic.prepare(place)
        standby.until_caught_up()
        standby.fall_behind()
        standby.promote()
        if edits_last == "there":
            here.make(place.database)
            here.until_known()
            there.make(promoted)
        else:
            there.make(promoted)
            here.make(place.database)
            here.until_known()
        pooler.point_at(promoted)
        traffic.run(DURING)
        there.until_known()
        here.until_forgotten()
        traffic.check()
