"""pgauth explain: who, how, in which groups, and by which row; from the database and from a replica file."""

import json
import subprocess

import pytest

from certs import Authority
from installation import hash_of
from waiting import temporary_directory


@pytest.fixture
def plant(database):
    database.sql("""
        SELECT mqtt_auth.create_client('Press 7', username => 'press-7', secret => :'secret', client_id => 'press-7*');
        SELECT mqtt_auth.create_client('Meter', username => 'meter');
        SELECT mqtt_auth.grant_certificate('meter');
        SELECT mqtt_auth.create_client('Vault', username => 'vault', secret => :'secret', required_methods => '{password,certificate}');
        SELECT mqtt_auth.grant_certificate('vault');
        SELECT mqtt_auth.create_client('Old', username => 'old', secret => :'secret', enabled => false);
        SELECT mqtt_auth.create_group('presses');
        SELECT mqtt_auth.create_group('operators');
        SELECT mqtt_auth.create_group('guests');
        SELECT mqtt_auth.add_to_group('press-7', 'presses');
        SELECT mqtt_auth.add_to_group('old', 'presses');
        SELECT mqtt_auth.allow('presses', 'readWrite', 'plant/1/%u/#');
        SELECT mqtt_auth.deny('presses', 'write', 'plant/1/+/config', priority => 5);
        SELECT mqtt_auth.allow('operators', 'read', 'plant/#');
        SELECT mqtt_auth.allow('guests', 'read', 'news');
        SELECT mqtt_auth.allow(username => 'meter', permission => 'write', topic => 'meter/value', max_qos => 1, allow_retain => false);
        SELECT mqtt_auth.add_group_rule('control room', ARRAY['operators'], address => '10.1.0.0/16', method => 'password');
        """, secret=hash_of("s3cret"))
    return database


def asked(tool, *arguments, status=0, **options):
    return json.loads(tool.output("explain", "--json", *arguments, status=status, **options))


def test_an_allowed_publish_names_the_row(plant, as_plugin):
    [(entry,)] = plant.sql("SELECT id FROM mqtt_auth.acls WHERE topic = 'plant/1/%u/#'")
    told = as_plugin.output("explain", "--username", "press-7", "publish", "plant/1/press-7/temperature")
    assert told.splitlines()[1:] == [
        "who      client `press-7` (Press 7), by its username, client id `press-7` (assumed: --client-id)",
        "login    accepted, if it proves password",
        "groups   `presses`: it is a member",
        f"publish `plant/1/press-7/temperature`: allowed by entry {entry} of group `presses`: allow readWrite `plant/1/%u/#`, priority 0"]


def test_a_denied_publish_names_the_row(plant, as_plugin):
    told = asked(as_plugin, "--username", "press-7", "publish", "plant/1/press-7/config", status=1)
    assert not told["allowed"] and told["login"]["outcome"] == "accepted"
    assert (told["entry"]["effect"], told["entry"]["topic"], told["entry"]["priority"]) == ("deny", "plant/1/+/config", 5)
    assert told["entry"]["owner"] == "group `presses`"


def test_what_no_row_allows_is_denied(plant, as_plugin):
    told = asked(as_plugin, "--username", "press-7", "subscribe", "#", status=1)
    assert told["reason"] == "denied: no entry allows it" and told["entry"] is None


def test_a_rule_adds_a_group_where_its_conditions_hold(plant, as_plugin):
    told = asked(as_plugin, "--username", "press-7", "--address", "10.1.2.3", "receive", "plant/2/x")
    assert told["groups"] == [{"name": "presses", "by": "membership"},
                              {"name": "operators", "by": "rule", "rule": "control room"}]
    told = asked(as_plugin, "--username", "press-7", "--address", "10.2.2.3", "receive", "plant/2/x", status=1)
    assert [group["name"] for group in told["groups"]] == ["presses"]


def test_the_limits_of_an_allow_count(plant, as_plugin):
    request = ("--username", "meter", "publish", "meter/value")
    assert asked(as_plugin, *request)["allowed"]
    assert not asked(as_plugin, *request, "--qos", "2", status=1)["allowed"]
    assert not asked(as_plugin, *request, "--retain", status=1)["allowed"]


def test_who_is_disabled_is_told_so_and_what_it_could_do(plant, as_plugin):
    told = as_plugin.output("explain", "--username", "old", "publish", "plant/1/old/x", status=1)
    assert "login    refused: the client is disabled\n" in told
    assert "publish `plant/1/old/x`: denied, since it does not get in; if it did: allowed by entry" in told


def test_an_unknown_username_is_nobody(plant, as_plugin):
    told = asked(as_plugin, "--username", "nobody", "publish", "x", status=1)
    assert (told["client"], told["login"]["reason"]) == (None, "no client has this username")


def test_a_client_id_that_does_not_fit_is_refused(plant, as_plugin):
    told = asked(as_plugin, "--username", "press-7", "--client-id", "lathe-1", status=1)
    assert told["login"]["reason"] == "the client id does not match the client's client_id pattern"
    assert asked(as_plugin, "--username", "press-7", "--client-id", "press-7-b")["allowed"]


def test_all_required_methods_are_named(plant, as_plugin):
    told = asked(as_plugin, "--username", "vault")
    assert told["login"]["ways_in"] == [["password", "certificate"]]
    told = as_plugin.output("explain", "--username", "vault", "--method", "password", status=1)
    assert "refused: not every method in required_methods was satisfied; it would need password and certificate" in told


def test_alternatives_are_named(plant, as_plugin):
    plant.sql("SELECT mqtt_auth.grant_certificate('press-7')")
    told = as_plugin.output("explain", "--username", "press-7")
    assert "accepted, if it proves password, or certificate; what follows is for password\n" in told


@pytest.fixture(scope="module")
def authority():
    return Authority(temporary_directory("pgauth-ca-"))


def test_a_certificate_says_who_it_is(plant, as_plugin, authority):
    shown = authority.client("meter").certificate
    told = asked(as_plugin, "--certificate", shown, "publish", "meter/value")
    assert (told["client"], told["identified_by"]) == ("meter", "certificate")
    assert told["login"]["ways_in"] == [[]]
    assert "accepted: its certificate is enough" in as_plugin.output("explain", "--certificate", shown)


def test_a_pinned_certificate_is_that_one_alone(plant, as_plugin, authority):
    one, other = authority.client("anything"), authority.client("anything")
    plant.sql("SELECT mqtt_auth.grant_certificate('press-7', :'fingerprint')", fingerprint=one.fingerprint)
    assert asked(as_plugin, "--certificate", one.certificate)["client"] == "press-7"
    told = asked(as_plugin, "--certificate", other.certificate, status=1)
    assert (told["client"], told["identified_by"]) == (None, "nothing")


def test_a_revoked_certificate_is_refused_whatever_else_holds(plant, as_plugin, authority):
    shown = authority.client("meter")
    plant.sql("SELECT mqtt_auth.revoke_certificate(:'fingerprint', 'stolen')", fingerprint=shown.fingerprint)
    told = asked(as_plugin, "--certificate", shown.certificate, status=1)
    assert told["login"]["reason"] == "its certificate is in revoked_certificates"


@pytest.fixture
def config(plant, tmp_path):
    """Writes pgauth.yaml for this database, and says where it is."""
    def write(text):
        path = tmp_path / "pgauth.yaml"
        path.write_text(f"database:\n  connection: {plant.connection}\n{text}")
        return str(path)
    return write


def test_the_configuration_counts(config, as_plugin):
    overlapping = config("authorization:\n  subscribe: overlapping\n")
    assert not asked(as_plugin, "--username", "press-7", "subscribe", "plant/#", status=1)["allowed"]
    assert asked(as_plugin, "--config", overlapping, "--username", "press-7", "subscribe", "plant/#")["allowed"]


def test_nameless_connections_have_the_rights_of_their_group(config, as_plugin):
    guests = config("authentication:\n  anonymous_group: guests\n")
    told = asked(as_plugin, "--config", guests, "receive", "news")
    assert told["groups"] == [{"name": "guests", "by": "anonymous_group"}]
    assert not asked(as_plugin, "receive", "news", status=1)["allowed"]


def test_a_method_that_is_switched_off_lets_nobody_in(config, as_plugin):
    certificates = config("authentication:\n  methods: [certificate]\n")
    told = asked(as_plugin, "--config", certificates, "--username", "press-7", status=1)
    assert told["login"]["reason"] == "the client has no live credential of an enabled method"


def test_who_is_handed_on_is_not_decided_here(config, as_plugin):
    defer = config("authentication:\n  unknown: defer\n")
    told = asked(as_plugin, "--config", defer, "--username", "somebody", "publish", "x", status=1)
    assert told["login"]["outcome"] == "handed_on"


def test_a_configuration_that_is_wrong_is_one_line(config, as_plugin):
    assert "authentication.methods: `passwd`" in as_plugin.complaint("explain", "--config", config("authentication:\n  methods: [passwd]\n"),
                                                                     "--username", "press-7")


@pytest.mark.parametrize(("arguments", "complaint"), [
    (("--username", "x", "write", "t"), "`write` is no action: use publish, subscribe or receive"),
    (("--username", "x", "publish"), "publish: name a topic behind it"),
    (("--username", "x", "--method", "passwd"), "--method: `passwd` is no method: use password, certificate or psk"),
    (("--username", "x", "--certificate", "/nowhere"), "--certificate: `/nowhere` cannot be read"),
    (("--username", "x", "--replica", "/nowhere"), "--replica: there is no file `/nowhere`"),
])
def test_what_makes_no_sense_is_one_line(as_plugin, arguments, complaint):
    assert as_plugin.complaint("explain", *arguments) == complaint


def test_no_secret_is_in_any_answer(plant, as_plugin):
    for arguments in (("--username", "press-7", "publish", "x"), ("--username", "press-7", "--json", "publish", "x")):
        assert "$7$" not in as_plugin.output("explain", *arguments, status=1)


def test_a_certificate_file_without_one_is_refused(as_plugin, tmp_path):
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tmp_path / "key"], check=True)
    complaint = as_plugin.complaint("explain", "--certificate", str(tmp_path / "key"))
    assert complaint.startswith("--certificate: `")
