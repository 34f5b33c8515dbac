"""Group rules put a connecting client into groups; every column that is set must match."""

import pytest

from mqtt import REFUSED
from waiting import until


@pytest.fixture(scope="module")
def place(install_once):
    place = install_once()
    for group in ("glob", "exact", "regex", "both", "address", "elsewhere", "method", "named", "off", "first", "second"):
        place.add_group(group, allow=[("read", f"of/{group}")])
    rules = {
        "glob": "client_id => 'press-*'",
        "exact": "client_id => 'exact*', syntax => 'exact'",
        "regex": "client_id => 'line-[0-9]+', syntax => 'regex'",
        "both": "client_id => 'press-*', username => 'mary'",
        "address": "address => '127.0.0.0/8', client_id => 'addressed'",
        "elsewhere": "address => '10.0.0.0/8'",
        "method": "method => 'password', client_id => 'method'",
        "named": "client_name => 'Press ?'",
        "off": "client_id => 'off'",
    }
    for group, conditions in rules.items():
        place.sql(f"SELECT mqtt_auth.add_group_rule(:'group', ARRAY[:'group'], {conditions})", group=group)
    place.sql("SELECT mqtt_auth.add_group_rule('two groups', ARRAY['first', 'second'], client_id => 'both-*')")
    place.sql("UPDATE mqtt_auth.group_rules SET enabled = false WHERE name = 'off'")
    place.add_client("john")
    place.add_client("mary")
    place.add_client("anna", name="Press 9")
    return place.start()


@pytest.mark.parametrize("client_id, username, groups", [
    ("press-7", "john", {"glob"}),
    ("press-", "john", {"glob"}),
    ("press", "john", set()),
    ("xpress-7", "john", set()),
    ("Press-7", "john", set()),
    ("press-7", "mary", {"glob", "both"}),
    ("pump-7", "mary", set()),
    ("exact*", "john", {"exact"}),
    ("exactly", "john", set()),
    ("line-42", "john", {"regex"}),
    ("line-", "john", set()),
    ("xline-42", "john", set()),
    ("line-42x", "john", set()),
    ("both-1", "john", {"first", "second"}),
    ("addressed", "john", {"address"}),
    ("method", "john", {"method"}),
    ("anything", "anna", {"named"}),
    ("press-1", "anna", {"named", "glob"}),
    ("off", "john", set()),
])
def test_the_rules_that_match_give_their_groups(place, client_id, username, groups):
    client = place.login(client_id, username=username)
    every = ["glob", "exact", "regex", "both", "address", "elsewhere", "method", "named", "off", "first", "second"]
    codes = dict(zip(every, client.subscribe(*(f"of/{group}" for group in every))))
    assert {group for group, code in codes.items() if code not in REFUSED} == groups


def test_explicit_memberships_and_rules_add_up(install):
    place = install()
    place.add_group("member", allow=[("read", "of/member")])
    place.add_group("ruled", allow=[("read", "of/ruled")])
    place.add_client("john", groups=["member"])
    place.sql("SELECT mqtt_auth.add_group_rule('r', ARRAY['ruled'], username => 'john')")
    place.start()
    assert place.login("x", username="john").subscribe("of/member", "of/ruled") == [1, 1]


@pytest.mark.parametrize("trust, groups", [("believed", ["any", "bound"]), ("bound", ["bound"])])
def test_an_unbound_client_id_counts_only_where_it_is_believed(install, trust, groups):
    place = install(f"authorization:\n  client_ids: {trust}\n")
    place.add_group("presses", allow=[("read", "presses"), ("read", "of/%c")])
    place.sql("SELECT mqtt_auth.add_group_rule('r', ARRAY['presses'], client_id => 'press-*')")
    place.add_client("any")
    place.add_client("bound", client_id="press-*")
    place.start()
    for who in ("any", "bound"):
        client = place.login("press-1", username=who)
        codes = client.subscribe("presses", "of/press-1")
        assert codes == [1, 1] if who in groups else all(code in REFUSED for code in codes)
        client.disconnect()


def test_a_changed_rule_counts_from_the_next_connection_on(install):
    place = install()
    place.add_group("presses", allow=[("read", "presses")])
    place.add_client("john")
    place.start()
    john = place.login("press-1", username="john")
    assert john.subscribe("presses")[0] in REFUSED
    place.sql("SELECT mqtt_auth.add_group_rule('r', ARRAY['presses'], client_id => 'press-*')")
    until(lambda: place.login("press-2", username="john").subscribe("presses") == [1], what="the rule to arrive")
    assert john.subscribe("presses")[0] in REFUSED
