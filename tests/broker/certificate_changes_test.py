"""Certificates are granted, rotated, revoked and switched off while the broker runs."""

import pytest

from installation import BY_NAME
from mqtt import NOT_AUTHORIZED, REFUSED, V311, Client

REFUSAL = NOT_AUTHORIZED[V311]


@pytest.fixture(scope="module")
def shared(install_once):
    place = install_once("", ["certificate"])
    place.add_supervisor()
    return place.start()


def _until_refused(place, why, certificate, **options):
    since = place.broker.log_size()
    place.until_answer(REFUSAL, "another device", certificate=certificate, **options)
    assert place.lines_logged(f"pgauth: refused client id `another device` .*{why}", since)


# --- granting and revoking --------------------------------------------------------------------


def test_a_grant_lets_in_who_was_refused(shared):
    certificate = shared.certificate("granted")
    shared.add_client("granted", password="x-y-z-1")
    assert shared.connect("device", certificate=certificate) == REFUSAL
    shared.sql("SELECT mqtt_auth.grant_certificate('granted')")
    shared.until_answer(0, "device", certificate=certificate)


@pytest.mark.parametrize("pinned", [False, True], ids=["by name", "pinned"])
def test_a_revoked_grant_leaves_who_is_connected_in_and_refuses_its_return(shared, pinned):
    name = f"grantee {pinned}"
    certificate = shared.certificate(name)
    shared.add_client(name, certificate=certificate.fingerprint if pinned else BY_NAME, allow=[("write", "plant/%u")])
    shared.until_answer(0, "device", certificate=certificate)
    press, boss = shared.login("device", certificate=certificate), shared.supervisor()
    shared.sql("SELECT mqtt_auth.revoke(:'name', 'certificate')", name=name)
    _until_refused(shared, "it sent no username", certificate)
    assert shared.delivers(press, f"plant/{name}", to=boss)
    press.disconnect()
    assert shared.connect("device", certificate=certificate) == REFUSAL


def test_revoking_the_pinned_grant_leaves_the_grant_by_name_in_force(shared):
    certificate = shared.certificate("twice")
    shared.add_client("twice", certificate=BY_NAME)
    shared.sql("SELECT mqtt_auth.grant_certificate('twice', :'print')", print=certificate.fingerprint)
    shared.until_answer(0, "device", certificate=certificate)
    shared.sql("SELECT mqtt_auth.revoke('twice', 'certificate', fingerprint => :'print')", print=certificate.fingerprint)
    shared.add_client("marker")
    shared.until_answer(0, "marker")
    assert shared.connect("device", certificate=certificate) == 0


@pytest.mark.parametrize("pinned", [False, True], ids=["by name", "pinned"])
def test_a_revoked_certificate_is_refused_whatever_else_holds_and_no_other(shared, pinned):
    name = f"robbed {pinned}"
    stolen, spare = shared.certificate(name), shared.certificate(name)
    shared.add_client(name, password="right-s3cret", certificate=stolen.fingerprint if pinned else BY_NAME,
                      allow=[("write", "plant/%u")])
    shared.sql("SELECT mqtt_auth.grant_certificate(:'name', :'print')", name=name, print=spare.fingerprint)
    shared.until_answer(0, "another device", certificate=spare)
    press, boss = shared.login("device", certificate=stolen), shared.supervisor()
    shared.sql("SELECT mqtt_auth.revoke_certificate(:'print', 'stolen')", print=stolen.fingerprint)
    _until_refused(shared, "revoked_certificates", stolen)
    _until_refused(shared, "revoked_certificates", stolen, username=name, password="right-s3cret")
    assert shared.connect("another device", certificate=spare) == 0
    assert shared.connect("another device", username=name, password="right-s3cret") == 0
    assert shared.delivers(press, f"plant/{name}", to=boss)
    press.disconnect()
    assert shared.connect("device", certificate=stolen) == REFUSAL
    shared.sql("SELECT mqtt_auth.unrevoke_certificate(:'print')", print=stolen.fingerprint)
    shared.until_answer(0, "device", certificate=stolen)


def test_a_certificate_that_was_nobodys_is_refused_as_a_transport_once_it_is_revoked(shared):
    certificate = shared.certificate("nobody at all")
    shared.add_client("visitor")
    shared.until_answer(0, "device", certificate=certificate, username="visitor", password="secret-of-visitor")
    shared.sql("SELECT mqtt_auth.revoke_certificate(:'print')", print=certificate.fingerprint)
    _until_refused(shared, "revoked_certificates", certificate, username="visitor", password="secret-of-visitor")


def test_a_disabled_clients_certificate_is_refused_until_it_is_enabled(shared):
    certificate = shared.certificate("on and off")
    shared.add_client("on and off", certificate=BY_NAME)
    shared.until_answer(0, "device", certificate=certificate)
    shared.sql("SELECT mqtt_auth.disable_client('on and off')")
    _until_refused(shared, "the client is disabled", certificate)
    shared.sql("SELECT mqtt_auth.enable_client('on and off')")
    shared.until_answer(0, "device", certificate=certificate)


def test_a_renamed_client_keeps_its_pinned_certificate_and_loses_its_old_name(shared):
    pinned, named = shared.certificate("whatever"), shared.certificate("before")
    shared.add_client("before", certificate=BY_NAME, allow=[("write", "plant/%u")])
    shared.sql("SELECT mqtt_auth.grant_certificate('before', :'print')", print=pinned.fingerprint)
    shared.until_answer(0, "device", certificate=named)
    shared.sql("SELECT mqtt_auth.rename_client('before', 'after')")
    shared.until_answer(REFUSAL, "device", certificate=named)
    press, boss = shared.login("device", certificate=pinned), shared.supervisor()
    assert shared.delivers(press, "plant/after", to=boss)


# --- rotation ---------------------------------------------------------------------------------


def _expire(place, username, condition):
    place.sql(f"UPDATE mqtt_auth.credentials SET valid_until = now() WHERE username = :'name' AND {condition}", name=username)


def test_two_pinned_certificates_are_valid_at_once_and_then_the_old_one_expires(shared):
    old, new = shared.certificate("rotated"), shared.certificate("rotated")
    shared.add_client("rotated", certificate=old.fingerprint)
    shared.until_answer(0, "device", certificate=old)
    assert shared.connect("device", certificate=new) == REFUSAL
    shared.sql("SELECT mqtt_auth.grant_certificate('rotated', :'print', label => 'new')", print=new.fingerprint)
    shared.until_answer(0, "device", certificate=new)
    assert shared.connect("device", certificate=old) == 0
    press = shared.login("device", certificate=old)
    _expire(shared, "rotated", "label IS DISTINCT FROM 'new'")
    _until_refused(shared, "no certificate that a live credential", old)
    assert shared.connect("another device", certificate=new) == 0
    assert press.is_connected()


def test_two_passwords_are_valid_at_once_and_then_the_old_one_expires(shared):
    shared.add_client("rotating", password="old-s3cret")
    shared.sql("SELECT mqtt_auth.grant_password('rotating', 'new-s3cret', label => 'new')")
    shared.until_answer(0, "device", username="rotating", password="new-s3cret")
    assert shared.connect("device", username="rotating", password="old-s3cret") == 0
    press = shared.login("device", username="rotating", password="old-s3cret")
    _expire(shared, "rotating", "label IS DISTINCT FROM 'new'")
    shared.until_answer(REFUSAL, "another device", username="rotating", password="old-s3cret")
    assert shared.connect("another device", username="rotating", password="new-s3cret") == 0
    assert press.is_connected()


def test_where_both_are_required_certificates_and_passwords_are_rotated_one_by_one(shared):
    old, new = shared.certificate("strict"), shared.certificate("strict")
    shared.add_client("strict", password="old-s3cret", certificate=old.fingerprint, required_methods="{password,certificate}")
    shared.until_answer(0, "device", certificate=old, username="strict", password="old-s3cret")
    shared.sql("SELECT mqtt_auth.grant_certificate('strict', :'print', label => 'new')", print=new.fingerprint)
    shared.sql("SELECT mqtt_auth.grant_password('strict', 'new-s3cret', label => 'new')")
    shared.until_answer(0, "device", certificate=new, username="strict", password="new-s3cret")
    for certificate, password in ((old, "old-s3cret"), (old, "new-s3cret"), (new, "old-s3cret")):
        assert shared.connect("device", certificate=certificate, username="strict", password=password) == 0
    _expire(shared, "strict", "method = 'certificate' AND label IS DISTINCT FROM 'new'")
    _until_refused(shared, "not every method in required_methods", old, username="strict", password="new-s3cret")
    assert shared.connect("device", certificate=new, username="strict", password="old-s3cret") == 0
    assert shared.connect("device", certificate=new, username="strict", password="guessed") == REFUSAL


# --- pgauth.yaml --------------------------------------------------------------------------------


@pytest.mark.parametrize("methods, password, certificate", [
    ("[certificate]", REFUSAL, 0), ("[password]", 0, REFUSAL), ("[password, certificate]", 0, 0), ("[psk]", REFUSAL, REFUSAL)])
def test_methods_that_are_switched_off_count_for_nothing(install, methods, password, certificate):
    place = install(f"authentication:\n  methods: {methods}\n", ["certificate"])
    shown, nobodys = place.certificate("either"), place.certificate("nobody")
    place.add_client("either", certificate=BY_NAME, password="secret-of-either")
    place.add_client("both", certificate=BY_NAME, password="secret-of-both", required_methods="{password,certificate}")
    place.start()
    assert place.connect("device", username="either") == password
    assert place.connect("device", certificate=nobodys, username="either", password="secret-of-either") == password
    assert place.connect("device", certificate=shown) == certificate
    both = place.connect("device", certificate=place.certificate("both"), username="both", password="secret-of-both")
    assert both == max(password, certificate)


def test_a_revoked_certificate_is_refused_also_where_certificates_are_switched_off(install):
    place = install("authentication:\n  methods: [password]\n", ["certificate"])
    certificate = place.certificate("john")
    place.add_client("john", password="secret-of-john")
    place.sql("SELECT mqtt_auth.revoke_certificate(:'print')", print=certificate.fingerprint)
    place.start()
    assert place.connect("device", username="john") == 0
    assert place.connect("device", certificate=certificate, username="john", password="secret-of-john") == REFUSAL


def test_switching_certificates_off_and_on_acts_from_the_next_connection_on(install):
    place = install("", ["certificate"])
    place.add_supervisor()
    place.add_client("press-7", certificate=BY_NAME, allow=[("write", "plant/%u")])
    place.start()
    certificate = place.certificate("press-7")
    press, boss = place.login("device", certificate=certificate), place.supervisor()
    place.broker.configure(place.yaml("authentication:\n  methods: [password]\n"))
    place.broker.sighup()
    place.until_answer(REFUSAL, "another device", certificate=certificate)
    assert place.delivers(press, "plant/press-7", to=boss)
    place.broker.configure(place.yaml())
    place.broker.sighup()
    place.until_answer(0, "another device", certificate=certificate)


def test_who_shows_a_certificate_of_nobody_is_anonymous_where_that_is_allowed(install):
    place = install("authentication:\n  anonymous_group: guests\n", ["certificate"], allow_anonymous=True)
    place.add_group("guests", allow=[("read", "news")])
    place.add_client("disabled", certificate=BY_NAME, enabled="false")
    place.start()
    guest = Client(place.broker, "guest", transport="certificate", certificate=place.certificate("nobody"))
    assert guest.login().subscribe("news", "plant/#")[0] == 1
    assert place.connect("guest 2", certificate=place.certificate("disabled")) == REFUSAL


# --- the session that the broker keeps -----------------------------------------------------------


@pytest.mark.parametrize("per_listener", [False, True], ids=["global", "per listener"])
def test_a_certificates_session_survives_a_restart_under_its_clients_name(install, per_listener):
    place = install("", ["certificate"], per_listener_settings=per_listener)
    place.add_supervisor()
    place.add_client("press-7", certificate=BY_NAME, allow=[("read", "orders/%u"), ("write", "plant/%u")])
    place.start()
    press = place.client("device", certificate=place.certificate("press-7"), username="nobody", durable=True).login()
    assert press.subscribe("orders/press-7") == [1]
    press.disconnect()
    place.broker.restart()
    boss = place.supervisor()
    boss.publish("orders/press-7", "while away")
    place.broker.sighup()
    press.login()
    assert press.session_present
    press.expect_only("orders/press-7", "while away")
    assert place.delivers(press, "plant/press-7", to=boss)
    assert press.subscribe("orders/nobody")[0] in REFUSED


def test_a_certificates_session_is_queued_for_after_a_sighup(shared):
    shared.add_client("sleeper", certificate=BY_NAME, allow=[("read", "orders/%u")])
    certificate = shared.certificate("sleeper")
    shared.until_answer(0, "device", certificate=certificate)
    sleeper = shared.client("sleeping device", certificate=certificate, durable=True).login()
    assert sleeper.subscribe("orders/sleeper") == [1]
    sleeper.disconnect()
    shared.broker.sighup()
    shared.supervisor().publish("orders/sleeper", "while away")
    sleeper.login()
    assert sleeper.session_present
    sleeper.expect_only("orders/sleeper", "while away")
