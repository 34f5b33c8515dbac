"""Who may take the client id of somebody who is connected, and whose rights a will has."""

import pytest

from mqtt import NOT_AUTHORIZED, V311, V5
from waiting import until

both_versions = pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
ALLOWED, DENIED = ("will/press-7", "gone"), ("will/others", "gone")
wills = pytest.mark.parametrize("will", [ALLOWED, DENIED], ids=["allowed", "denied"])


def _place(install, config="", **options):
    place = install(config, **options)
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("read", "orders/%u"), ("write", "will/%u")])
    place.add_client("press-7", groups=["presses"])
    place.add_client("press-8", groups=["presses"])
    return place


@pytest.fixture
def place(install):
    return _place(install).start()


def _expect_will(boss, will):
    """The allowed will comes and the denied one does not; the supervisor's own message is the marker."""
    if will == ALLOWED:
        boss.expect_only(*will)
    boss.publish("marker", "marker")
    boss.expect_only("marker", "marker")


@both_versions
def test_a_client_replaces_itself(place, version):
    first, boss = place.login("press-7", version=version), place.supervisor()
    second = place.login("press-7", version=version)
    assert not first.is_connected()
    assert place.delivers(second, "plant/press-7", to=boss)
    assert not place.delivers(second, "plant/press-8", to=boss)


@wills
def test_the_will_of_who_is_replaced_by_itself_is_judged_by_its_rights(place, will):
    boss = place.supervisor()
    first = place.login("press-7", will=will)
    second = place.login("press-7")
    first.expect_closed()
    _expect_will(boss, will)
    assert place.delivers(second, "plant/press-7", to=boss)


@both_versions
@wills
def test_the_will_of_a_dropped_connection_is_judged_by_its_rights(place, will, version):
    boss = place.supervisor()
    place.login("press-7", will=will, version=version).drop()
    place.broker.wait_for_log("(disconnected|closed its connection|Socket error on client press-7)")
    _expect_will(boss, will)


def test_the_will_of_the_replaced_connection_has_the_rights_that_connection_had(place):
    """Its own permission was taken away meanwhile; that acts from the next connection on."""
    place.allow("press-7", "write", "own/will")
    boss = place.supervisor()

    def first_with_the_right():
        first = place.login("press-7", will=("own/will", "gone"))
        return first if place.delivers(first, "own/will", to=boss) else None

    first = until(first_with_the_right, what="the permission to arrive")
    place.sql("DELETE FROM mqtt_auth.acls WHERE username = 'press-7'")
    until(lambda: not place.delivers(place.login("elsewhere", username="press-7"), "own/will", to=boss),
          what="the permission to go")
    boss.messages.clear()
    second = place.login("press-7")
    first.expect_closed()
    boss.expect("own/will", "gone")
    assert not place.delivers(second, "own/will", to=boss)


@both_versions
@pytest.mark.parametrize("per_listener", [False, True], ids=["global", "per listener"])
def test_another_client_does_not_get_the_id_of_who_is_connected(install, version, per_listener):
    place = _place(install, per_listener_settings=per_listener).start()
    first, boss = place.login("press-7", will=ALLOWED), place.supervisor()
    for _ in range(3):
        assert place.connect("press-7", username="press-8", version=version) != 0
    assert first.is_connected()
    assert place.delivers(first, "plant/press-7", to=boss)
    assert ALLOWED not in boss.messages


def test_another_client_gets_the_id_when_its_owner_has_gone(place):
    place.login("press-7").disconnect()
    assert place.connect("press-7", username="press-8") == 0
    place.login("press-7").drop()
    until(lambda: place.connect("press-7", username="press-8") == 0, what="the id to be free")


def test_takeover_any_gives_the_id_to_whoever_logs_in(install):
    place = _place(install, "sessions:\n  takeover: any\n").start()
    first, boss = place.login("press-7"), place.supervisor()
    second = place.login("press-7", username="press-8")
    first.expect_closed()
    assert place.delivers(second, "plant/press-8", to=boss)
    assert not place.delivers(second, "plant/press-7", to=boss)


@pytest.mark.parametrize("will", [ALLOWED], ids=["allowed"])
def test_with_takeover_any_a_will_is_judged_by_the_rights_of_who_left_it(install, will):
    place = _place(install, "sessions:\n  takeover: any\n").start()
    boss, first = place.supervisor(), place.login("press-7", will=will)
    place.login("press-7", username="press-8")
    first.expect_closed()
    _expect_will(boss, will)


@both_versions
def test_a_refused_login_does_not_disturb_the_session_whose_id_it_names(place, version):
    first, boss = place.login("press-7", will=ALLOWED, durable=True, version=version), place.supervisor()
    assert first.subscribe("orders/press-7") == [1]
    for who, password in (("press-7", "guessed"), ("press-8", "guessed"), ("unknown", "guessed")):
        assert place.connect("press-7", username=who, password=password, version=version) == NOT_AUTHORIZED[version]
        assert first.is_connected()
        assert place.delivers(first, "plant/press-7", to=boss)
        assert place.delivers(boss, "orders/press-7", to=first)
    assert ALLOWED not in boss.messages
    first.disconnect()
    again = place.client("press-7", durable=True, version=version)
    assert again.connect() == 0 and again.session_present


def test_who_inherits_the_subscriptions_of_another_client_receives_only_what_it_may_read(place):
    """The broker hands over the stored session of an id without asking about its subscriptions."""
    owner = place.client("shared id", username="press-7", durable=True)
    assert owner.connect() == 0
    assert owner.subscribe("orders/press-7") == [1]
    owner.disconnect()
    boss = place.supervisor()
    boss.publish("orders/press-7", "queued for press 7")
    heir = place.client("shared id", username="press-8", durable=True)
    assert heir.connect() == 0
    assert heir.subscribe("orders/press-8") == [1]
    assert not place.delivers(boss, "orders/press-7", to=heir)
    assert place.delivers(boss, "orders/press-8", to=heir)
    assert not [payload for topic, payload in heir.messages if topic == "orders/press-7"]


def test_a_session_that_was_cut_off_leaves_its_id_to_no_other_rights(place):
    """After many logins and drops under one id, everybody still has its own rights and no more."""
    boss = place.supervisor()
    for _ in range(5):
        for who, other in (("press-7", "press-8"), ("press-8", "press-7")):
            client = place.client("one id", username=who)
            until(lambda: client.connect() == 0, what="the id to be free")
            assert place.delivers(client, f"plant/{who}", to=boss)
            assert not place.delivers(client, f"plant/{other}", to=boss)
            client.drop()
