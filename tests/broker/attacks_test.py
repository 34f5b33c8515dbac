"""Attacks that must fail."""

import pytest

from mqtt import NOT_AUTHORIZED, REFUSED, V311, V5, raw_connect
from postgres import SqlError

INJECTION = "'; DROP TABLE mqtt_auth.clients; --"
BIGGEST = 65535  # bytes: what the length field of MQTT can say; 64 KiB less one
both_versions = pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])


@pytest.fixture(scope="module")
def place(install_once):
    place = install_once()
    _people(place)
    place.add_client("plus", allow=[("read", "+"), ("read", "+/+")])
    place.add_client("hash", allow=[("readWrite", "#"), ("readWrite", "+/broker/uptime")])
    place.sql("INSERT INTO mqtt_auth.clients (username) VALUES ('bare')")
    place.add_client(INJECTION, password="not-to-be-guessed", groups=["everyone"])
    place.add_group(INJECTION, allow=[("write", "injected")])
    place.sql("SELECT mqtt_auth.add_group_rule(:'name', ARRAY[:'name'], client_id => :'name')", name=INJECTION)
    return place.start()


def _people(place):
    place.add_supervisor()
    place.add_group("everyone", allow=[("readWrite", "of/%u/data"), ("readWrite", "at/%c/data")])
    place.add_client("mary", groups=["everyone"])
    place.add_client("a/b", groups=["everyone"])


def _nothing_of(place, client):
    """That neither the data of mary nor that of everybody can be read or written."""
    boss = place.supervisor()
    topics = ["of/mary/data", "at/mary/data", "of/a/b/data", "at/a/b/data"]
    for filter in [*topics, "of/+/data", "at/+/data", "of/#", "at/#", "#", "+/+/data", "$share/x/of/+/data"]:
        assert client.subscribe(filter)[0] in REFUSED, filter
    for topic in topics:
        assert not place.delivers(client, topic, to=boss)
        assert not place.delivers(boss, topic, to=client)


# --- usernames and client ids ---------------------------------------------------------------


@pytest.mark.parametrize("username", ["#", "+", "a/#", "+/b", "a+", "x\ty", "x\x7fy", "", "x\u0085y"])
def test_a_username_that_could_be_read_as_a_wildcard_cannot_be_stored(place, username):
    with pytest.raises(SqlError):
        place.sql("INSERT INTO mqtt_auth.clients (username) VALUES (:'username')", username=username)
    with pytest.raises(SqlError):
        place.add_client(username, password="long-enough-s3cret")


@pytest.mark.parametrize("username", ["#", "+"])
def test_a_username_that_was_forced_into_the_table_has_the_rights_of_nobody_else(install, username):
    place = install()
    _people(place)
    place.database.force("""
        INSERT INTO mqtt_auth.clients (username) VALUES (:'username');
        INSERT INTO mqtt_auth.credentials (username, method, secret)
            SELECT :'username', method, secret FROM mqtt_auth.credentials WHERE username = 'mary';
        INSERT INTO mqtt_auth.group_members (group_name, username) VALUES ('everyone', :'username');
        """, username=username)
    place.start()
    assert place.connect("mary") == 0
    attacker = place.client("attacker", username=username, password="secret-of-mary")
    if attacker.connect() == 0:
        _nothing_of(place, attacker)


def test_a_username_with_a_slash_never_satisfies_u(place):
    _nothing_of(place, place.login("attacker", username="a/b"))


@pytest.mark.parametrize("client_id", ["#", "+", "a/#", "+/b", "x\ty", "x\x7fy", "\u0085"])
@both_versions
def test_a_client_id_with_a_wildcard_or_a_control_character_is_refused(place, client_id, version):
    assert raw_connect(place.broker, client_id.encode(), b"mary", b"secret-of-mary", version=version) != 0
    assert raw_connect(place.broker, b"mary", b"mary", b"secret-of-mary", version=version) == 0


def test_a_client_id_with_a_slash_never_satisfies_c(place):
    mary, boss = place.login("a/b", username="mary"), place.supervisor()
    for filter in ("at/a/b/data", "at/+/data", "at/#", "at/+/+/data"):
        assert mary.subscribe(filter)[0] in REFUSED
    assert not place.delivers(mary, "at/a/b/data", to=boss)
    assert place.delivers(mary, "of/mary/data", to=boss)


@pytest.mark.parametrize("client_id, username, password", [
    (b"x", b"mary\x00", b"secret-of-mary"), (b"x\x00", b"mary", b"secret-of-mary"),
    (b"x", b"\xff\xfe", b"secret-of-mary"), (b"\xff\xfe", b"mary", b"secret-of-mary"),
    (b"x", b"mary\nadmin", b"secret-of-mary"), (b"x", b" mary", b"secret-of-mary"), (b"x", b"mary ", b"secret-of-mary")])
def test_bytes_that_are_no_name_are_nobodys_name(place, client_id, username, password):
    assert raw_connect(place.broker, client_id, username, password) != 0


def test_a_username_cannot_write_a_line_of_its_own_into_the_log(place):
    raw_connect(place.broker, b"x\r\nforged: id", b"mary\r\nforged: name", b"p")
    place.connect("forged: reason\u2028forged", username="unknown")
    lines = place.broker.log().split("\n")
    assert not [line for line in lines if line.startswith("forged")]
    said = [line for line in lines if "pgauth: " in line]  # 2.1 itself writes U+2028 as it came
    assert "unknown" in said[-1] and all(line.isprintable() for line in said)


# --- filters --------------------------------------------------------------------------------


def test_a_plus_does_not_cover_a_hash(place):
    attacker = place.login("plus")
    for filter in ("#", "+/#", "+/+/+", "a/#", "$share/x/#"):
        assert attacker.subscribe(filter)[0] in REFUSED, filter
    assert attacker.subscribe("+", "+/+", "a/+") == [1, 1, 1]


def test_a_hash_that_overlaps_delivers_no_more_than_is_allowed(install):
    place = install("authorization:\n  subscribe: overlapping\n")
    place.add_supervisor()
    place.add_client("attacker", allow=[("read", "+")])
    place.start()
    attacker, boss = place.login("attacker"), place.supervisor()
    assert attacker.subscribe("#") == [1]
    assert not place.delivers(boss, "a/b", to=attacker)
    assert place.delivers(boss, "a", to=attacker)


@pytest.mark.parametrize("filter", ["$SYS/#", "$SYS/broker/uptime", "$SYS/+/uptime", "$share/x/$SYS/#", "$CONTROL/#"])
def test_a_hash_does_not_cover_sys(place, filter):
    attacker = place.login("hash")
    assert attacker.subscribe(filter)[0] in REFUSED
    assert attacker.subscribe("#") == [1]


def test_sys_is_delivered_to_who_may_read_it_and_to_nobody_else(install):
    place = install("authorization:\n  subscribe: overlapping\n", settings=["sys_interval 1"])
    place.add_client("attacker", allow=[("read", "#")])
    place.add_client("watcher", allow=[("read", "$SYS/#")])
    place.start()
    attacker, watcher = place.login("attacker"), place.login("watcher")
    attacker.subscribe("#", "$SYS/#", "+/broker/version")
    assert watcher.subscribe("$SYS/#") == [1]
    watcher._pump(lambda: watcher.messages, 5, "something of $SYS")
    attacker.ping()
    assert not attacker.messages


# --- passwords ------------------------------------------------------------------------------


@both_versions
@pytest.mark.parametrize("password", [None, b"", b"\x00", b"secret-of-mary\x01", b"secret-of-mar", b"SECRET-OF-MARY"])
def test_an_empty_or_a_nearly_right_password_is_refused(place, password, version):
    assert raw_connect(place.broker, b"x", b"mary", password, version=version) == NOT_AUTHORIZED[version]


@pytest.mark.parametrize("password", [None, b"", b"x"])
def test_a_client_without_a_credential_has_no_password_that_fits(place, password):
    assert raw_connect(place.broker, b"x", b"bare", password) == NOT_AUTHORIZED[V311]


def test_an_empty_password_cannot_be_stored(place):
    with pytest.raises(SqlError):
        place.sql("SELECT mqtt_auth.set_password('mary', '')")
    with pytest.raises(SqlError):
        place.sql("INSERT INTO mqtt_auth.credentials (username, method, secret) VALUES ('mary', 'password', '')")


def test_an_empty_secret_that_was_forced_into_the_table_fits_no_password(install):
    place = install()
    place.database.force("""
        INSERT INTO mqtt_auth.clients (username) VALUES ('bare');
        INSERT INTO mqtt_auth.credentials (username, method, secret) VALUES ('bare', 'password', '')""")
    place.start()
    for password in (None, b"", b"x"):
        assert raw_connect(place.broker, b"x", b"bare", password) == NOT_AUTHORIZED[V311]


@both_versions
@pytest.mark.parametrize("username, password", [
    (b"mary", b"x" * BIGGEST), (b"unknown", b"x" * BIGGEST), (b"x" * BIGGEST, b"secret"), (b"mary" * 16000, b""),
    (b"x" * BIGGEST, b"x" * BIGGEST)], ids=["password", "password of nobody", "username", "repeated", "both"])
def test_64_kib_are_refused_and_disturb_nobody(place, username, password, version):
    mary, boss = place.login("mary"), place.supervisor()
    since = place.broker.log_size()
    for _ in range(3):
        assert raw_connect(place.broker, b"x", username, password, version=version) != 0
    assert place.delivers(mary, "of/mary/data", to=boss)
    assert place.broker.log_size() - since < 3 * BIGGEST  # names are cut short where they are logged


def test_a_client_id_of_64_kib_is_no_other_client(place):
    mary = place.login("mary")
    raw_connect(place.broker, b"m" * BIGGEST, b"mary", b"secret-of-mary")
    assert mary.is_connected()


# --- SQL ------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["username", "password", "client id", "topic"])
def test_sql_is_only_text_in(place, where):
    mary, boss = place.login("mary"), place.supervisor()
    if where == "username":
        assert place.connect("x", username=INJECTION, password="guessed") == NOT_AUTHORIZED[V311]
    elif where == "password":
        assert place.connect("x", username="mary", password=INJECTION) == NOT_AUTHORIZED[V311]
    elif where == "client id":
        assert place.connect(INJECTION, username="mary") == 0
        assert place.connect(INJECTION, username="mary", password="guessed") == NOT_AUTHORIZED[V311]
    else:
        assert not place.delivers(mary, INJECTION, to=boss)
        assert mary.subscribe(INJECTION)[0] in REFUSED
    assert place.delivers(mary, "of/mary/data", to=boss)
    assert place.sql("TABLE mqtt_auth.clients")


def test_sql_is_a_username_like_any_other_where_it_was_given_as_one(place):
    odd, boss = place.login("x", username=INJECTION, password="not-to-be-guessed"), place.supervisor()
    assert place.delivers(odd, f"of/{INJECTION}/data", to=boss)
    assert not place.delivers(odd, "of/mary/data", to=boss)
    assert place.sql("TABLE mqtt_auth.clients")


def test_a_name_of_a_group_and_a_rule_is_only_text(place):
    odd, boss = place.login(INJECTION, username="mary"), place.supervisor()
    assert place.delivers(odd, "injected", to=boss)
