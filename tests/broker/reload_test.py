"""SIGHUP throws nobody off and hashes nothing; it takes up pgauth.yaml, or leaves the old in force.

The broker asks the plugin about every session again. That nothing is hashed shows where the password
of everybody has changed in the meantime, and where the database is away.
"""

import os

import pytest

from mosquitto import TRANSPORTS
from mqtt import NOT_AUTHORIZED, REFUSED, V311, V5, Client
from waiting import until

per_listener = pytest.mark.parametrize("per_listener", [False, True], ids=["global", "per listener"])
WITH_GUESTS = "authentication:\n  anonymous_group: guests\n"
OVERLAPPING = "authorization:\n  subscribe: overlapping\n"


def _place(install, config="", listeners=("tcp", "websockets"), **options):
    place = install(config, listeners, **options)
    place.add_supervisor()
    place.add_group("guests", allow=[("read", "news")])
    place.add_group("presses", allow=[("readWrite", "plant/press-7")])
    place.add_client("press-7", groups=["presses"])
    place.add_client("away", allow=[("read", "plant/#")])
    return place


def _away(place, client_id="away"):
    """A session that is stored and not connected."""
    away = place.client(client_id, username="away", durable=True)
    assert away.connect() == 0
    assert away.subscribe("plant/#") == [1]
    away.disconnect()
    return away


def _change_every_password(place):
    place.sql("SELECT mqtt_auth.set_password(username, 'changed-' || username) FROM mqtt_auth.clients")
    place.until_answer(0, "someone", username="press-7", password="changed-press-7")


@per_listener
def test_nobody_is_thrown_off(install, postgres, per_listener):
    place = _place(install, WITH_GUESTS, TRANSPORTS, allow_anonymous=True, per_listener_settings=per_listener)
    place.start()
    restored = _away(place, "restored")
    place.broker.restart()
    away = _away(place)
    nameless = {version: Client(place.broker, f"nameless {version}", version=version).login() for version in (4, 5)}
    named = [place.login(f"press {transport} {version}", username="press-7", transport=transport, version=version)
             for transport in TRANSPORTS for version in (4, 5)]
    boss = place.supervisor()
    for guest in nameless.values():
        assert guest.subscribe("news") == [1]
    for press in named:
        assert press.subscribe("plant/press-7") == [1]
    _change_every_password(place)
    postgres.stop()
    try:
        for _ in range(2):
            place.broker.sighup()
            for client in [*nameless.values(), *named, boss]:
                assert client.is_connected()
                assert place.delivers(boss, "plant/press-7" if client in named else "news", to=client)
        boss.publish("plant/queued", "for those who are away")
        for client in (away, restored):
            client._paho.username_pw_set("away", "changed-away")
            assert client.connect() == 0
            assert client.session_present
            client.expect("plant/queued", "for those who are away")
    finally:
        postgres.start()


def test_who_was_disabled_while_connected_is_not_thrown_off(install):
    place = _place(install).start()
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    place.until_answer(5, "second", username="press-7")
    place.broker.sighup()
    assert place.delivers(press, "plant/press-7", to=boss)


@per_listener
def test_a_login_right_after_a_reload_is_judged_like_any_other(install, per_listener):
    place = _place(install, per_listener_settings=per_listener).start()
    press = place.login("press-7")
    for _ in range(5):
        place.broker.sighup()
        assert place.connect("press-7", password="guessed") == 5
        assert place.connect("other", username="press-7", password="guessed") == 5
        assert place.connect("unknown") == 5
    assert press.is_connected()


@per_listener
@pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
def test_who_comes_back_after_a_reload_needs_its_password_again(install, per_listener, version):
    """The broker gives a new connection the memory of the one that has just gone."""
    place = _place(install, per_listener_settings=per_listener).start()
    for leave in ("drop", "disconnect") * 5:
        press = place.login("press-7", version=version)
        place.broker.sighup()
        getattr(press, leave)()
        assert place.connect("press-7", password="guessed", version=version) == NOT_AUTHORIZED[version]


def test_messages_queued_for_who_is_away_survive_a_reload(install):
    place = _place(install).start()
    away, boss = _away(place), place.supervisor()
    boss.publish("plant/x", "before")
    place.broker.sighup()
    boss.publish("plant/x", "after")
    assert away.connect() == 0
    assert away.expect("plant/x", "after") == [("plant/x", "before")]


@per_listener
def test_a_changed_configuration_is_taken_up(install, per_listener):
    place = _place(install, per_listener_settings=per_listener).start()
    press = place.login("press-7")
    assert press.subscribe("plant/#")[0] in REFUSED
    place.broker.configure(place.yaml(OVERLAPPING))
    place.broker.sighup()
    until(lambda: press.subscribe("plant/#") == [1], what="authorization.subscribe: overlapping")
    place.broker.configure(place.yaml())
    place.broker.sighup()
    until(lambda: press.subscribe("plant/#")[0] in REFUSED, what="authorization.subscribe: covered")


def test_another_database_is_taken_up(install, postgres):
    place = _place(install).start()
    press = place.login("press-7")
    other = postgres.create_database()
    other.sql("SELECT mqtt_auth.create_client('Press 9', username => 'press-9', password => 'secret-of-press-9')")
    assert place.connect("press-9") == 5
    place.broker.configure(f"database:\n  connection: {other.connection}\n")
    place.broker.sighup()
    place.until_answer(0, "press-9")
    place.until_answer(5, "second", username="press-7")
    assert press.is_connected()


@per_listener
@pytest.mark.parametrize("broken, line", [
    ("authorization:\n  subscribe: sometimes\n", 4),
    ("authorization:\n  subscibe: overlapping\n", 4),
    ("authorization: [\n", None),
], ids=["unknown word", "unknown key", "no YAML"])
def test_a_broken_configuration_leaves_the_old_in_force(install, per_listener, broken, line):
    place = _place(install, OVERLAPPING, per_listener_settings=per_listener).start()
    press, boss = place.login("press-7"), place.supervisor()
    assert press.subscribe("plant/#") == [1]
    place.broker.configure(place.yaml(broken))
    since = place.broker.log_size()
    place.broker.sighup()
    until(lambda: place.delivers(press, "plant/press-7", to=boss) and place.lines_logged(r"pgauth\.yaml", since),
          what="the complaint about pgauth.yaml")
    complaints = place.lines_logged(r"pgauth\.yaml", since)
    assert len(complaints) == 1 or per_listener and len(complaints) == 2  # each listener's copy of the plugin has read it
    assert all(f"pgauth.yaml:{line or ''}" in complaint for complaint in complaints)
    assert place.login("second", username="press-7").subscribe("plant/#") == [1]
    assert place.delivers(press, "plant/press-7", to=boss)


def test_a_configuration_file_that_is_gone_leaves_the_old_in_force(install):
    place = _place(install, OVERLAPPING).start()
    os.unlink(place.broker.config_file)
    since = place.broker.log_size()
    place.broker.sighup()
    place.broker.wait_for_log(r"pgauth\.yaml", since)
    assert place.login("press-7").subscribe("plant/#") == [1]


def test_a_connected_session_of_mqtt_5_is_told_nothing(install):
    place = _place(install).start()
    press, boss = place.login("press-7", version=V5), place.supervisor()
    place.broker.sighup()
    assert press.publish("plant/press-7", "on") == 0
    boss.expect_only("plant/press-7", "on")
