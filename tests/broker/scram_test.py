"""MQTT 5 enhanced authentication with SCRAM-SHA-256, by a client that has nothing of the plugin's."""

import pytest

from installation import SUPERVISOR
from mqtt import CLOSED, NOT_AUTHORIZED, V5
from scram import BAD_METHOD, SUCCESS, ScramClient, verifier
from waiting import until

REFUSED = NOT_AUTHORIZED[V5]


def _place(install, config="", **options):
    place = install(config, **options)
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("read", "orders/%u"), ("write", "will/%u")])
    for name in ("press-7", "press-8"):
        place.add_client(name, groups=["presses"], secret=verifier(f"secret-of-{name}"))
    place.add_client("by-password", groups=["presses"])
    return place


@pytest.fixture
def place(install):
    return _place(install).start()


def _client(place, client_id, *, username=None, password=None, **options):
    username = username or client_id
    return ScramClient(place.broker, client_id, username=username, password=password or f"secret-of-{username}", **options)


@pytest.mark.parametrize("named", [False, True], ids=["without a username", "with a username"])
@pytest.mark.parametrize("per_listener", [False, True], ids=["global", "per listener"])
def test_a_client_that_proves_its_password_has_its_rights(install, named, per_listener):
    place = _place(install, per_listener_settings=per_listener).start()
    boss = place.supervisor()
    press = _client(place, "some id", username="press-7", named=named).login()
    assert press.publish("plant/press-7", b"on") == SUCCESS
    boss.expect("plant/press-7", "on")
    assert press.publish("plant/press-8", b"on") == REFUSED
    assert press.subscribe("orders/press-7") == 0
    boss.publish("orders/press-7", "faster")
    press.expect("orders/press-7", b"faster")


def test_the_same_client_may_come_by_password(place):
    assert place.connect("press-7") == 0
    assert place.connect("press-7", password="guessed") != 0


def test_whoever_fails_is_challenged_and_refused_alike(place):
    place.add_client("disabled", secret=verifier("secret-of-disabled"), enabled=False)
    place.until_answer(REFUSED, "disabled", version=V5)
    for username, password in (("press-7", "guessed"), ("nobody", None), ("by-password", None), ("disabled", None)):
        salts = set()
        for _ in range(2):
            client = _client(place, "guess", username=username, password=password)
            assert client.connect() == REFUSED, username
            assert client.conversation.challenge["i"] == "4096"
            salts.add(client.conversation.challenge["s"])
        assert len(salts) == 1, username
        assert len(salts.pop()) == 24, username


def test_other_methods_are_refused_as_such(place):
    assert _client(place, "press-7", method="SCRAM-SHA-1").begin() == BAD_METHOD
    assert _client(place, "press-7", method="GS2-KRB5").begin() == BAD_METHOD


def test_another_name_in_connect_is_refused(place):
    client = _client(place, "press-7", named=True)
    begin = client._connect_packet
    client._connect_packet = lambda: begin()[:-7] + b"press-8"
    assert client.begin() == REFUSED


def test_a_live_connection_may_authenticate_again(place):
    boss, press = place.supervisor(), _client(place, "press-7").login()
    assert press.subscribe("orders/press-7") == 0
    for _ in range(3):
        assert press.authenticate_again() == SUCCESS
        boss.publish("orders/press-7", "faster")
        press.expect("orders/press-7", b"faster")
        assert press.publish("plant/press-7", b"on") == SUCCESS
    place.broker.sighup()
    assert press.authenticate_again() == SUCCESS
    assert press.publish("plant/press-7", b"on") == SUCCESS


@pytest.mark.parametrize("who", [{"password": "guessed"}, {"username": "press-8", "password": "secret-of-press-8"}],
                         ids=["wrong password", "another client"])
def test_a_live_connection_that_fails_to_authenticate_again_is_cut(place, who):
    press = _client(place, "press-7").login()
    assert press.authenticate_again(**who) == CLOSED
    press = _client(place, "press-7").login()
    assert press.publish("plant/press-7", b"on") in (SUCCESS, 0x10)
    assert press.publish("plant/press-8", b"on") == REFUSED


def test_a_new_password_needs_no_new_connection(install):
    place = _place(install, "sessions:\n  apply_changes: immediately\n").start()
    press = _client(place, "press-7").login()
    place.sql("INSERT INTO mqtt_auth.credentials (username, method, secret) VALUES ('press-7', 'password', :'secret')",
              secret=verifier("another"))
    until(lambda: _client(place, "other id", username="press-7", password="another").connect() == SUCCESS,
          what="the new password to arrive")
    assert press.authenticate_again(password="another") == SUCCESS
    place.sql("DELETE FROM mqtt_auth.credentials WHERE id = (SELECT min(id) FROM mqtt_auth.credentials "
              "WHERE username = 'press-7')")
    until(lambda: place.connect("by-password-2", username="press-7") != 0, what="the old password to go")
    press.ping()
    place.sql("DELETE FROM mqtt_auth.credentials WHERE username = 'press-7'")
    press.wait_closed()


def test_a_client_replaces_itself_and_no_other(place):
    first = _client(place, "press-7").login()
    assert _client(place, "press-7", username="press-8").connect() == CLOSED
    assert first.ping() >= 0
    second = _client(place, "press-7").login()
    first.wait_closed()
    assert second.publish("plant/press-8", b"on") == REFUSED
    second.ping()


def test_a_session_that_came_by_scram_is_still_there_after_sighup_and_disconnect_ends_it(place):
    press = _client(place, "press-7").login()
    place.broker.sighup()
    press.ping()
    place.sql("SELECT mqtt_auth.disconnect('press-7')")
    press.wait_closed()


def test_who_begins_and_hangs_up_does_nothing_to_the_client_whose_id_it_names(place):
    boss = place.supervisor()
    press = _client(place, "press-7", durable=True).login()
    assert press.subscribe("orders/press-7") == 0
    since = place.broker.log_size()
    for client_id in ("press-7", SUPERVISOR):
        stranger = _client(place, client_id, username="nobody", will=("will/press-7", "gone"))
        assert isinstance(stranger.begin(), bytes)
        stranger.close()
    until(lambda: len(place.lines_logged("(closed its connection|disconnected)", since)) >= 2,
          what="the broker to see both go")
    press.ping()
    place.broker.sighup()
    press.ping()
    press.disconnect()
    boss.publish("orders/press-7", "while it was away")
    again = _client(place, "press-7", durable=True).login()
    assert again.session_present
    place.sql("SELECT mqtt_auth.disconnect('press-7')")
    again.wait_closed()
    boss.publish("marker", "marker")
    assert ("will/press-7", "gone") not in boss.expect("marker", "marker")


def test_an_auth_packet_out_of_turn_ends_the_connection_and_nothing_else(place):
    boss = place.supervisor()
    for _ in range(3):
        press = _client(place, "press-7").login()
        press.send_empty_auth()
        press.wait_closed()
    press = _client(place, "press-7").login()
    assert press.publish("plant/press-7", b"on") == SUCCESS
    boss.expect("plant/press-7", "on")


def test_an_auth_packet_of_who_is_not_in_yet_ends_the_attempt(place):
    stranger = _client(place, "press-7")
    assert isinstance(stranger.begin(), bytes)
    stranger.send_empty_auth()
    stranger.wait_closed()
    _client(place, "press-7").login().ping()
