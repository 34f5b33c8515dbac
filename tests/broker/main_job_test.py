"""Clients, passwords and permissions that stand in PostgreSQL decide who may do what."""

import pytest

from mqtt import NOT_AUTHORIZED, REFUSED, V311, V5, Client, mosquitto_pub, mosquitto_sub
from waiting import until

both_versions = pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])


@pytest.fixture(scope="module")
def place(install_once):
    place = install_once()
    place.add_supervisor()
    place.add_group("presses", allow=[("write", "plant/%u/#"), ("read", "orders/%u")])
    place.add_client("press-7", groups=["presses"])
    place.sql("SELECT mqtt_auth.set_password('press-7', 'secret-of-press-7')")  # hashed by PostgreSQL
    place.add_client("reader", allow=[("read", "plant/#")])
    place.add_client("nobody")
    place.add_client("disabled", enabled="false")
    place.add_client("not yet", valid_from="2999-01-01")
    place.add_client("expired", valid_until="2001-01-01")
    place.add_client("in time", valid_from="2001-01-01", valid_until="2999-01-01")
    place.add_client("bound", client_id="line-?-*")
    place.add_client("bound-to-itself", client_id="%u")
    place.add_client("from here", networks="{10.0.0.0/8,127.0.0.0/8}")
    place.add_client("from elsewhere", networks="{10.0.0.0/8}")
    return place.start()


@both_versions
def test_an_allowed_publish_is_delivered(place, version):
    press, boss = place.login("press-7", version=version), place.supervisor(version=version)
    assert press.publish("plant/press-7/temperature", "71") == 0
    boss.expect_only("plant/press-7/temperature", "71")


@both_versions
def test_a_denied_publish_is_not_delivered(place, version):
    press, boss = place.login("press-7", version=version), place.supervisor()
    press.publish("plant/press-8/temperature", "72")
    press.publish("plant/press-7/temperature", "marker")
    boss.expect_only("plant/press-7/temperature", "marker")


def test_a_denied_publish_is_answered_not_authorized_on_mqtt_5(place):
    assert place.login("press-7", version=V5).publish("plant/press-8/temperature", "72") == 0x87


def test_a_denied_qos_0_publish_is_not_delivered(place):
    press, boss = place.login("press-7"), place.supervisor()
    press.publish("plant/press-8/temperature", "72", qos=0)
    press.publish("plant/press-7/temperature", "marker")
    boss.expect_only("plant/press-7/temperature", "marker")


@both_versions
@pytest.mark.parametrize("filter, granted", [
    ("orders/press-7", True),
    ("$share/presses/orders/press-7", True),
    ("orders/press-8", False),
    ("$share/presses/orders/press-8", False),
    ("orders/+", False),
    ("orders/#", False),
    ("#", False),
    ("+/press-7", False),
    ("plant/press-7/#", False),  # may be written, not read
])
def test_a_subscription_is_granted_where_it_is_covered(place, version, filter, granted):
    [code] = place.login("press-7", version=version).subscribe(filter)
    assert code == 1 if granted else code in REFUSED


def test_each_filter_of_one_subscription_is_judged_by_itself(place):
    first, second = place.login("press-7").subscribe("orders/press-8", "orders/press-7")
    assert first in REFUSED and second == 1


def test_a_refused_subscription_receives_nothing(place):
    press, boss = place.login("press-7"), place.supervisor()
    press.subscribe("orders/#", "orders/press-7")
    assert not place.delivers(boss, "orders/press-8", to=press)
    assert place.delivers(boss, "orders/press-7", to=press)


def test_a_reader_may_not_write(place):
    reader, boss = place.login("reader"), place.supervisor()
    assert reader.subscribe("plant/#") == [1]
    assert not place.delivers(reader, "plant/reader", to=boss)


def test_a_client_without_rights_may_log_in_and_do_nothing(place):
    nobody, boss = place.login("nobody"), place.supervisor()
    assert nobody.subscribe("plant/press-7")[0] in REFUSED
    assert not place.delivers(nobody, "plant/nobody", to=boss)


def test_unsubscribing_is_always_allowed(place):
    nobody = place.login("nobody")
    nobody.unsubscribe("plant/#")
    assert nobody.is_connected()


@both_versions
@pytest.mark.parametrize("who, password", [
    ("press-7", "guessed"),
    ("press-7", "secret-of-press-8"),
    ("press-7", "secret-of-press-7 "),
    ("unknown", "secret-of-unknown"),
    ("PRESS-7", "secret-of-press-7"),
    ("disabled", "secret-of-disabled"),
    ("not yet", "secret-of-not yet"),
    ("expired", "secret-of-expired"),
    ("from elsewhere", "secret-of-from elsewhere"),
])
def test_who_may_not_come_in_is_refused_and_not_told_why(place, version, who, password):
    since = place.broker.log_size()
    assert place.connect("some id", username=who, password=password, version=version) == NOT_AUTHORIZED[version]
    assert place.lines_logged(rf"pgauth: refused client id `some id` username `{who}`", since)


@both_versions
def test_without_a_username_nobody_comes_in(place, version):
    assert Client(place.broker, "nameless", version=version).connect() == NOT_AUTHORIZED[version]


def test_a_username_without_a_password_does_not_come_in(place):
    assert Client(place.broker, "press-7", username="press-7").connect() == NOT_AUTHORIZED[V311]


@pytest.mark.parametrize("who", ["in time", "from here"])
def test_inside_its_window_and_its_networks_a_client_comes_in(place, who):
    assert place.connect(who) == 0


@pytest.mark.parametrize("client_id, answer", [
    ("line-1-press", 0), ("line-1-", 0), ("line-12-press", 5), ("line-1", 5), ("xline-1-press", 5), ("bound", 5)])
def test_a_client_comes_in_only_with_the_client_ids_of_its_row(place, client_id, answer):
    assert place.connect(client_id, username="bound") == answer


def test_a_client_bound_to_its_username_comes_in_with_no_other_client_id(place):
    assert place.connect("bound-to-itself") == 0
    assert place.connect("another", username="bound-to-itself") == NOT_AUTHORIZED[V311]


def test_mosquitto_pub_and_mosquitto_sub_get_through(place):
    reader = mosquitto_sub(place.broker, "reader", "plant/#", count=1, username="reader", password="secret-of-reader")
    place.broker.wait_for_log("Sending SUBACK to reader")
    for topic, message in (("plant/press-8/x", "denied"), ("plant/press-7/x", "allowed")):
        done = mosquitto_pub(place.broker, "press-7", topic, message, username="press-7", password="secret-of-press-7")
        assert done.returncode == 0, done.stderr
    output, _ = reader.communicate(timeout=15)
    assert output.splitlines()[-2 if "DISCONNECT" in output.splitlines()[-1] else -1] == "allowed"
    assert "denied" not in output.splitlines()


def test_mosquitto_pub_says_that_a_wrong_password_is_refused(place):
    done = mosquitto_pub(place.broker, "press-7", "plant/press-7/x", "?", username="press-7", password="guessed")
    assert done.returncode != 0 and "not authorised" in done.stderr


def test_a_window_opens_and_closes_by_itself(install):
    place = install()
    place.add_client("guest")
    place.sql("UPDATE mqtt_auth.clients SET valid_from = now() + interval '1 second', "
              "valid_until = now() + interval '3 seconds' WHERE username = 'guest'")
    place.start()
    answers = [place.connect("guest")]

    def has_closed():
        answers.append(place.connect("guest"))
        return 0 in answers and answers[-1] == 5

    until(has_closed, what="the window to open and to close")
    assert answers[0] == 5
