"""A certificate of the right CA is not enough: the client behind it must be registered and may come in."""

import os

import pytest

from certs import Authority
from installation import BY_NAME
from mqtt import CLOSED, NOT_AUTHORIZED, REFUSED, V311, V5, Client, mosquitto_pub, mosquitto_sub

IN = None
NO_USERNAME = "it sent no username"
PAST, FUTURE = "2001-01-01", "2999-01-01"

both_versions = pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])


@pytest.fixture(scope="module", params=[False, True], ids=["global", "per listener"])
def place(request, install_once):
    place = install_once("", ["certificate", "certificate websockets", "tls", "websockets"], per_listener_settings=request.param)
    place.certificates = {name: place.certificate(name) for name in (
        "press-7", "unknown", "only password", "pinned", "disabled", "not yet", "expired", "bound", "from here", "from elsewhere",
        "either", "both", "three", "revoked", "lapsed", "pinned lapsed", "pinned not yet", "required lapsed")}
    place.certificates |= {
        "pinned, again": place.certificate("pinned"),
        "odd name for pinned": place.certificate("anything at all"),
        "CN=press-7,CN=either": place.certificate(subject="/CN=press-7/CN=either"),
        "CN=press-7,CN=press-7": place.certificate(subject="/CN=press-7/CN=press-7"),
        "no CN": place.certificate(subject="/O=press-7", names=["DNS:press-7"]),
        "CN=#": place.certificate("#"),
        "CN=Press-7": place.certificate("Press-7"),
        "Größe 7": place.certificate("Größe 7"),
    }
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("read", "orders/%u")])
    place.add_client("press-7", certificate=BY_NAME, groups=["presses"])
    place.add_client("Größe 7", certificate=BY_NAME, groups=["presses"])
    place.add_client("only password")
    place.add_client("pinned", certificate=_print(place, "pinned"), groups=["presses"])
    place.sql("SELECT mqtt_auth.grant_certificate('pinned', :'print')", print=_print(place, "odd name for pinned"))
    place.add_client("disabled", certificate=BY_NAME, enabled="false")
    place.add_client("not yet", certificate=BY_NAME, valid_from=FUTURE)
    place.add_client("expired", certificate=BY_NAME, valid_until=PAST)
    place.add_client("bound", certificate=BY_NAME, client_id="line-?-*")
    place.add_client("from here", certificate=BY_NAME, networks="{127.0.0.0/8}")
    place.add_client("from elsewhere", certificate=BY_NAME, networks="{10.0.0.0/8,fe80::/10}")
    place.add_client("either", certificate=BY_NAME, password="secret-of-either")
    place.add_client("both", certificate=BY_NAME, password="secret-of-both", required_methods="{password,certificate}")
    place.add_client("three", certificate=BY_NAME, password="secret-of-three", required_methods="{password,certificate,psk}")
    place.add_client("revoked", certificate=BY_NAME, password="secret-of-revoked")
    place.sql("SELECT mqtt_auth.revoke_certificate(:'print', 'stolen')", print=_print(place, "revoked"))
    _lapse(place, "lapsed", None, valid_until=PAST)
    _lapse(place, "pinned lapsed", _print(place, "pinned lapsed"), valid_until=PAST)
    _lapse(place, "pinned not yet", _print(place, "pinned not yet"), valid_from=FUTURE)
    place.add_client("required lapsed", required_methods="{certificate}")
    _lapse(place, "required lapsed", _print(place, "required lapsed"), valid_until=PAST)
    return place.start()


@pytest.fixture
def version(place):
    """Where a table is long: each of the two settings with one of the two protocols."""
    return V5 if place.broker.per_listener_settings else V311


def _print(place, name):
    return place.certificates[name].fingerprint


def _lapse(place, username, fingerprint, **window):
    """Grants `username` a certificate that counts only in this window."""
    [(bound, date)] = window.items()
    text = "" if username == "required lapsed" else "SELECT mqtt_auth.create_client(:'username');"
    place.sql(f"{text} SELECT mqtt_auth.grant_certificate(:'username', nullif(:'print', ''), {bound} => :'date')",
              username=username, print=fingerprint or "", date=date)


CASES = [
    # certificate, username, password, why not
    ("press-7", None, None, IN),
    ("pinned", None, None, IN),
    ("odd name for pinned", None, None, IN),
    ("from here", None, None, IN),
    ("Größe 7", None, None, IN),
    ("unknown", None, None, NO_USERNAME),
    ("only password", None, None, NO_USERNAME),
    ("pinned, again", None, None, NO_USERNAME),
    ("CN=press-7,CN=either", None, None, NO_USERNAME),
    ("CN=press-7,CN=press-7", None, None, NO_USERNAME),
    ("no CN", None, None, NO_USERNAME),
    ("CN=#", None, None, NO_USERNAME),
    ("CN=Press-7", None, None, NO_USERNAME),
    ("disabled", None, None, "the client is disabled"),
    ("not yet", None, None, "outside valid_from and valid_until"),
    ("expired", None, None, "outside valid_from and valid_until"),
    ("from elsewhere", None, None, "its address lies in none"),
    ("bound", None, None, "the client id does not match"),
    ("revoked", None, None, "its certificate is in revoked_certificates"),
    ("lapsed", None, None, "no live credential of an enabled method"),
    ("pinned lapsed", None, None, "no live credential of an enabled method"),
    ("pinned not yet", None, None, "no live credential of an enabled method"),
    # Who is not identified by its certificate logs in as ever.
    ("unknown", "only password", "secret-of-only password", IN),
    ("only password", "only password", "secret-of-only password", IN),
    ("pinned, again", "either", "secret-of-either", IN),
    ("unknown", "only password", "guessed", "wrong password"),
    ("unknown", "only password", None, "it sent no password"),
    ("unknown", "press-7", None, "no certificate that a live credential"),
    ("unknown", "press-7", "secret-of-press-7", "no certificate that a live credential"),
    ("pinned, again", "pinned", None, "no certificate that a live credential"),
    ("unknown", "unknown", None, "no client has this username"),
    # A username beside a certificate that identifies a client.
    ("press-7", "press-7", None, IN),
    ("press-7", "press-7", "not asked for", IN),
    ("press-7", "nobody", None, IN),
    ("press-7", "either", None, "one client's and its username another's"),
    ("press-7", "either", "secret-of-either", "one client's and its username another's"),
    ("press-7", "disabled", None, "one client's and its username another's"),
    ("press-7", "a/#", None, "may not hold"),
    ("revoked", "revoked", "secret-of-revoked", "its certificate is in revoked_certificates"),
    ("revoked", "only password", "secret-of-only password", "its certificate is in revoked_certificates"),
    # Several methods.
    ("either", None, None, IN),
    ("either", "either", "guessed", IN),
    ("both", "both", "secret-of-both", IN),
    ("both", "nobody", "secret-of-both", IN),
    ("both", "both", "guessed", "not every method in required_methods"),
    ("both", "both", None, "not every method in required_methods"),
    ("both", None, None, "not every method in required_methods"),
    ("unknown", "both", "secret-of-both", "not every method in required_methods"),
    ("three", "three", "secret-of-three", "not every method in required_methods"),
    ("required lapsed", "required lapsed", "secret-of-required lapsed", "not every method in required_methods"),
    ("unknown", "required lapsed", "secret-of-required lapsed", "not every method in required_methods"),
]


@pytest.mark.parametrize("shown, username, password, why_not", CASES,
                         ids=[f"{shown} {username or '-'} {password or '-'}" for shown, username, password, _ in CASES])
def test_who_comes_in_and_why_not(place, shown, username, password, why_not, version):
    since = place.broker.log_size()
    answer = place.connect("device", certificate=place.certificates[shown], username=username, password=password, version=version)
    assert answer == (0 if why_not is IN else NOT_AUTHORIZED[version])
    if why_not:
        assert place.lines_logged(f"pgauth: refused client id `device` .*{why_not}", since)


@pytest.mark.parametrize("username, why_not", [
    ("either", IN),
    ("only password", IN),
    ("both", "not every method in required_methods"),
    ("required lapsed", "not every method in required_methods"),
    ("press-7", "no certificate that a live credential"),
])
@pytest.mark.parametrize("transport", ["tls", "tcp", "websockets"])
def test_where_no_certificate_is_asked_for_passwords_decide(place, transport, username, why_not):
    """The certificate is offered to the TLS listener, which does not ask for it."""
    since = place.broker.log_size()
    certificate = place.certificates["press-7"] if transport == "tls" else None
    answer = place.connect("device", transport=transport, certificate=certificate, username=username,
                           password=f"secret-of-{username}")
    assert answer == (0 if why_not is IN else NOT_AUTHORIZED[V311])
    if why_not:
        assert place.lines_logged(f"pgauth: refused .*{why_not}", since)


@pytest.mark.parametrize("shown, why_not", [
    ("press-7", IN), ("pinned", IN), ("unknown", NO_USERNAME), ("disabled", "the client is disabled"), ("revoked", "revoked_certificates"),
    ("from here", IN), ("from elsewhere", "its address lies in none")])
def test_over_websockets_certificates_count_alike(place, shown, why_not, version):
    """There libwebsockets, which 2.0 uses, says that an IPv4 client comes from ::ffff:127.0.0.1."""
    since = place.broker.log_size()
    answer = place.connect("device", transport="certificate websockets", certificate=place.certificates[shown], version=version)
    assert answer == (0 if why_not is IN else NOT_AUTHORIZED[version])
    assert place.lines_logged(f"pgauth: .*client id `device` .* from (::ffff:)?127.0.0.1: .*{why_not or 'satisfied'}", since)


def test_a_client_id_that_its_pattern_allows_lets_a_certificate_in(place):
    assert place.connect("line-4-b", certificate=place.certificates["bound"]) == 0


@both_versions
@pytest.mark.parametrize("dates", [{"not_after": "20020101000000Z", "not_before": "20010101000000Z"}, {"not_before": "20300101000000Z",
                         "not_after": "20310101000000Z"}, "another CA", "nothing"], ids=["expired", "not yet", "CA", "none"])
def test_what_tls_does_not_trust_never_reaches_the_plugin(place, dates, version):
    if dates == "nothing":
        certificate = None
    elif dates == "another CA":
        certificate = Authority(os.path.join(place.broker.directory, "other")).client("press-7")
    else:
        certificate = place.certificate("press-7", **dates)
    since = place.broker.log_size()
    client = Client(place.broker, "device", transport="certificate", certificate=certificate, version=version)
    assert client.connect() == CLOSED
    place.broker.wait_for_log("(OpenSSL Error|failed: error:).*(verify failed|did not return a certificate)", since)
    assert not place.lines_logged("pgauth: .*client id", since)


# --- the session ------------------------------------------------------------------------------


@both_versions
@pytest.mark.parametrize("shown, username", [("press-7", None), ("press-7", "nobody"), ("pinned", None), ("odd name for pinned", None),
                                             ("Größe 7", None)])
def test_the_sessions_username_is_its_clients(place, shown, username, version):
    owner = {"odd name for pinned": "pinned"}.get(shown, shown)
    press = place.login("device", certificate=place.certificates[shown], username=username, version=version)
    boss = place.supervisor()
    assert place.delivers(press, f"plant/{owner}", to=boss)
    assert not place.delivers(press, "plant/nobody", to=boss)
    assert press.subscribe(f"orders/{owner}") == [1]
    assert press.subscribe("orders/nobody")[0] in REFUSED
    assert place.delivers(boss, f"orders/{owner}", to=press)
    assert place.lines_logged(rf"client id `device` username `?{owner}.*publish `plant/nobody` denied")


def test_a_sighup_leaves_certificate_sessions_in(place):
    press, boss = place.login("device", certificate=place.certificates["press-7"], username="nobody"), place.supervisor()
    for _ in range(2):
        place.broker.sighup()
        assert press.is_connected()
        assert place.delivers(press, "plant/press-7", to=boss)
        assert not place.delivers(press, "plant/nobody", to=boss)


@pytest.mark.parametrize("leave", ["drop", "is replaced"])
@pytest.mark.parametrize("transport", ["certificate", "certificate websockets"])
def test_the_will_of_a_certificates_session_is_judged_by_its_clients_rights(place, transport, leave):
    boss = place.supervisor()
    for topic in ("plant/either", "plant/press-7"):
        device = place.login("device", transport=transport, certificate=place.certificates["press-7"], will=(topic, "gone"))
        if leave == "drop":
            device.drop()
        else:
            place.login("device", transport=transport, certificate=place.certificates["press-7"])
    boss.expect_only("plant/press-7", "gone")
    assert place.connect("device", certificate=place.certificates["press-7"]) == 0


def test_a_client_replaces_itself_whichever_way_it_proves_itself(place):
    either = place.login("device", certificate=place.certificates["either"])
    again = place.login("device", username="either")
    either.expect_closed()
    third = place.login("device", certificate=place.certificates["either"], username="nobody")
    again.expect_closed()
    assert third.is_connected()


def test_another_clients_certificate_does_not_take_a_client_id_that_is_in_use(place):
    since = place.broker.log_size()
    press = place.login("device", certificate=place.certificates["press-7"])
    assert place.connect("device", certificate=place.certificates["pinned"]) == CLOSED
    assert place.connect("device", certificate=place.certificates["pinned"], username="press-7") == NOT_AUTHORIZED[V311]
    assert place.connect("device", username="either") == CLOSED
    assert len(place.lines_logged("another client is connected under this client id", since)) == 2
    assert press.is_connected()


# --- mosquitto's own programs -------------------------------------------------------------------


def test_mosquitto_pub_and_mosquitto_sub_get_through_with_a_certificate(place):
    show = {"transport": "certificate", "certificate": place.certificates["press-7"]}
    reader = mosquitto_sub(place.broker, "reader", "orders/press-7", count=1, **show)
    place.broker.wait_for_log("Sending SUBACK to reader")
    boss = place.supervisor()
    done = mosquitto_pub(place.broker, "writer", "plant/press-7", "71", **show)
    assert done.returncode == 0, done.stderr
    boss.expect("plant/press-7", "71")
    boss.publish("orders/press-7", "stop")
    assert "\nstop\n" in reader.communicate()[0]
    assert reader.returncode == 0


@pytest.mark.parametrize("shown", ["unknown", "disabled", "only password", "pinned, again", "revoked"])
def test_mosquitto_pub_says_that_a_certificate_is_refused(place, shown):
    done = mosquitto_pub(place.broker, "device", "plant/press-7", "?", transport="certificate", certificate=place.certificates[shown])
    assert done.returncode == 5
    assert "not authorised" in done.stderr
