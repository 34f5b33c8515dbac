"""mqtt_auth.disconnect() throws connections off, in either mode, and takes nothing away."""

import pytest

from mqtt import V5
from waiting import until

both_modes = pytest.mark.parametrize("mode", ["reconnect", "immediately"])


def _place(install, mode, **options):
    place = install(f"sessions:\n  apply_changes: {mode}\n", **options)
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("read", "orders")])
    for username in ("press-7", "press-8"):
        place.add_client(username, groups=["presses"])
    place.add_client("guest")
    place.sql("SELECT mqtt_auth.add_group_rule('guests of the plant', '{presses}', client_id => 'plant-*')")
    return place.start()


@both_modes
def test_a_client_is_thrown_off_and_may_come_back(install, mode):
    place = _place(install, mode)
    press, second = place.login("press-7"), place.login("second", username="press-7", version=V5)
    other, boss, since = place.login("press-8"), place.supervisor(), place.broker.log_size()
    place.sql("SELECT mqtt_auth.disconnect('press-7')")
    press.expect_closed()
    second.expect_closed()
    press.login()
    assert place.delivers(press, "plant/press-7", to=boss)
    assert other.is_connected() and boss.is_connected() and press.is_connected()
    lines = place.lines_logged("pgauth: disconnected", since)
    assert len(lines) == 2
    assert all(line.endswith("username `press-7`: mqtt_auth.disconnect() was called") for line in lines)


@both_modes
def test_a_group_is_thrown_off_members_and_by_rule(install, mode):
    place = _place(install, mode)
    members = [place.login("press-7"), place.login("press-8"), place.login("plant-1", username="guest")]
    guest, boss = place.login("guest"), place.supervisor()
    place.sql("SELECT mqtt_auth.disconnect(group_name => 'presses')")
    for client in members:
        client.expect_closed()
    for client in members:
        client.login()
    assert place.delivers(members[0], "plant/press-7", to=boss)
    for client in (guest, boss, *members):
        assert client.is_connected()


@both_modes
def test_a_durable_client_that_is_thrown_off_loses_nothing(install, mode):
    place = _place(install, mode)
    press = place.client("press-7", durable=True).login()
    assert press.subscribe("orders", qos=2) == [2]
    boss = place.supervisor()
    for number in range(20):
        boss.publish("orders", f"order {number}", qos=2)
        if number == 5:
            place.sql("SELECT mqtt_auth.disconnect('press-7')")
    press.expect_closed()
    boss.publish("orders", "the last", qos=2)
    press.login()
    assert press.session_present
    press._pump(lambda: ("orders", "the last") in press.messages, 15, "the queue")
    assert set(press.messages) == {("orders", f"order {number}") for number in range(20)} | {("orders", "the last")}


@both_modes
def test_who_is_thrown_off_has_its_will_published(install, mode):
    place = _place(install, mode)
    press = place.client("press-7", will=("plant/press-7", "gone")).login()
    boss = place.supervisor()
    place.sql("SELECT mqtt_auth.disconnect('press-7')")
    press.expect_closed()
    boss.expect("plant/press-7", "gone")


@both_modes
def test_disconnect_and_disable_in_one_transaction_is_for_good(install, mode):
    place = _place(install, mode)
    press = place.login("press-7")
    place.sql("BEGIN; SELECT mqtt_auth.disconnect('press-7'); SELECT mqtt_auth.delete_client('press-7'); COMMIT")
    press.expect_closed()
    assert press.connect() == 5


@both_modes
def test_a_command_that_is_rolled_back_throws_nobody_off(install, mode):
    place = _place(install, mode)
    press, since = place.login("press-7"), place.broker.log_size()
    place.sql("BEGIN; SELECT mqtt_auth.disconnect('press-7'); ROLLBACK")
    place.add_client("marker")
    place.until_answer(0, "marker")
    assert press.is_connected()
    assert not place.lines_logged("pgauth: disconnected", since)


@both_modes
def test_commands_from_before_the_broker_started_are_old(install, mode):
    place = _place(install, mode)
    place.broker.stop()
    place.sql("SELECT mqtt_auth.disconnect('press-7')")
    place.broker.start()
    press = place.login("press-7")
    place.add_client("marker")
    place.until_answer(0, "marker")
    assert press.is_connected()


def test_per_listener_settings_disconnect_with_the_next_login(install):
    """2.0.11 raises no ticks then."""
    place = _place(install, "reconnect", per_listener_settings=True)
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.disconnect('press-7')")
    place.add_client("marker")
    place.until_answer(0, "marker")
    until(lambda: place.connect("guest") == 0 and not press.is_connected(), what="the press to be thrown off")
    assert boss.is_connected()
