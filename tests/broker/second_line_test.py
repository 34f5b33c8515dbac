"""Listeners with use_identity_as_username: the broker lets every certificate in, and asks about rights only."""

import pytest

from installation import BY_NAME
from mqtt import REFUSED, V311, V5, Client, mosquitto_sub

PAST = "2001-01-01"
both_versions = pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])


@pytest.fixture(scope="module", params=[False, True], ids=["global", "per listener"])
def place(request, install_once):
    place = install_once("", ["identity", "certificate"], per_listener_settings=request.param)
    names = ("press-7", "pinned", "unknown", "only password", "both", "disabled", "expired", "lapsed", "revoked", "bound",
             "from elsewhere", "either")
    place.shown = {name: place.certificate(name) for name in names}
    place.shown["pinned, again"] = place.certificate("pinned")
    place.shown["CN=either, pinned for acme"] = place.certificate("either")
    place.shown["CN=free, pinned for acme"] = place.certificate("free")
    place.shown["CN=#"] = place.certificate("#")
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("write", "plant/all"), ("read", "orders/%u"), ("read", "orders/all")])
    place.add_group("by certificate", allow=[("write", "by/certificate")])
    place.sql("SELECT mqtt_auth.add_group_rule('r', ARRAY['by certificate'], common_name => 'press-?', method => 'certificate')")
    member = {"groups": ["presses"]}
    for username, columns in {
        "press-7": {}, "revoked": {}, "either": {"password": "secret-of-either"},
        "both": {"password": "secret-of-both", "required_methods": "{password,certificate}"},
        "disabled": {"enabled": "false"}, "expired": {"valid_until": PAST}, "bound": {"client_id": "line-?-*"},
        "from elsewhere": {"networks": "{10.0.0.0/8}"},
    }.items():
        place.add_client(username, certificate=BY_NAME, **member, **columns)
    place.add_client("pinned", certificate=place.shown["pinned"].fingerprint, **member)
    place.add_client("acme", certificate=place.shown["CN=either, pinned for acme"].fingerprint, **member)
    place.sql("SELECT mqtt_auth.grant_certificate('acme', :'print')", print=place.shown["CN=free, pinned for acme"].fingerprint)
    place.add_client("only password", **member)
    place.add_client("lapsed", **member)
    place.sql("SELECT mqtt_auth.grant_certificate('lapsed', valid_until => :'past')", past=PAST)
    place.sql("SELECT mqtt_auth.revoke_certificate(:'print')", print=place.shown["revoked"].fingerprint)
    return place.start()


@pytest.fixture
def version(place):
    """Where a table is long: each of the two settings with one of the two protocols."""
    return V5 if place.broker.per_listener_settings else V311


def _show(place, name, client_id="device", **options):
    return Client(place.broker, client_id, transport="identity", certificate=place.shown[name], **options).login()


def _is_cut_off(place):
    """Whether who is refused at its first publish, subscription or delivery is thrown off too."""
    return place.broker.version >= (2, 1)


def _ask(place, device, question):
    """What a connection without rights is answered: where it is thrown off then, it comes again."""
    answer = question()
    if _is_cut_off(place):
        device.expect_closed()
        device.login()
    return answer


def _receives(place, device, topic, boss):
    """The same for a delivery, which is only asked about where it has a subscription."""
    try:
        return place.delivers(boss, topic, to=device)
    except ConnectionError:
        assert _is_cut_off(place) and not device.messages
        device.login()
        return False


@both_versions
@pytest.mark.parametrize("name, client_id", [("press-7", "device"), ("pinned", "device"), ("either", "device"), ("bound", "line-4-b")])
def test_a_certificate_that_satisfies_a_credential_has_the_rights_of_its_client(place, name, client_id, version):
    press, boss = _show(place, name, client_id, version=version), place.supervisor()
    assert press.subscribe(f"orders/{name}", "orders/all") == [1, 1]
    assert place.delivers(press, f"plant/{name}", to=boss)
    assert place.delivers(boss, f"orders/{name}", to=press)
    assert place.delivers(press, "by/certificate", to=boss) == (name == "press-7")
    assert not place.delivers(press, "plant/somebody else", to=boss)
    assert press.subscribe("orders/somebody else")[0] in REFUSED


NONE = [
    ("unknown", "no client has this username"),
    ("CN=#", "may not hold"),
    ("only password", "it sent no password"),
    ("pinned, again", "no certificate that a live credential"),
    ("both", "not every method in required_methods"),
    ("disabled", "the client is disabled"),
    ("expired", "outside valid_from and valid_until"),
    ("lapsed", "it sent no password"),
    ("revoked", "revoked_certificates"),
    ("bound", "the client id does not match"),
    ("from elsewhere", "its address lies in none"),
    ("CN=either, pinned for acme", "one client's and its username another's"),
    ("CN=free, pinned for acme", "one client's and its username another's"),
]


@pytest.mark.parametrize("name, why", NONE)
def test_any_other_certificate_has_none(place, name, why, version):
    since = place.broker.log_size()
    boss = place.supervisor()
    # On 2.0.11 a certificate's CN is the username; the plugin sees it even where the client sent another.
    client_id = f"device {name} {version}".replace("#", "")
    device = _show(place, name, client_id, username="supervisor", password="secret-of-supervisor", version=version)
    for filter in ("orders/all", "#"):
        assert _ask(place, device, lambda: device.subscribe(filter))[0] in REFUSED
    topics = [topic for topic in ("plant/all", f"plant/{name}", "plant/acme", "by/certificate") if "#" not in topic]
    for topic in topics:
        assert not _ask(place, device, lambda: place.delivers(device, topic, to=boss)), topic
    refusals = place.lines_logged(f"pgauth: refused client id `{client_id}` .*{why}", since)
    assert len(refusals) == (2 + len(topics) if _is_cut_off(place) else 1)


def test_a_will_of_who_has_no_rights_is_not_delivered(place):
    boss = place.supervisor()
    for name in ("unknown", "press-7"):
        device = _show(place, name, f"{name} with a will", will=("plant/all", name))
        device.subscribe("orders/all")
        device.drop()
    boss.expect_only("plant/all", "press-7")


@both_versions
@pytest.mark.parametrize("asked", [False, True], ids=["silent", "refused before"])
def test_a_will_is_not_judged_by_the_session_whose_names_it_took(place, asked, version):
    owner = place.client("with a will", certificate=place.shown["either"], durable=True, version=version)
    boss = place.supervisor()
    for _ in range(3):
        owner.login().disconnect()
        intruder = _show(place, "CN=either, pinned for acme", "with a will", will=("plant/all", "?"), durable=True, version=version)
        if asked:
            assert intruder.subscribe("orders/all")[0] in REFUSED
        if asked and _is_cut_off(place):
            intruder.expect_closed()
            continue
        since = place.broker.log_size()
        intruder.drop()
        place.broker.wait_for_log("pgauth: client id `with a will` .*publish `plant/all` denied", since)
    boss.ping()
    assert not boss.messages


def test_who_takes_a_client_id_gets_nothing_of_what_its_owner_subscribed_to(place):
    """The broker asks nobody whether it may, so it cuts the owner off."""
    owner = place.client("shared id", username="either", durable=True).login()
    assert owner.subscribe("orders/all") == [1]
    intruder = _show(place, "unknown", "shared id", durable=True)
    boss = place.supervisor()
    assert not _receives(place, intruder, "orders/all", boss)
    intruder.disconnect()
    owner.login()
    assert place.delivers(boss, "orders/all", to=owner)


@both_versions
@pytest.mark.parametrize("transport", ["identity", "certificate"])
@pytest.mark.parametrize("durable", [False, True], ids=["clean", "durable"])
def test_a_session_that_has_ended_lends_its_rights_to_no_other_certificate(place, transport, durable, version):
    """Client id and username are its own, and often even its place in the broker's memory."""
    options = {"version": version, "durable": durable}
    boss = place.supervisor()
    for leave in ("disconnect", "drop") * 2:
        owner = place.client("passed on", certificate=place.shown["either"], transport=transport, **options).login()
        assert owner.subscribe("orders/all") == [1]
        getattr(owner, leave)()
        heir = _show(place, "CN=either, pinned for acme", "passed on", **options)
        assert not _ask(place, heir, lambda: place.delivers(heir, "plant/all", to=boss))
        assert not _receives(place, heir, "orders/all", boss)
        assert heir.subscribe("orders/all")[0] in REFUSED
        heir.disconnect()


def test_who_was_disabled_has_no_rights_when_it_comes_back_to_its_session(install):
    place = install("", ["identity", "certificate"])
    place.add_client("press-7", certificate=BY_NAME, allow=[("read", "orders")])
    place.start()
    place.shown = {"press-7": place.certificate("press-7")}
    device = _show(place, "press-7", durable=True)
    assert device.subscribe("orders") == [1]
    device.disconnect()
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    place.until_answer(5, "another device", certificate=place.shown["press-7"])
    assert device.login().session_present
    assert device.subscribe("orders")[0] in REFUSED


def test_a_login_elsewhere_under_the_same_client_id_lends_no_rights(place):
    """Neither the session that a refused certificate replaces nor the one that replaces it."""
    boss = place.supervisor()
    for _ in range(3):
        device = place.login("device", certificate=place.shown["press-7"])
        assert place.delivers(device, "plant/all", to=boss)
        intruder = _show(place, "unknown")
        assert not place.delivers(intruder, "plant/all", to=boss)
        back = _show(place, "press-7")
        assert place.delivers(back, "plant/all", to=boss)


def test_a_sighup_changes_nothing(place):
    boss, good, bad = place.supervisor(), _show(place, "press-7", "good"), _show(place, "unknown", "bad")
    for _ in range(2):
        assert place.delivers(good, "plant/all", to=boss)
        assert not _ask(place, bad, lambda: place.delivers(bad, "plant/all", to=boss))
        place.broker.sighup()
        assert good.is_connected() and bad.is_connected()


def test_mosquitto_sub_is_told(place):
    options = {"transport": "identity", "count": 1}
    denied = mosquitto_sub(place.broker, "watcher", "orders/all", certificate=place.shown["unknown"], **options)
    assert "All subscription requests were denied" in denied.communicate()[0]
    reader = mosquitto_sub(place.broker, "watcher 2", "orders/all", certificate=place.shown["press-7"], **options)
    place.broker.wait_for_log("Sending SUBACK to watcher 2")
    place.supervisor().publish("orders/all", "stop")
    assert "\nstop\n" in reader.communicate()[0]


def test_the_log_names_the_option_once_and_says_what_to_set_instead(install):
    place = install("", ["identity", "certificate"])
    place.add_client("press-7", certificate=BY_NAME, allow=[("read", "orders")])
    place.start()
    warning = "pgauth: .*use_identity_as_username.*set require_certificate true without"
    for name in ("press-7", "unknown"):
        assert place.connect("device", certificate=place.certificate(name)) in (0, 5)
    assert not place.lines_logged(warning)
    for name in ("press-7", "unknown", "press-7"):
        client = Client(place.broker, "device", transport="identity", certificate=place.certificate(name)).login()
        client.subscribe("orders")
    assert len(place.lines_logged(warning)) == 1


def test_a_grant_acts_from_the_next_connection_on_and_so_does_its_revocation(install):
    place = install("", ["identity"])
    place.add_supervisor()
    place.add_client("press-7", password="x-y-z-1", allow=[("write", "plant/%u")])
    place.start()
    place.shown = {"press-7": place.certificate("press-7")}
    device, boss = _show(place, "press-7"), place.supervisor()
    assert not place.delivers(device, "plant/press-7", to=boss)
    place.sql("SELECT mqtt_auth.grant_certificate('press-7')")
    place.add_client("marker")
    place.until_answer(0, "marker")
    if _is_cut_off(place):
        device.expect_closed()
    else:
        assert not place.delivers(device, "plant/press-7", to=boss)
    device = _show(place, "press-7")
    assert place.delivers(device, "plant/press-7", to=boss)
    place.sql("SELECT mqtt_auth.revoke('press-7', 'certificate')")
    place.sql("SELECT mqtt_auth.disable_client('marker')")
    place.until_answer(5, "marker")
    assert place.delivers(device, "plant/press-7", to=boss)
    assert not place.delivers(_show(place, "press-7"), "plant/press-7", to=boss)


@pytest.mark.parametrize("username_from, granted", [("subject", True), ("common_name", False), ("san_dns", False)])
def test_with_use_subject_as_username_the_subject_must_be_what_names_the_client(install, username_from, granted):
    subject = "CN=press-7,O=Acme"
    place = install(f"authentication:\n  certificate:\n    username_from: {username_from}\n", ["subject"])
    place.add_supervisor()
    place.add_client(subject, certificate=BY_NAME if granted else None, allow=[("write", "plant/all")])
    place.add_client("press-7", certificate=BY_NAME, allow=[("write", "plant/all")])
    place.start()
    certificate = place.certificate(subject="/O=Acme/CN=press-7", names=["DNS:press-7"])
    device = Client(place.broker, "device", transport="subject", certificate=certificate).login()
    assert place.delivers(device, "plant/all", to=place.supervisor()) == granted
