"""TLS with a pre-shared key: the identity is the username, its key is a credential, and its record decides.

Python's ssl has no pre-shared keys, so mosquitto_pub and mosquitto_sub are the clients here.
"""

import secrets

import pytest

from mqtt import mosquitto_pub, mosquitto_sub

CONFIG = "authentication:\n  methods: [password, psk]\n"
PAST = "2001-01-01"
DENIED = "All subscription requests were denied"


class Keys(dict):
    """A key for each identity."""

    def __missing__(self, identity):
        return self.setdefault(identity, secrets.token_hex(32))


@pytest.fixture(scope="module", params=[False, True], ids=["global", "per listener"])
def place(request, install_once):
    place = install_once(CONFIG, ["psk", "psk without identity"], per_listener_settings=request.param)
    place.keys = Keys()
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("read", "orders/%u")])
    place.add_group("by key", allow=[("write", "by/key")])
    place.sql("SELECT mqtt_auth.add_group_rule('by key', ARRAY['by key'], method => 'psk')")
    for username, columns in {
        "press-7": {}, "press-8": {}, "rotated": {}, "sleeper": {},
        "disabled": {"enabled": "false"},
        "expired": {"valid_until": PAST},
        "from here": {"networks": "{127.0.0.0/8}"},
        "from elsewhere": {"networks": "{10.0.0.0/8}"},
        "bound": {"client_id": "line-?-*"},
        "both": {"password": "secret-of-both", "required_methods": "{password,psk}"},
        "either": {"password": "secret-of-either"},
    }.items():
        place.add_client(username, psk=place.keys[username], groups=["presses"], **columns)
    place.add_client("only password", groups=["presses"])
    place.add_client("lapsed", groups=["presses"])
    place.sql("SELECT mqtt_auth.grant_psk('lapsed', :'key', valid_until => :'past')", key=place.keys["lapsed"], past=PAST)
    return place.start()


def _publish(place, identity, topic, *, key=None, client_id="device", transport="psk", **options):
    """Publishes a message, and says whether it reached the supervisor, and what mosquitto_pub said."""
    boss = place.supervisor()
    done = mosquitto_pub(place.broker, client_id, topic, identity, transport=transport,
                         psk=(identity, key or place.keys[identity]), **options)
    boss.ping()
    arrived = (topic, identity) in boss.messages
    boss.disconnect()
    return arrived, done


def _delivered(place, identity, topic, **options):
    arrived, done = _publish(place, identity, topic, **options)
    assert done.returncode == 0, done.stderr
    return arrived


@pytest.mark.parametrize("identity", ["press-7", "press-8", "from here", "either"])
def test_who_has_the_key_has_the_rights_of_its_record(place, identity):
    assert _delivered(place, identity, f"plant/{identity}")
    assert not _delivered(place, identity, "plant/somebody else")
    assert _delivered(place, identity, "by/key")


def test_who_has_the_key_receives_what_it_may_read(place):
    reader = mosquitto_sub(place.broker, "reader", "orders/press-7", count=1, transport="psk", psk=("press-7", place.keys["press-7"]))
    place.broker.wait_for_log("Sending SUBACK to reader")
    place.supervisor().publish("orders/press-7", "stop")
    assert "\nstop\n" in reader.communicate()[0]
    denied = mosquitto_sub(place.broker, "reader", "orders/press-8", count=1, transport="psk", psk=("press-7", place.keys["press-7"]))
    assert DENIED in denied.communicate()[0]


@pytest.mark.parametrize("identity, why", [
    ("nobody", "no client has this username"),
    ("#", "no client has this username"),
    ("Press-7", "no client has this username"),
    ("disabled", "the client is disabled"),
    ("expired", "outside valid_from and valid_until"),
    ("from elsewhere", "its address lies in none"),
    ("lapsed", "no live credential of an enabled method"),
    ("only password", "no live credential of an enabled method"),
])
def test_who_may_not_come_in_does_not_get_through_the_handshake(place, identity, why):
    since = place.broker.log_size()
    arrived, done = _publish(place, identity, "by/key")
    assert done.returncode != 0 and not arrived
    assert place.lines_logged(f"pgauth: refused pre-shared key identity `?{identity}.*{why}", since)
    assert not place.lines_logged("New client connected .* as device", since)


@pytest.mark.parametrize("key", ["of another", "none of anybody", "cut short"])
def test_a_wrong_key_does_not_get_through_the_handshake(place, key):
    wrong = {"of another": place.keys["press-8"], "cut short": place.keys["press-7"][:-2]}.get(key, secrets.token_hex(32))
    since = place.broker.log_size()
    arrived, done = _publish(place, "press-7", "plant/press-7", key=wrong)
    assert done.returncode != 0 and not arrived
    assert not place.lines_logged("New client connected .* as device", since)
    assert _delivered(place, "press-7", "plant/press-7")


def test_a_client_id_against_its_pattern_has_no_rights(place):
    """The handshake ends before the client id is known: it is judged at the first publish or subscription."""
    since = place.broker.log_size()
    assert not _delivered(place, "bound", "plant/bound")
    assert place.lines_logged("pgauth: refused client id `device` username `bound` .*does not match the client's client_id", since)
    reader = mosquitto_sub(place.broker, "device", "orders/bound", count=1, transport="psk", psk=("bound", place.keys["bound"]))
    assert DENIED in reader.communicate()[0]
    assert _delivered(place, "bound", "plant/bound", client_id="line-4-b")


def test_a_password_that_is_required_as_well_cannot_be_shown_and_so_nothing_is_allowed(place):
    since = place.broker.log_size()
    assert not _delivered(place, "both", "plant/both", username="both", password="secret-of-both")
    assert place.lines_logged("pgauth: refused .*`both` .*not every method in required_methods", since)
    assert place.connect("device", username="both") != 0


def test_a_username_that_is_sent_beside_the_key_is_ignored(place):
    assert _delivered(place, "press-7", "plant/press-7", username="supervisor", password="secret-of-supervisor")
    assert not _delivered(place, "press-7", "plant/other", username="supervisor", password="secret-of-supervisor")


def test_a_key_is_no_password(place):
    assert place.connect("device", username="press-7", password=place.keys["press-7"]) != 0
    assert place.connect("device", username="press-7", password=f"psk:{place.keys['press-7']}") != 0


def test_without_use_identity_as_username_the_key_is_only_transport(place):
    """The broker then asks about the username that was sent, and does not say whose key it was."""
    transport = {"transport": "psk without identity"}
    arrived, done = _publish(place, "press-7", "plant/press-7", **transport)
    assert done.returncode == 5 and not arrived
    arrived, done = _publish(place, "press-7", "plant/press-7", username="press-7", **transport)
    assert done.returncode == 5 and not arrived
    assert _delivered(place, "press-7", "plant/either", username="either", password="secret-of-either", **transport)
    assert not _delivered(place, "press-7", "by/key", username="either", password="secret-of-either", **transport)


def test_a_sighup_leaves_who_is_in_alone(place):
    reader = mosquitto_sub(place.broker, "reader 2", "orders/press-8", count=1, transport="psk", psk=("press-8", place.keys["press-8"]))
    place.broker.wait_for_log("Sending SUBACK to reader 2")
    place.broker.sighup()
    place.supervisor().publish("orders/press-8", "stop")
    assert "\nstop\n" in reader.communicate()[0]


def test_of_two_keys_the_newest_counts(place):
    old, new = place.keys["rotated"], secrets.token_hex(32)
    assert _delivered(place, "rotated", "plant/rotated", key=old)
    place.sql("SELECT mqtt_auth.grant_psk('rotated', :'key')", key=new)
    place.add_client("marker")
    place.until_answer(0, "marker")
    assert _delivered(place, "rotated", "plant/rotated", key=new)
    assert _publish(place, "rotated", "plant/rotated", key=old)[1].returncode != 0


def test_messages_are_queued_for_who_had_the_key_across_a_restart(place):
    sleep = {"transport": "psk", "psk": ("sleeper", place.keys["sleeper"]), "durable": True}
    first = mosquitto_sub(place.broker, "sleeper", "orders/sleeper", count=1, **sleep)
    place.broker.wait_for_log("Sending SUBACK to sleeper")
    place.supervisor().publish("orders/sleeper", "awake")
    assert "\nawake\n" in first.communicate()[0]
    place.broker.restart()
    place.supervisor().publish("orders/sleeper", "queued")
    assert "\nqueued\n" in mosquitto_sub(place.broker, "sleeper", "orders/sleeper", count=1, **sleep).communicate()[0]


def test_no_key_is_ever_logged(place):
    for identity in ("press-7", "disabled", "lapsed", "bound"):
        _publish(place, identity, "by/key")
    _publish(place, "press-7", "by/key", key=place.keys["press-8"])
    place.broker.sighup()
    log = place.broker.log().lower()
    assert "received publish" in log and "pre-shared key identity" in log  # that is, debug lines are in it
    assert not [identity for identity, key in place.keys.items() if key in log]


def test_keys_count_for_nothing_unless_the_method_is_switched_on(install):
    place = install("", ["psk"])
    place.keys = Keys()
    place.add_supervisor()
    place.add_client("press-7", psk=place.keys["press-7"], allow=[("write", "plant/%u")])
    place.start()
    arrived, done = _publish(place, "press-7", "plant/press-7")
    assert done.returncode != 0 and not arrived
    assert place.lines_logged("refused pre-shared key identity `press-7` .*no live credential of an enabled method")
