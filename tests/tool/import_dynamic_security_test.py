"""pgauth import: what Mosquitto's dynamic-security plugin writes, made by mosquitto_ctrl; and its order of roles, groups and entries."""

import glob
import json
import os
import subprocess

import pytest

from installation import hash_of
from mosquitto import Broker
from mqtt import NOT_AUTHORIZED, REFUSED, V311
from pgauth import Pgauth

PASSWORD = "s3cret-of-all"
SEND, RECEIVE, LITERAL, PATTERN = "publishClientSend", "publishClientReceive", "subscribeLiteral", "subscribePattern"


class DynamicSecurity:
    """A broker with that plugin, and mosquitto_ctrl as its admin."""

    def __init__(self, folder):
        self.file = str(folder / "dynamic-security.json")
        subprocess.run(["mosquitto_ctrl", "dynsec", "init", self.file, "admin", PASSWORD], check=True, stdout=subprocess.DEVNULL)
        [plugin] = glob.glob("/usr/lib/*/mosquitto_dynamic_security.so")
        self.broker = Broker(None, plugin=False, settings=(f"plugin {plugin}", f"plugin_opt_config_file {self.file}"))
        self.broker.start()

    def __call__(self, *command):
        done = subprocess.run(["mosquitto_ctrl", "-h", "127.0.0.1", "-p", str(self.broker.port()), "-u", "admin", "-P", PASSWORD, "dynsec", *command],
                              capture_output=True, text=True, check=True)
        assert "Error" not in done.stdout + done.stderr, (command, done.stdout, done.stderr)


@pytest.fixture
def dynamic_security(tmp_path):
    made = DynamicSecurity(tmp_path)
    yield made
    made.broker.close()


def acl(kind, topic, allow=True, priority=0):
    return {"acltype": kind, "topic": topic, "allow": allow, "priority": priority}


def client(username, *roles, **more):
    return {"username": username, "roles": [{"rolename": role, "priority": priority} for role, priority in roles], **more}


def group(name, roles, clients):
    return {"groupname": name, "roles": [{"rolename": role, "priority": priority} for role, priority in roles],
            "clients": [{"username": username, "priority": priority} for username, priority in clients]}


class Source:
    """A file of the plugin, written here: roles: name: entries."""

    def __init__(self, folder):
        self.path = folder / "dynamic-security.json"

    def write(self, clients=(), groups=(), roles=None, **defaults):
        access = {SEND: False, RECEIVE: True, "subscribe": False, "unsubscribe": True}
        access |= {key: value for key, value in defaults.items() if key in access}
        tree = {"defaultACLAccess": access, "clients": list(clients), "groups": list(groups),
                "roles": [{"rolename": name, "acls": acls} for name, acls in (roles or {}).items()]}
        tree |= {key: value for key, value in defaults.items() if key not in access}
        self.path.write_text(json.dumps(tree), encoding="utf8")
        return str(self.path)


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path)


def told(tool, path, *arguments, status=1):
    return json.loads(tool.output("import", "--json", "--write", "--dynamic-security", path, *arguments, status=status))


def notes(report, verdict):
    return [(note["place"], note["text"]) for note in report["notes"] if note["verdict"] == verdict]


def may(database, username, action, topic):
    return database.sql("SELECT allowed FROM mqtt_auth.explain(:'username', :'action', :'topic')", username=username, action=action, topic=topic) == [("t",)]


# --- from file to broker --------------------------------------------------------------------------


def test_what_mosquitto_ctrl_has_made_works_here(install, dynamic_security):
    for command in (
            ("createRole", "press"), ("addRoleACL", "press", SEND, "plant/press-7/#", "allow"), ("addRoleACL", "press", PATTERN, "orders/#", "allow"),
            ("addRoleACL", "press", SEND, "plant/press-7/config", "deny", "5"),
            ("createRole", "boss"), ("addRoleACL", "boss", PATTERN, "plant/#", "allow"), ("addRoleACL", "boss", SEND, "orders/#", "allow"),
            ("createGroup", "bosses"), ("addGroupRole", "bosses", "boss"),
            ("createClient", "press-7", "-p", "of-7", "-c", "press-7-id"), ("addClientRole", "press-7", "press"),
            ("createClient", "ann", "-p", "of-ann"), ("addGroupClient", "bosses", "ann"),
            ("createClient", "old", "-p", "of-old"), ("disableClient", "old")):
        dynamic_security(*command)
    place = install()
    tool = Pgauth(place.database)
    said = tool.output("import", "--dynamic-security", dynamic_security.file, "--write", status=1)
    assert "of-7" not in said and "$7$" not in said
    place.start()
    assert place.connect("press-7", password="of-7") == NOT_AUTHORIZED[V311], "its client id is another one"
    assert place.connect("old", password="of-old") == NOT_AUTHORIZED[V311]
    assert place.connect("admin", password=PASSWORD) == 0
    press = place.login("press-7-id", username="press-7", password="of-7")
    ann = place.login("ann", password="of-ann")
    assert ann.subscribe("plant/#") == [1] and press.subscribe("orders/#") == [1] and ann.subscribe("orders/#")[0] in REFUSED
    assert place.delivers(press, "plant/press-7/temperature", to=ann) and not place.delivers(press, "plant/press-7/config", to=ann)
    assert place.delivers(ann, "orders/1", to=press)
    assert place.sql("SELECT group_name, username FROM mqtt_auth.group_members ORDER BY 2") == [("admin", "admin"), ("bosses", "ann"), ("press", "press-7")]
    again = json.loads(tool.output("import", "--json", "--dynamic-security", dynamic_security.file, status=1))
    assert all(rows["new"] == rows["differs"] == 0 for rows in again["rows"].values()) and again["differs"] == []


def test_both_forms_of_a_password(install, source):
    old, new = hash_of("a").split("$"), Pgauth().output("hash", typed="b").strip()
    place = install()
    told(Pgauth(place.database), source.write([client("old", password=old[4], salt=old[3], iterations=int(old[2])), client("new", encoded_password=new),
                                               client("none")]))
    place.start()
    assert place.connect("old", password="a") == 0 and place.connect("new", password="b") == 0
    assert place.sql("SELECT username FROM mqtt_auth.credentials ORDER BY 1") == [("new",), ("old",)]


# --- the order of roles, groups and entries ---------------------------------------------------------


def test_the_first_entry_that_matches_decides(database, pgauth, source):
    told(pgauth, source.write([client("ann", ("role", -1))], roles={
        "role": [acl(SEND, "a/#", False), acl(SEND, "a/b/#", True, 1), acl(SEND, "a/b/c", False, 2), acl(SEND, "#", True, -1)]}))
    assert [may(database, "ann", "publish", topic) for topic in ("a/x", "a/b/x", "a/b/c", "x")] == [False, True, False, True]


def test_the_priority_of_a_role_goes_before_those_of_its_entries(database, pgauth, source):
    told(pgauth, source.write([client("ann", ("first", 2), ("second", 1))], roles={
        "first": [acl(SEND, "a/#")], "second": [acl(SEND, "a/b", False, 100), acl(SEND, "c")]}))
    assert [may(database, "ann", "publish", topic) for topic in ("a/b", "c", "d")] == [True, True, False]


def test_roles_of_equal_priority_go_by_their_names(database, pgauth, source):
    told(pgauth, source.write([client("ann", ("b", 1), ("a", 1))], roles={"b": [acl(SEND, "x")], "a": [acl(SEND, "x", False)]}))
    assert not may(database, "ann", "publish", "x")


def test_own_roles_go_before_groups_and_groups_by_the_priority_that_the_client_has_there(database, pgauth, source):
    told(pgauth, source.write(
        [client("ann", ("own", -1)), client("bob")],
        [group("open", [("yes", 0)], [("ann", 9), ("bob", 1)]), group("closed", [("no", 0)], [("ann", 1), ("bob", 9)])],
        {"own": [acl(SEND, "a", False)], "yes": [acl(SEND, "#")], "no": [acl(SEND, "b", False)]}))
    assert [may(database, "ann", "publish", topic) for topic in ("a", "b", "c")] == [False, True, True]
    assert [may(database, "bob", "publish", topic) for topic in ("a", "b", "c")] == [True, False, True]


def test_only_who_has_another_order_gets_entries_of_its_own(database, pgauth, source):
    roles = {"yes": [acl(SEND, "#")], "no": [acl(SEND, "b", False)]}
    clients = [client("ann", ("yes", 2), ("no", 1)), client("bob", ("no", 2), ("yes", 1)), client("cid", ("no", 2), ("yes", 1))]
    report = told(pgauth, source.write(clients, roles=roles))
    assert [may(database, name, "publish", "b") for name in ("ann", "bob", "cid")] == [True, False, False]
    own = {username for (username,) in database.sql("SELECT DISTINCT username FROM mqtt_auth.acls WHERE username IS NOT NULL")}
    assert own in ({"ann"}, {"bob", "cid"})
    assert {place for place, text in notes(report, "carried") if "in another order" in text} == {f"client `{name}`" for name in own}


def test_where_nothing_is_denied_everybody_shares_and_priorities_are_0(database, pgauth, source):
    roles = {"one": [acl(SEND, "a", priority=5), acl(PATTERN, "b")], "two": [acl(SEND, "c")]}
    told(pgauth, source.write([client("ann", ("one", 2), ("two", 1)), client("bob", ("two", 2), ("one", 1))], roles=roles))
    assert database.sql("SELECT group_name, permission, topic, priority FROM mqtt_auth.acls ORDER BY topic") == [
        ("one", "write", "a", "0"), ("one", "read", "b", "0"), ("two", "write", "c", "0")]


# --- subscribing and receiving ------------------------------------------------------------------------


def test_what_may_not_be_received_may_not_be_read(database, pgauth, source):
    report = told(pgauth, source.write([client("ann", ("role", 0))], roles={"role": [acl(PATTERN, "a/#"), acl(RECEIVE, "a/secret", False)]}))
    assert [may(database, "ann", "receive", topic) for topic in ("a/x", "a/secret", "b")] == [True, False, False]
    assert any("a deny to receive `a/secret`" in text for _, text in notes(report, "differs"))


def test_an_exception_before_a_deny_to_receive(database, pgauth, source):
    told(pgauth, source.write([client("ann", ("subscriber", 1), ("receiver", 0))], roles={
        "subscriber": [acl(PATTERN, "a/#")], "receiver": [acl(RECEIVE, "a/+/open", True, 1), acl(RECEIVE, "a/secret/#", False)]}))
    assert [may(database, "ann", "receive", topic) for topic in ("a/x", "a/secret/x", "a/secret/open", "b/x/open")] == [True, False, True, False]


def test_where_nothing_is_received_by_default_both_have_to_allow(database, pgauth, source):
    told(pgauth, source.write([client("ann", ("subscriber", 1), ("receiver", 0)), client("bob", ("both", 0))], publishClientReceive=False, roles={
        "subscriber": [acl(PATTERN, "a/#"), acl(PATTERN, "c")], "receiver": [acl(RECEIVE, "+/x"), acl(RECEIVE, "d")],
        "both": [acl(PATTERN, "a/#"), acl(RECEIVE, "#")]}))
    assert [may(database, "ann", "receive", topic) for topic in ("a/x", "a/y", "c", "d", "b/x")] == [True, False, False, False, False]
    assert [may(database, "bob", "receive", topic) for topic in ("a/x", "a/y", "c")] == [True, True, False]


def test_what_is_allowed_by_default_is_allowed_to_everyone_with_the_lowest_priority(database, pgauth, source):
    roles = {"role": [acl(SEND, "a", False)]}
    report = told(pgauth, source.write([client("ann", ("role", 0)), client("bob")], publishClientSend=True, subscribe=True, roles=roles))
    assert [may(database, "ann", "publish", topic) for topic in ("a", "b", "$SYS/x")] == [False, True, False]
    assert may(database, "bob", "publish", "a") and may(database, "bob", "receive", "$SYS/broker/uptime")
    assert any("group `everyone`" in text for _, text in notes(report, "differs"))


def test_a_pattern_of_a_wildcard_means_the_brokers_own_topics_too(database, pgauth, source):
    told(pgauth, source.write([client("ann", ("role", 0))], roles={"role": [acl(PATTERN, "#")]}))
    assert may(database, "ann", "subscribe", "#") and may(database, "ann", "subscribe", "$SYS/#")


# --- what differs and what is lost --------------------------------------------------------------------


def test_placeholders_are_those_of_2_1_in_a_file_of_2_1_alone(database, pgauth, source):
    roles = {"role": [acl(SEND, "own/%u"), acl(SEND, "box/%c", False)]}
    report = told(pgauth, source.write([client("ann", ("role", 0))], roles=roles))
    assert [place for place, _ in notes(report, "lost")] == ["roles[0].acls[0]"]
    assert database.sql("SELECT effect, topic FROM mqtt_auth.acls") == [("deny", "box/+")]
    told(pgauth, source.write([client("bob", ("role 2", 0), encoded_password=hash_of("a"))], roles={"role 2": roles["role"]}))
    assert database.sql("SELECT topic FROM mqtt_auth.acls WHERE group_name = 'role 2' ORDER BY 1") == [("box/%c",), ("own/%u",)]


@pytest.mark.parametrize(("more", "place", "reason"), [
    ({"clients": [client("ann", clientid="a*b")]}, "clients[0]", "its client id must match `a?b`"),
    ({"roles": {"r": [acl(LITERAL, "a/#")]}}, "roles[0].acls[0]", "a part of it may be subscribed to as well"),
    ({"roles": {"r": [acl(PATTERN, "a", False)]}}, "roles[0].acls[0]", "one to receive it here"),
    ({"unsubscribe": False}, "unsubscribe", "always allowed here"),
    ({}, "subscribe", "a shared subscription"),
])
def test_what_answers_otherwise_is_noted(pgauth, source, more, place, reason):
    assert any(where == place and reason in text for where, text in notes(told(pgauth, source.write(**more)), "differs"))


@pytest.mark.parametrize(("more", "place", "reason"), [
    ({"clients": [client("a+n")]}, "clients[0]", "has no `+` and no `#`"),
    ({"clients": [client("ann", clientid="a#")]}, "clients[0]", "client `ann` is disabled"),
    ({"clients": [client("ann", ("nowhere", 0))]}, "clients[0]", "there is no role `nowhere`"),
    ({"clients": [client("ann", password="x", salt="y", iterations=1)]}, "clients[0]", "its password cannot be used"),
    ({"clients": [client("ann", textdescription="of ours")]}, "clients[0]", "textdescription"),
    ({"groups": [group("g", [], [("nobody", 0)])]}, "groups", "a member, `nobody`, is no client"),
    ({"roles": {"r": [acl(SEND, "$share/g/x")]}}, "roles[0].acls[0]", "$share"),
])
def test_what_is_lost_is_noted(database, pgauth, source, more, place, reason):
    assert any(where == place and reason in text for where, text in notes(told(pgauth, source.write(**more)), "lost"))
    assert database.sql("SELECT count(*) FROM mqtt_auth.acls") == [("0",)]
    assert database.sql("SELECT count(*) FROM mqtt_auth.clients WHERE enabled AND client_id IS NULL AND username LIKE '%+%'") == [("0",)]


def test_the_group_of_nameless_clients_is_named(database, pgauth, source):
    report = told(pgauth, source.write(groups=[group("guests", [("r", 0)], [])], roles={"r": [acl(PATTERN, "hall/#")]}, anonymousGroup="guests"))
    assert any("anonymous_group" in text and "`guests`" in text for _, text in notes(report, "carried"))
    assert database.sql("SELECT group_name, topic FROM mqtt_auth.acls") == [("guests", "hall/#")]


def test_a_role_and_a_group_of_one_name_stay_two(database, pgauth, source):
    told(pgauth, source.write([client("ann", ("same", 0)), client("bob")], [group("same", [("other", 0)], [("bob", 0)])],
                              {"same": [acl(SEND, "a")], "other": [acl(SEND, "b")]}))
    assert [may(database, "ann", "publish", topic) for topic in "ab"] == [True, False]
    assert [may(database, "bob", "publish", topic) for topic in "ab"] == [False, True]


@pytest.mark.parametrize("text", ["", "[]", "{", "{\"version\": 1}", "\xff"])
def test_another_file_is_refused(pgauth, tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text, encoding="latin1")
    assert pgauth.complaint("import", "--dynamic-security", str(path)) == (
        f"dynamic-security: `{path}` is no file of that plugin: use the one that its plugin_opt_config_file names")
    assert os.path.exists(path)
