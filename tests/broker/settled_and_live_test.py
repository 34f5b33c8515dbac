"""What a group may do is live. What belongs to a client is settled when it connects.

A test that an edit does not act on a connected client first makes sure that the edit has arrived: it
acts on a second connection of the same client, under another client id.
"""

import pytest

from mqtt import NOT_AUTHORIZED, REFUSED, V5
from waiting import until

per_listener = pytest.mark.parametrize("per_listener", [False, True], ids=["global", "per listener"])
GROUP = "DELETE FROM mqtt_auth.acls WHERE group_name = 'presses' AND topic = :'topic'"


@pytest.fixture
def place(install):
    place = install()
    _people(place)
    return place.start()


def _people(place):
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/old"), ("read", "orders/old")])
    place.add_group("others", allow=[("write", "others")])
    place.add_client("press-7", groups=["presses"], allow=[("write", "own/old")])


def _may_write(place, press, topic, boss):
    return place.delivers(press, topic, to=boss)


@per_listener
def test_a_new_permission_of_a_group_acts_at_once(install, per_listener):
    place = install(per_listener_settings=per_listener)
    _people(place)
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert not _may_write(place, press, "plant/new", boss)
    place.allow_group("presses", "write", "plant/new")
    until(lambda: _may_write(place, press, "plant/new", boss), what="the group's new permission to act")


def test_a_new_subscription_of_a_group_is_granted_at_once(place):
    press = place.login("press-7")
    assert press.subscribe("orders/new")[0] in REFUSED
    place.allow_group("presses", "read", "orders/new")
    until(lambda: press.subscribe("orders/new") == [1], what="the group's new permission to act")


def test_a_permission_taken_from_a_group_stops_publishes_at_once(place):
    press, boss = place.login("press-7"), place.supervisor()
    assert _may_write(place, press, "plant/old", boss)
    place.sql(GROUP, topic="plant/old")
    until(lambda: not _may_write(place, press, "plant/old", boss), what="the group's permission to go")


def test_a_permission_taken_from_a_group_stops_deliveries_of_a_subscription_that_was_granted(place):
    press, boss = place.login("press-7"), place.supervisor()
    assert press.subscribe("orders/old") == [1]
    assert place.delivers(boss, "orders/old", to=press)
    place.sql(GROUP, topic="orders/old")
    until(lambda: not place.delivers(boss, "orders/old", to=press), what="deliveries to end")


def test_a_deny_of_a_group_acts_at_once(place):
    press, boss = place.login("press-7"), place.supervisor()
    assert _may_write(place, press, "own/old", boss)
    place.sql("SELECT mqtt_auth.deny('presses', 'write', 'own/#')")
    until(lambda: not _may_write(place, press, "own/old", boss), what="the group's deny to act")


def test_a_disabled_client_goes_on_until_it_reconnects(place):
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    place.until_answer(NOT_AUTHORIZED[V5], "second", username="press-7", version=V5)
    assert _may_write(place, press, "plant/old", boss)
    press.disconnect()
    assert press.connect() == 5
    place.sql("SELECT mqtt_auth.enable_client('press-7')")
    place.until_answer(0, "press-7")


def test_a_deleted_client_goes_on_until_it_reconnects(place):
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.delete_client('press-7')")
    place.until_answer(5, "second", username="press-7")
    assert _may_write(place, press, "plant/old", boss)
    assert _may_write(place, press, "own/old", boss)
    press.disconnect()
    assert press.connect() == 5


def test_an_own_permission_acts_from_the_next_connection_on(place):
    press, boss = place.login("press-7"), place.supervisor()
    place.allow("press-7", "write", "own/new")
    place.sql("DELETE FROM mqtt_auth.acls WHERE username = 'press-7' AND topic = 'own/old'")
    _login_until(place, lambda again: _may_write(place, again, "own/new", boss)
                 and not _may_write(place, again, "own/old", boss))
    assert not _may_write(place, press, "own/new", boss)
    assert _may_write(place, press, "own/old", boss)
    press.disconnect()
    press.login()
    assert _may_write(place, press, "own/new", boss)
    assert not _may_write(place, press, "own/old", boss)


def test_a_membership_acts_from_the_next_connection_on(place):
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.add_to_group('press-7', 'others')")
    place.sql("SELECT mqtt_auth.remove_from_group('press-7', 'presses')")
    _login_until(place, lambda again: _may_write(place, again, "others", boss)
                 and not _may_write(place, again, "plant/old", boss))
    assert not _may_write(place, press, "others", boss)
    assert _may_write(place, press, "plant/old", boss)
    press.disconnect()
    press.login()
    assert _may_write(place, press, "others", boss)
    assert not _may_write(place, press, "plant/old", boss)


def test_the_rights_of_a_group_stay_live_for_who_was_taken_out_of_it_while_connected(place):
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.remove_from_group('press-7', 'presses')")
    _login_until(place, lambda again: not _may_write(place, again, "plant/old", boss))
    place.allow_group("presses", "write", "plant/new")
    until(lambda: _may_write(place, press, "plant/new", boss), what="the group's new permission to act")


def test_a_new_password_counts_from_the_next_connection_on(place):
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.set_password('press-7', 'another-s3cret')")
    place.until_answer(0, "second", username="press-7", password="another-s3cret")
    assert place.connect("third", username="press-7") == 5
    assert _may_write(place, press, "plant/old", boss)


def test_a_new_client_can_log_in_without_a_restart(place):
    assert place.connect("press-8") == 5
    place.add_client("press-8", allow=[("write", "own/8")])
    boss = place.supervisor()
    place.until_answer(0, "press-8")
    assert _login_until(place, lambda again: _may_write(place, again, "own/8", boss), username="press-8")


def test_a_transaction_that_is_rolled_back_changes_nothing(place):
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("BEGIN; SELECT mqtt_auth.deny('presses', 'write', '#'); ROLLBACK;")
    place.allow_group("presses", "write", "plant/new")
    until(lambda: _may_write(place, press, "plant/new", boss), what="the group's new permission to act")
    assert _may_write(place, press, "plant/old", boss)


def _login_until(place, condition, username="press-7"):
    """A second connection of the client, for which the condition holds."""
    def attempt():
        again = place.login("second", username=username)
        return again if condition(again) else None
    return until(attempt, what="the edit to act on a new connection")
