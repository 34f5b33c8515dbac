"""With `sessions.apply_changes: immediately` what belongs to a client acts on the sessions that it has:
rights are exchanged in place, and who may not be in any more is disconnected. Nobody else is."""

import itertools

import pytest

from installation import BY_NAME
from mqtt import REFUSED, V5, V311, CLOSED
from waiting import until

IMMEDIATELY = "sessions:\n  apply_changes: immediately\n"
_markers = itertools.count(1)
every_version = pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])


def _people(place):
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u"), ("read", "orders")])
    place.add_client("press-7", groups=["presses"])
    place.add_client("press-8", groups=["presses"])


@pytest.fixture(scope="module")
def shared(install_once):
    return install_once(IMMEDIATELY, ["websockets", "certificate"]).start()


@pytest.fixture
def place(shared):
    """The same broker for most tests, and other people for each."""
    shared.sql("TRUNCATE mqtt_auth.clients, mqtt_auth.groups, mqtt_auth.group_rules, mqtt_auth.revoked_certificates CASCADE")
    _people(shared)
    marker = f"marker {next(_markers)}"
    shared.add_client(marker)
    shared.until_answer(0, marker)
    return shared


def _expect_cut(place, client, why, since):
    client.expect_closed()
    until(lambda: place.lines_logged(f"pgauth: disconnected client id .*: {why}", since), what="the log to say why")


# --- who is disconnected ----------------------------------------------------------------------

CUTS = [
    ("SELECT mqtt_auth.delete_client('press-7')", "no client has this username"),
    ("SELECT mqtt_auth.disable_client('press-7')", "the client is disabled"),
    ("SELECT mqtt_auth.rename_client('press-7', 'press-9')", "no client has this username"),
    ("UPDATE mqtt_auth.clients SET valid_until = now() WHERE username = 'press-7'", "it is outside valid_from"),
    ("UPDATE mqtt_auth.clients SET networks = '{10.1.0.0/16}' WHERE username = 'press-7'", "its address lies in none"),
    ("UPDATE mqtt_auth.clients SET client_id = '%u-*' WHERE username = 'press-7'", "the client id does not match"),
    ("SELECT mqtt_auth.set_password('press-7', 'another-s3cret')", "the credential that let it in is no longer valid"),
    ("SELECT mqtt_auth.revoke('press-7', 'password')", "the client has no live credential"),
    ("UPDATE mqtt_auth.clients SET required_methods = '{certificate}' WHERE username = 'press-7'", "not every method"),
]


@pytest.mark.parametrize("sql, why", CUTS, ids=[why for _, why in CUTS])
def test_who_may_not_be_in_any_more_is_disconnected_and_refused(place, sql, why):
    press, second, other = place.login("press-7"), place.login("second", username="press-7", version=V5), place.login("press-8")
    boss, since = place.supervisor(), place.broker.log_size()
    place.sql(sql)
    _expect_cut(place, press, why, since)
    _expect_cut(place, second, why, since)
    assert press.connect() in (5, CLOSED)
    assert other.is_connected() and boss.is_connected()
    assert place.delivers(other, "plant/press-8", to=boss)
    assert len(place.lines_logged("pgauth: disconnected", since)) == 2


@pytest.mark.parametrize("column", ["clients", "credentials"])
def test_a_window_that_runs_out_disconnects_without_a_change(place, column):
    press, other, since = place.login("press-7"), place.login("press-8"), place.broker.log_size()
    place.sql(f"UPDATE mqtt_auth.{column} SET valid_until = clock_timestamp() + interval '2 s' WHERE username = 'press-7'")
    second = place.login("second", username="press-7")  # may come in until then
    assert press.is_connected()
    changes = place.sql("SELECT count(*) FROM mqtt_auth.changes")
    why = "it is outside valid_from" if column == "clients" else "the client has no live credential"
    _expect_cut(place, press, why, since)
    _expect_cut(place, second, why, since)
    assert place.sql("SELECT count(*) FROM mqtt_auth.changes") == changes
    assert other.is_connected()


CERTIFICATE_CUTS = [
    ("SELECT mqtt_auth.revoke('meter', 'certificate')", "the client has no live credential"),
    ("SELECT mqtt_auth.revoke_certificate(:'print', 'stolen')", "its certificate is in revoked_certificates"),
    ("UPDATE mqtt_auth.credentials SET valid_until = now() WHERE username = 'meter'", "the client has no live credential"),
]


@pytest.mark.parametrize("sql, why", CERTIFICATE_CUTS, ids=["revoked grant", "revoked certificate", "expired grant"])
@pytest.mark.parametrize("pinned", [False, True], ids=["by name", "pinned"])
def test_who_came_in_by_a_certificate_goes_with_it(place, sql, why, pinned):
    certificate, other = place.certificate("meter"), place.certificate("other meter")
    place.add_client("other meter", certificate=BY_NAME)
    place.add_client("meter", certificate=certificate.fingerprint if pinned else BY_NAME)
    place.until_answer(0, "meter", certificate=certificate)
    meter, press = place.login("meter", certificate=certificate), place.login("other", certificate=other)
    since = place.broker.log_size()
    place.sql(sql, print=certificate.fingerprint)
    _expect_cut(place, meter, why, since)
    assert press.is_connected()


def test_one_certificate_of_two_goes_and_the_other_stays(place):
    old, new = place.certificate("meter"), place.certificate("meter")
    place.add_client("meter", certificate=old.fingerprint)
    place.sql("SELECT mqtt_auth.grant_certificate('meter', :'print')", print=new.fingerprint)
    place.until_answer(0, "new", certificate=new)
    with_old, with_new = place.login("old", certificate=old), place.login("new", certificate=new)
    since = place.broker.log_size()
    place.sql("SELECT mqtt_auth.revoke('meter', 'certificate', fingerprint => :'print')", print=old.fingerprint)
    _expect_cut(place, with_old, "it showed no certificate|the client has no live", since)
    assert with_new.is_connected()


def test_somebody_on_a_websocket_is_disconnected_too(place):
    press, other = place.login("press-7", transport="websockets"), place.login("press-8", transport="websockets")
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    press.expect_closed()
    assert other.is_connected()


def test_a_nameless_session_goes_with_its_group(install):
    place = install("authentication:\n  anonymous_group: guests\n" + IMMEDIATELY, allow_anonymous=True)
    place.add_group("guests", allow=[("read", "news")])
    _people(place)
    place.start()
    guest, press = place.client("guest", username=None, password=None), place.login("press-8")
    guest._paho.username_pw_set(None)
    guest.login()
    place.sql("SELECT mqtt_auth.delete_group('guests')")
    guest.expect_closed()
    assert press.is_connected()


# --- who is not, and what it may do then ----------------------------------------------------------

GAINS = [
    ("own entry", "SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'new')"),
    ("membership", "SELECT mqtt_auth.add_to_group('press-7', 'others')"),
    ("rule about the name", "UPDATE mqtt_auth.clients SET name = 'Other press' WHERE username = 'press-7'"),
    ("attribute", "UPDATE mqtt_auth.clients SET attributes = '{\"topic\": \"new\"}' WHERE username = 'press-7'"),
    ("new rule", "SELECT mqtt_auth.add_group_rule('r', '{others}', client_id => 'press-7', method => 'password')"),
]


@pytest.mark.parametrize("sql", [sql for _, sql in GAINS], ids=[name for name, _ in GAINS])
def test_a_change_of_rights_acts_at_once_and_disconnects_nobody(place, sql):
    place.add_group("others", allow=[("write", "new")])
    place.allow_group("presses", "write", "%{topic}")
    place.sql("SELECT mqtt_auth.add_group_rule('by name', '{others}', client_name => 'Other *')")
    press, other, boss = place.login("press-7"), place.login("press-8"), place.supervisor()
    since = place.broker.log_size()
    assert not place.delivers(press, "new", to=boss)
    place.sql(sql)
    until(lambda: place.delivers(press, "new", to=boss), what="the right to be gained")
    assert not place.delivers(other, "new", to=boss)
    assert not place.lines_logged("pgauth: disconnected", since)


def test_a_lost_membership_takes_deliveries_away_at_once(place):
    press, boss = place.login("press-7"), place.supervisor()
    assert press.subscribe("orders") == [1]
    assert place.delivers(boss, "orders", to=press)
    place.sql("SELECT mqtt_auth.remove_from_group('press-7', 'presses')")
    until(lambda: not place.delivers(boss, "orders", to=press), what="deliveries to end")
    assert press.subscribe("orders")[0] in REFUSED
    assert press.is_connected()


def test_what_takes_nothing_away_disconnects_nobody(place):
    press, boss, since = place.login("press-7"), place.supervisor(), place.broker.log_size()
    place.sql("""
        SELECT mqtt_auth.grant_password('press-7', 'a-second-s3cret');
        UPDATE mqtt_auth.clients SET networks = '{127.0.0.0/8}', client_id = '%u', valid_until = '2999-01-01',
            required_methods = '{password}' WHERE username = 'press-7';
        SELECT mqtt_auth.disable_client('press-8'), mqtt_auth.touch();
        SELECT mqtt_auth.allow(username => 'press-7', permission => 'write', topic => 'marker');""")
    until(lambda: place.delivers(press, "marker", to=boss), what="the change to arrive")
    assert press.is_connected()
    assert not place.lines_logged("pgauth: disconnected", since)


def test_a_client_that_was_disabled_by_mistake_comes_back_to_its_subscriptions_and_its_queue(place):
    press = place.client("press-7", durable=True).login()
    assert press.subscribe("orders") == [1]
    boss = place.supervisor()
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    press.expect_closed()
    assert boss.publish("orders", "while it was away") == 0
    place.sql("SELECT mqtt_auth.enable_client('press-7')")
    until(lambda: press.connect() == 0, what="the press to be let in again")
    assert press.session_present
    press.expect("orders", "while it was away")
    assert place.delivers(boss, "orders", to=press)


def test_a_client_that_was_cut_off_has_no_will(place):
    press = place.client("press-7", will=("plant/press-7", "gone")).login()
    other = place.client("press-8", will=("plant/press-8", "gone")).login()
    boss = place.supervisor()
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    press.expect_closed()
    other.drop()
    boss.expect_only("plant/press-8", "gone")


# --- others, meanwhile ----------------------------------------------------------------------------


@every_version
@pytest.mark.parametrize("mode", ["reconnect", "immediately"])
def test_nothing_is_lost_for_anyone_else_while_clients_are_cut_off(install, version, mode):
    """Publishers and subscribers of every QoS, among them clients that are thrown off in the middle."""
    place = install(f"sessions:\n  apply_changes: {mode}\n")
    place.add_group("readers", allow=[("read", "flow/#")])
    place.add_group("writers", allow=[("write", "flow/#")])
    victims = [f"victim {n}" for n in range(6)]
    for name in ["reader 0", "reader 1", "reader 2", "away 1", "away 2", *victims[:3]]:
        place.add_client(name, groups=["readers"])
    for name in ["writer 0", "writer 1", "writer 2", *victims[3:]]:
        place.add_client(name, groups=["writers"])
    place.start()
    readers = [place.login(f"reader {qos}", version=version) for qos in range(3)]
    for qos, reader in enumerate(readers):
        assert reader.subscribe("flow/#", qos=qos) == [qos]
    away = [place.client(f"away {qos}", version=version, durable=True).login() for qos in (1, 2)]
    for qos, client in zip((1, 2), away):
        assert client.subscribe("flow/#", qos=qos) == [qos]
        client.disconnect()
    writers = [place.login(f"writer {qos}", version=version) for qos in range(3)]
    thrown_off = [place.client(name, version=version, durable=n % 2 == 0).login() for n, name in enumerate(victims)]
    for qos, client in enumerate(thrown_off[:3]):
        assert client.subscribe("flow/#", qos=qos) == [qos]

    sent = []
    for number in range(60):
        for qos, writer in enumerate(writers):
            sent.append((f"flow/{qos}", f"message {number}"))
            writer.publish(*sent[-1], qos=qos)
        if number % 10 == 5:
            victim = victims[number // 10]
            place.sql(f"SELECT mqtt_auth.disconnect('{victim}')" if mode == "reconnect"
                      else f"SELECT mqtt_auth.disable_client('{victim}')")
        writers[0].ping()
    for client in thrown_off:
        client.expect_closed()

    def received(client):
        until(lambda: client.ping() and len(client.messages) >= len(sent), what="all messages")
        return client.messages
    for client in readers:
        for qos in range(3):  # each stream in its order
            assert [message for message in received(client) if message[0] == f"flow/{qos}"] == [
                message for message in sent if message[0] == f"flow/{qos}"]
    for client in away:
        client.login()
        assert client.session_present
        wanted = [message for message in sent if message[0] != "flow/0"]
        until(lambda: client.ping() and len([m for m in client.messages if m[0] != "flow/0"]) >= len(wanted),
              what="the queue to arrive")
        assert sorted(m for m in client.messages if m[0] != "flow/0") == sorted(wanted)
    for client in (*readers, *writers):
        assert client.is_connected()
    assert len(place.lines_logged("pgauth: disconnected")) == len(victims)


# --- where the broker is different, and configurations ----------------------------------------------


def test_per_listener_settings_take_rights_at_once_and_disconnect_with_the_next_login(install):
    """2.0.11 raises no ticks then."""
    place = install(IMMEDIATELY, per_listener_settings=True)
    _people(place)
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert place.delivers(press, "plant/press-7", to=boss)
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    place.until_answer(5, "press-7 again", username="press-7")
    try:
        assert not place.delivers(press, "plant/press-7", to=boss)
    except ConnectionError:
        pass
    place.login("press-8")
    press.expect_closed()
    assert boss.is_connected()


def test_the_mode_can_be_changed_while_the_broker_runs(install):
    place = install()
    _people(place)
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    place.sql("SELECT mqtt_auth.disable_client('press-7')")
    place.until_answer(5, "second", username="press-7")
    assert place.delivers(press, "plant/press-7", to=boss)
    place.broker.configure(place.yaml(IMMEDIATELY))
    place.broker.sighup()
    press.expect_closed()
    assert boss.is_connected()
    place.broker.configure(place.yaml())
    since = place.broker.log_size()
    place.broker.sighup()
    until(lambda: place.lines_logged("configuration read again: taken up", since), what="the configuration to be taken up")
    other = place.login("press-8")
    place.sql("SELECT mqtt_auth.disable_client('press-8')")
    place.until_answer(5, "second", username="press-8")
    assert place.delivers(other, "plant/press-8", to=boss)
