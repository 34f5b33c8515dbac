"""The connection to PostgreSQL is cut in the middle of what the server says (postgres/cut_connection_test.cpp: at every byte)."""

from cutting_proxy import CuttingProxy
from outage import Edits, Traffic, said_once

# Bytes into a new connection: in the greeting, in the parameters, between the tables, in a table.
POSITIONS = (0, 1, 100, 500, 1000, 2000)


def test_a_connection_that_is_cut_at_any_time_costs_nothing_but_a_line_in_the_log(install):
    place = install()
    with CuttingProxy(place.database) as proxy:
        place.come_in_by(proxy.connection)
        traffic = Traffic.prepare(place)
        for number, position in enumerate(POSITIONS, 1):
            edits = Edits(place, f"cut {number}")
            place.until_answer(0, f"cut {number} member")
            with said_once(place):
                proxy.cut_after(0, position)
                edits.make(place.database)  # the server says so, and is cut
                edits.until_known()
            assert proxy.cuts == 2 * number
            traffic.check()


def test_an_update_that_is_cut_in_its_middle_is_read_again(install):
    place = install()
    with CuttingProxy(place.database) as proxy:
        place.come_in_by(proxy.connection)
        traffic = Traffic.prepare(place)
        for number, position in enumerate((0, 20, 60, 150, 300), 1):
            edits = Edits(place, f"cut {number}")
            place.until_answer(0, f"cut {number} member")
            with said_once(place):
                proxy.cut_after(position)
                edits.make(place.database)
                edits.until_known()
            assert proxy.cuts == number
            traffic.check()
