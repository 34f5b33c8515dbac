"""Rows that make no sense and got past the constraints all the same: they deny, and touch nothing else."""

import pytest

from mqtt import NOT_AUTHORIZED, REFUSED, V311
from postgres import SqlError

NO_FILTERS = ["plant/#/x", "plant/x#", "plant/+x", "", "plant/%", "plant/%q", "plant/x%u", "a\tb"]


@pytest.fixture
def place(install):
    place = install()
    place.add_supervisor()
    place.add_group("presses", allow=[("readWrite", "plant/%u")])
    place.add_client("press-7", groups=["presses"])
    place.add_client("press-8", groups=["presses"], allow=[("readWrite", "own/press-8")])
    return place


def _force_entry(place, effect, permission, topic, *, username=None, group=None):
    place.database.force("""
        INSERT INTO mqtt_auth.acls (username, group_name, effect, permission, topic)
        VALUES (nullif(:'username', ''), nullif(:'group', ''), :'effect', :'permission', :'topic')""",
        username=username or "", group=group or "", effect=effect, permission=permission, topic=topic)


def _press_8_is_as_before(place, boss):
    other = place.login("press-8")
    assert other.subscribe("plant/press-8") == [1]
    assert place.delivers(other, "plant/press-8", to=boss)
    assert place.delivers(other, "own/press-8", to=boss)
    assert place.delivers(boss, "plant/press-8", to=other)


@pytest.mark.parametrize("topic", NO_FILTERS)
def test_what_is_no_filter_cannot_be_stored(place, topic):
    with pytest.raises(SqlError):
        place.allow("press-7", "write", topic)


@pytest.mark.parametrize("topic", ["plant/#/x", "plant/x#", ""])
def test_an_allow_without_a_filter_gives_no_right(place, topic):
    _force_entry(place, "allow", "readWrite", topic, username="press-8")
    _force_entry(place, "allow", "readWrite", topic, group="presses")
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    for name in ("plant/x", "plant/y/x", "plant", "plant/press-8"):
        assert not place.delivers(press, name, to=boss)
        assert press.subscribe(name)[0] in REFUSED
    assert place.delivers(press, "plant/press-7", to=boss)
    _press_8_is_as_before(place, boss)


@pytest.mark.parametrize("topic", ["plant/#/x", "plant/x#", ""])
def test_a_deny_without_a_filter_denies_its_client_everything(place, topic):
    _force_entry(place, "deny", "readWrite", topic, username="press-7")
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert not place.delivers(press, "plant/press-7", to=boss)
    assert press.subscribe("plant/press-7")[0] in REFUSED
    _press_8_is_as_before(place, boss)


def test_a_deny_of_a_group_without_a_filter_denies_its_members_everything(place):
    place.add_group("broken")
    place.sql("SELECT mqtt_auth.add_to_group('press-7', 'broken')")
    _force_entry(place, "deny", "write", "plant/#/x", group="broken")
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert not place.delivers(press, "plant/press-7", to=boss)
    assert press.subscribe("plant/press-7") == [1]  # it denied writing
    _press_8_is_as_before(place, boss)


@pytest.mark.parametrize("column, value", [("effect", "alow"), ("permission", "readwrite")])
def test_an_entry_with_an_unknown_word_gives_no_right(place, column, value):
    _force_entry(place, "allow", "readWrite", "everything/#", username="press-7")
    place.database.force(f"UPDATE mqtt_auth.acls SET {column} = :'value' WHERE topic = 'everything/#'", value=value)
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert not place.delivers(press, "everything/x", to=boss)
    _press_8_is_as_before(place, boss)


@pytest.mark.parametrize("secret", ["", "plain text", "$argon2id$", "$2y$10$short", "$6$", "$9$x$y", "psk:00"])
def test_a_secret_that_is_no_hash_lets_nobody_in(place, secret):
    place.database.force("UPDATE mqtt_auth.credentials SET secret = :'secret' WHERE username = 'press-7'", secret=secret)
    place.start()
    for password in ("secret-of-press-7", secret or "x", "x"):
        assert place.connect("press-7", password=password) == NOT_AUTHORIZED[V311]
    _press_8_is_as_before(place, place.supervisor())


def test_a_rule_without_a_condition_puts_nobody_into_a_group(place):
    place.add_group("bosses", allow=[("readWrite", "#")])
    with pytest.raises(SqlError):
        place.sql("SELECT mqtt_auth.add_group_rule('all', ARRAY['bosses'])")
    place.sql("SELECT mqtt_auth.add_group_rule('all', ARRAY['bosses'], username => 'nobody')")
    place.database.force("UPDATE mqtt_auth.group_rules SET username = NULL WHERE name = 'all'")
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert not place.delivers(press, "plant/press-8", to=boss)
    _press_8_is_as_before(place, boss)


def test_a_rule_whose_expression_cannot_be_read_puts_nobody_into_a_group(place):
    place.add_group("bosses", allow=[("readWrite", "#")])
    place.sql("SELECT mqtt_auth.add_group_rule('all', ARRAY['bosses'], username => 'nobody', syntax => 'regex')")
    place.database.force("UPDATE mqtt_auth.group_rules SET username = '(press' WHERE name = 'all'")
    place.start()
    press, boss = place.login("press-7"), place.supervisor()
    assert not place.delivers(press, "plant/press-8", to=boss)
    _press_8_is_as_before(place, boss)


def test_a_row_that_makes_no_sense_is_named_in_the_log_once(place):
    _force_entry(place, "deny", "readWrite", "plant/#/x", username="press-7")
    place.start()
    for _ in range(3):
        place.connect("press-7")
    assert len(place.lines_logged(r"pgauth: .*`plant/#/x`")) == 1


def test_a_row_that_is_forced_in_while_the_broker_runs_denies_as_well(place):
    place.start()
    boss = place.supervisor()
    assert place.delivers(place.login("press-7"), "plant/press-7", to=boss)
    _force_entry(place, "deny", "readWrite", "plant/#/x", username="press-7")
    place.broker.wait_for_log(r"pgauth: .*`plant/#/x`")
    assert not place.delivers(place.login("press-7"), "plant/press-7", to=boss)
    _press_8_is_as_before(place, boss)
