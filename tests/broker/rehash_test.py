"""With `authentication.password.rehash` a weak hash becomes an argon2id once its password is seen, where the database
allows it: nobody waits for it, nobody is disconnected, and the password stays what it was."""

import pytest

from mqtt import V5, V311
from replication import Standby
from waiting import until

CONFIG = (
    "  poll_interval: 200ms\nauthentication:\n  password:\n    rehash: argon2id\n    blocking_budget: 1s\nsessions:\n  apply_changes: immediately\n"
)
PASSWORD = "correct horse"
BCRYPT = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"  # of it
ALLOW = "SELECT mqtt_auth.allow_rehash(true)"


@pytest.fixture
def place(install):
    return _with_weak_hash(install(CONFIG))


def _with_weak_hash(place):
    place.sql("SELECT mqtt_auth.create_client('press-7', username => 'press-7', secret => :'secret')", secret=BCRYPT)
    place.add_supervisor()
    place.allow("press-7", "write", "plant/#")
    return place


def _secret(place):
    [(secret,)] = place.sql("SELECT secret FROM mqtt_auth.credentials WHERE username = 'press-7'")
    return secret


# A hash made at nice 19 takes long where tests run beside it.
PATIENCE = 90.0


def _until_rehashed(place):
    until(lambda: _secret(place).startswith("$argon2id$"), deadline=PATIENCE, what="the hash to be an argon2id")


def _until_seen(place, marker):
    """That the broker has read what was committed before this."""
    place.add_client(marker)
    place.until_answer(0, marker)


@pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
def test_a_hash_is_replaced_at_a_login_and_its_session_stays(place, version):
    place.sql(ALLOW)
    place.start()
    press, boss = place.login("press-7", password=PASSWORD, version=version), place.supervisor()
    _until_rehashed(place)
    _until_seen(place, "marker")
    assert press.is_connected() and place.delivers(press, "plant/1", to=boss)
    assert place.connect("again", username="press-7", password=PASSWORD, version=version) == 0
    assert place.connect("again", username="press-7", password=PASSWORD + " ", version=version) != 0
    assert press.is_connected()
    place.sql("SELECT mqtt_auth.set_password('press-7', 'another-s3cret')")
    press.expect_closed()


def test_without_the_privilege_nothing_changes_and_that_is_said_once(place):
    place.start()
    press = place.login("press-7", password=PASSWORD)
    until(lambda: place.lines_logged("rehash: .*allow_rehash"), deadline=PATIENCE, what="the log to say what is missing")
    place.sql("SELECT mqtt_auth.create_client('press-8', username => 'press-8', secret => :'secret')", secret=BCRYPT)
    place.until_answer(0, "press-8", password=PASSWORD)
    _until_seen(place, "marker")
    assert _secret(place) == BCRYPT and press.is_connected()
    assert len(place.lines_logged("rehash: ")) == 1


def test_it_is_off_unless_a_target_is_named(install):
    place = install("  poll_interval: 200ms\n")
    place.sql("SELECT mqtt_auth.create_client('press-7', username => 'press-7', secret => :'secret')", secret=BCRYPT)
    place.sql(ALLOW)
    place.start()
    place.login("press-7", password=PASSWORD)
    _until_seen(place, "marker")
    assert _secret(place) == BCRYPT and not place.lines_logged("rehash: ")


def test_no_hash_and_no_password_is_in_the_log(place):
    place.sql(ALLOW)
    place.start()
    place.login("press-7", password=PASSWORD)
    _until_rehashed(place)
    log = place.broker.log(0)
    assert "$argon2id$" not in log and "$2b$" not in log and PASSWORD not in log


@pytest.fixture
def standby(primary):
    with Standby(primary) as standby:
        yield standby


def _reading_from(standby, install, primary, more=""):
    """A place whose broker reads from the standby."""
    place = _with_weak_hash(install(server=primary))
    place.sql(ALLOW)
    read_only = standby.database(place.database.name).connection
    place.broker.configure(f"database:\n  connection: {read_only}\n{more.format(primary=place.database.connection)}{CONFIG}")
    standby.until_caught_up()
    return place.start()


def test_who_reads_from_a_standby_has_hashes_replaced_on_the_primary(install, primary, standby):
    place = _reading_from(standby, install, primary, "  write_connection: {primary}\n")
    press = place.login("press-7", password=PASSWORD)
    _until_rehashed(place)
    standby.until_caught_up()
    _until_seen(place, "marker")
    assert press.is_connected()
    assert place.connect("again", username="press-7", password=PASSWORD) == 0


def test_who_reads_from_a_standby_alone_is_told_what_is_missing(install, primary, standby):
    place = _reading_from(standby, install, primary)
    press = place.login("press-7", password=PASSWORD)
    until(lambda: place.lines_logged("rehash: .*database.write_connection"), deadline=PATIENCE, what="the log to say what is missing")
    assert _secret(place) == BCRYPT and press.is_connected()
