"""Rows that make no sense and got past the constraints all the same: they deny, and touch nothing else."""

import pytest

from mqtt import NOT_AUTHORIZED, REFUSED, V311
from postgres import SqlError

NO_FILTERS = ["plant/#/x", "plant/x#", "plant/+x", "", "plant/x%u"]
NO_HASHES = ["", "plain text", "$argon2id$", "$2y$10$short", "$6$", "$9$x$y", "psk:00"]
OWN = [("readWrite", "plant/%u")]


@pytest.fixture(scope="module")
def place(install_once):
    """One broker with everything that makes no sense, each with a client of its own beside it."""
    place = install_once()
    place.add_supervisor()
    place.add_client("bystander", allow=OWN)
    for number, topic in enumerate(NO_FILTERS):
        for kind in ("allow", "deny", "denied"):
            place.add_client(f"{kind}-{number}", allow=OWN)
        place.add_group(f"allow-{number}")
        place.add_group(f"denied-{number}")
        place.sql(f"SELECT mqtt_auth.add_to_group('allow-{number}', 'allow-{number}');"
                  f"SELECT mqtt_auth.add_to_group('denied-{number}', 'denied-{number}');")
        _force_entry(place, "allow", "readWrite", topic, username=f"allow-{number}")
        _force_entry(place, "allow", "readWrite", topic, group=f"allow-{number}")
        _force_entry(place, "deny", "readWrite", topic, username=f"deny-{number}")
        _force_entry(place, "deny", "write", topic, group=f"denied-{number}")
    for number, secret in enumerate(NO_HASHES):
        place.add_client(f"secret-{number}", allow=OWN)
        place.database.force(f"UPDATE mqtt_auth.credentials SET secret = :'secret' WHERE username = 'secret-{number}'",
                             secret=secret)
    for column, value in (("effect", "alow"), ("permission", "readwrite")):
        place.add_client(f"unknown {column}", allow=OWN)
        _force_entry(place, "allow", "readWrite", "everything/#", username=f"unknown {column}")
        place.database.force(f"UPDATE mqtt_auth.acls SET {column} = '{value}' "
                             f"WHERE username = 'unknown {column}' AND topic = 'everything/#'")
    place.add_client("ruled", allow=OWN)
    place.add_group("bosses", allow=[("readWrite", "#")])
    place.sql("SELECT mqtt_auth.add_group_rule('no condition', ARRAY['bosses'], username => 'nobody')")
    place.sql("SELECT mqtt_auth.add_group_rule('no regex', ARRAY['bosses'], username => 'nobody', syntax => 'regex')")
    place.sql("SELECT mqtt_auth.add_group_rule('no syntax', ARRAY['bosses'], username => '*')")
    place.database.force("""
        UPDATE mqtt_auth.group_rules SET username = NULL WHERE name = 'no condition';
        UPDATE mqtt_auth.group_rules SET username = '(rul' WHERE name = 'no regex';
        UPDATE mqtt_auth.group_rules SET syntax = 'like' WHERE name = 'no syntax'""")
    return place.start()


def _force_entry(place, effect, permission, topic, *, username=None, group=None):
    place.database.force("""
        INSERT INTO mqtt_auth.acls (username, group_name, effect, permission, topic)
        VALUES (nullif(:'username', ''), nullif(:'group', ''), :'effect', :'permission', :'topic')""",
        username=username or "", group=group or "", effect=effect, permission=permission, topic=topic)


every_no_filter = pytest.mark.parametrize("number", range(len(NO_FILTERS)), ids=NO_FILTERS)


def test_what_makes_no_sense_cannot_be_stored(install):
    place = install()
    place.add_client("press-7")
    place.add_group("bosses")
    for topic in [*NO_FILTERS, "a\tb"]:
        with pytest.raises(SqlError):
            place.allow("press-7", "write", topic)
    for secret in NO_HASHES:
        with pytest.raises(SqlError):
            place.sql("INSERT INTO mqtt_auth.credentials (username, method, secret) "
                      "VALUES ('press-7', 'password', :'secret')", secret=secret)
    with pytest.raises(SqlError):
        place.sql("SELECT mqtt_auth.add_group_rule('all', ARRAY['bosses'])")


@every_no_filter
def test_an_allow_without_a_filter_gives_no_right(place, number):
    press, boss = place.login(f"allow-{number}"), place.supervisor()
    for name in ("plant/x", "plant/y/x", "plant", "plant/supervisor", "x", "a"):
        assert not place.delivers(press, name, to=boss)
        assert press.subscribe(name)[0] in REFUSED
    assert place.delivers(press, f"plant/allow-{number}", to=boss)


@every_no_filter
def test_a_deny_without_a_filter_denies_its_client_everything(place, number):
    press, boss = place.login(f"deny-{number}"), place.supervisor()
    assert not place.delivers(press, f"plant/deny-{number}", to=boss)
    assert press.subscribe(f"plant/deny-{number}")[0] in REFUSED


@every_no_filter
def test_a_deny_of_a_group_without_a_filter_denies_its_members_what_it_says(place, number):
    press, boss = place.login(f"denied-{number}"), place.supervisor()
    assert not place.delivers(press, f"plant/denied-{number}", to=boss)
    assert press.subscribe(f"plant/denied-{number}") == [1]  # it denied writing


@pytest.mark.parametrize("column", ["effect", "permission"])
def test_an_entry_with_an_unknown_word_gives_no_right(place, column):
    press, boss = place.login(f"unknown {column}"), place.supervisor()
    assert not place.delivers(press, "everything/x", to=boss)
    assert press.subscribe("everything/x")[0] in REFUSED


@pytest.mark.parametrize("number, secret", enumerate(NO_HASHES))
def test_a_secret_that_is_no_hash_lets_nobody_in(place, number, secret):
    for password in (f"secret-of-secret-{number}", secret or "x", "x"):
        assert place.connect(f"secret-{number}", password=password) == NOT_AUTHORIZED[V311]


def test_rules_that_cannot_be_evaluated_put_nobody_into_a_group(place):
    press, boss = place.login("ruled"), place.supervisor()
    assert not place.delivers(press, "plant/supervisor", to=boss)
    assert place.delivers(press, "plant/ruled", to=boss)


def test_nobody_else_is_affected(place):
    bystander, boss = place.login("bystander"), place.supervisor()
    assert bystander.subscribe("plant/bystander") == [1]
    assert place.delivers(bystander, "plant/bystander", to=boss)
    assert place.delivers(boss, "plant/bystander", to=bystander)
    assert not place.delivers(bystander, "plant/supervisor", to=boss)


def test_a_row_that_makes_no_sense_is_named_in_the_log_once(place):
    for _ in range(3):
        place.connect("deny-0")
    rows = place.sql("SELECT count(*) FROM mqtt_auth.acls WHERE topic = 'plant/#/x'")
    assert len(place.lines_logged(r"pgauth: .*`plant/#/x`")) == int(rows[0][0])


def test_a_row_that_is_forced_in_while_the_broker_runs_denies_as_well(install):
    place = install()
    place.add_supervisor()
    place.add_client("press-7", allow=OWN)
    place.add_client("press-8", allow=OWN)
    place.start()
    boss = place.supervisor()
    assert place.delivers(place.login("press-7"), "plant/press-7", to=boss)
    _force_entry(place, "deny", "readWrite", "plant/#/x", username="press-7")
    place.broker.wait_for_log(r"pgauth: .*`plant/#/x`")
    assert not place.delivers(place.login("press-7"), "plant/press-7", to=boss)
    assert place.delivers(place.login("press-8"), "plant/press-8", to=boss)
