"""TCP, TLS and WebSocket listeners behave alike, with the plugin loaded for all, once a listener, or for those that name it."""

import pytest

from mosquitto import TRANSPORTS, mosquitto_version
from mqtt import NOT_AUTHORIZED, REFUSED, V311, V5, Client
from waiting import until


def need_plugin_use():
    if mosquitto_version() < (2, 1):
        pytest.skip("plugin_use came with Mosquitto 2.1")


@pytest.fixture(scope="module", params=["global", "per listener", "used"])
def place(request, install_once):
    if request.param == "used":
        need_plugin_use()
    place = install_once("", TRANSPORTS, per_listener_settings=request.param == "per listener",
                         plugin_use=TRANSPORTS if request.param == "used" else None)
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("read", "orders/%u")])
    place.add_group("changing")
    place.add_client("press-7", groups=["presses", "changing"])
    place.add_client("bound", client_id="%u")
    place.add_client("elsewhere", networks="{10.0.0.0/8}")
    return place.start()


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


both_versions = pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])


@both_versions
def test_a_client_logs_in_and_does_what_it_may(place, transport, version):
    press, boss = place.login("press-7", transport=transport, version=version), place.supervisor()
    assert press.subscribe("orders/press-7") == [1]
    assert place.delivers(press, "plant/press-7", to=boss)
    assert place.delivers(boss, "orders/press-7", to=press)


@both_versions
def test_what_it_may_not_is_refused(place, transport, version):
    press, boss = place.login("press-7", transport=transport, version=version), place.supervisor()
    assert press.subscribe("orders/#")[0] in REFUSED
    assert not place.delivers(press, "plant/press-8", to=boss)


@both_versions
def test_who_may_not_come_in_is_refused(place, transport, version):
    refused = NOT_AUTHORIZED[version]
    options = {"transport": transport, "version": version}
    assert place.connect("press-7", password="guessed", **options) == refused
    assert place.connect("unknown", **options) == refused
    assert place.connect("elsewhere", **options) == refused
    assert place.connect("other", username="bound", **options) == refused
    assert place.connect("bound", **options) == 0
    assert Client(place.broker, "nameless", **options).connect() == refused


def test_a_refused_login_on_any_listener_does_not_disturb_the_session(place, transport):
    press = place.login("press-7")
    assert place.connect("press-7", password="guessed", transport=transport) == NOT_AUTHORIZED[V311]
    assert place.connect("press-7", username="bound", password="secret-of-bound", transport=transport) != 0
    assert press.is_connected()


def test_a_client_replaces_itself_from_any_listener(place, transport):
    first, boss = place.login("press-7"), place.supervisor()
    second = place.login("press-7", transport=transport)
    first.expect_closed()
    assert place.delivers(second, "plant/press-7", to=boss)


def test_a_change_of_a_group_acts_at_once(place, transport):
    press, boss = place.login("press-7", transport=transport), place.supervisor()
    topic = f"new/{transport}"
    assert not place.delivers(press, topic, to=boss)
    place.allow_group("changing", "write", topic)
    until(lambda: place.delivers(press, topic, to=boss), what="the group's new permission to act")


def test_where_listeners_name_the_plugin_the_others_do_not_ask_it(install):
    need_plugin_use()
    place = install("", ["tcp", "tls"], plugin_use=["tls"], allow_anonymous=True)
    place.add_client("press-7")
    place.start()
    assert place.connect("press-7", password="guessed") == 0
    assert place.connect("press-7", password="guessed", transport="tls") == NOT_AUTHORIZED[V311]
    assert place.connect("press-7", transport="tls") == 0
