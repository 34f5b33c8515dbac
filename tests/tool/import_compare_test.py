"""pgauth import --compare: the real broker with the old files, and the real broker with what was planned, asked the same."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from mosquitto import Broker, mosquitto_path
from pgauth import Pgauth, tool_path
from waiting import until

ACL_FILE = """\
# whoever has no username
topic read public/#
user press-7
topic plant/press-7/#
topic deny plant/press-7/secret
topic read common/+/orders
topic read $SYS/#
user operator
topic read plant/#
topic write plant/+/orders
topic readwrite $drive/1/#
user nobody
topic read #
pattern write devices/%c/up/%u
pattern read devices/%u/#
pattern deny devices/+/private
"""


@pytest.fixture
def files(tmp_path):
    """A password_file of three clients and an acl_file."""
    return Files(tmp_path)


class Files:
    def __init__(self, folder):
        self.passwords, self.acls = folder / "passwd", folder / "acl"
        self.passwords.touch()
        for username in ("press-7", "operator", "guest"):
            subprocess.run(["mosquitto_passwd", "-b", str(self.passwords), username, f"s3cret-of-{username}"], check=True)
        self.acls.write_text(ACL_FILE)

    @property
    def arguments(self):
        return ("--password-file", str(self.passwords), "--acl-file", str(self.acls))


class Compared:
    """What `pgauth import --compare` said, and that it left nothing behind."""

    def __init__(self, pgauth, tmp_path, *arguments, questions=3000):
        self.scratch = tmp_path / "scratch"
        self.scratch.mkdir(exist_ok=True)
        self.done = pgauth("import", f"--compare={questions}", "--mosquitto", mosquitto_path(), *arguments, TMPDIR=str(self.scratch))
        assert self.done.returncode in (0, 1), (self.done.stdout, self.done.stderr)
        assert list(self.scratch.iterdir()) == []
        self.differences = re.findall(r"^(.*): old (\w+), new (\w+)(?: \((.*)\))?$", self.done.stdout, re.M)
        found = re.search(r"^compared: (\d+) questions about (\d+) clients \(seed (\d+)\): (.*)$", self.done.stdout, re.M)
        self.questions, self.clients, self.verdict = int(found[1]), int(found[2]), found[4]

    def differs(self, what, old, new):
        return any((what, old, new) == difference[:3] for difference in self.differences)


@pytest.fixture
def compare(pgauth, tmp_path):
    return lambda *arguments, **options: Compared(pgauth, tmp_path, *arguments, **options)


# --- password_file and acl_file -------------------------------------------------------------------


def test_an_acl_file_that_is_carried_over_answers_alike(compare, files):
    compared = compare(*files.arguments)
    assert compared.verdict == "old and new answer alike" and compared.differences == []
    assert compared.clients == 5  # `nobody` has no password, one has no username
    assert compared.questions > 2000


def test_subscriptions_that_are_covered_only_are_fewer(compare, files):
    """The plan proposes `overlapping`; whoever stays with `covered` sees what that refuses."""
    compared = compare(*files.arguments, "--subscribe", "covered")
    assert compared.done.returncode == 1
    assert compared.differs("`press-7` subscribe `#`", "allowed", "denied")
    assert {difference[1:3] for difference in compared.differences} == {("allowed", "denied")}
    assert all(" subscribe" in difference[0] for difference in compared.differences)


def test_what_cannot_be_carried_over_is_found(compare, files):
    """Here no placeholder stands for a part of a level. In Mosquitto 2.0 it does, in 2.1 it is what it looks like."""
    files.acls.write_text("user press-7\ntopic read a\npattern read in-%c/x\n")
    compared = compare(*files.arguments)
    assert compared.done.returncode == 1
    assert any(re.search("receive `in-(device-|%c)", difference[0]) and difference[1:3] == ("allowed", "denied")
               and difference[3] == "no entry allows it" for difference in compared.differences), compared.done.stdout


def test_a_password_that_is_lost_is_a_login_that_differs(compare, files):
    """Both brokers would take it, but this side stores bounded costs only."""
    text = files.passwords.read_text()
    files.passwords.write_text(re.sub(r"(guest:\$7\$)\d+", r"\g<1>90000000", text))
    compared = compare(*files.arguments)
    assert any(difference[0].startswith("`guest` logs in as") and difference[1:3] == ("allowed", "denied")
               for difference in compared.differences), compared.done.stdout


def test_thousands_of_differences_are_counted_and_not_all_shown(compare, files):
    """What cannot be carried over, as above."""
    files.acls.write_text("pattern readwrite in-%c/#\n")
    compared = compare(*files.arguments, questions=6000)
    assert compared.done.returncode == 1
    shown = [difference for difference in compared.differences if " publish `" in difference[0]]
    more = [difference for difference in compared.differences if re.fullmatch(r"and \d+ more: publish", difference[0])]
    assert len(shown) == 20 and len(more) == 1


def test_the_same_seed_asks_the_same(compare, files):
    def told(seed):
        return compare(*files.arguments, "--subscribe", "covered", "--seed", seed).differences

    assert told("7") == told("7") != told("8")


def test_differences_are_there_for_machines(pgauth, files):
    done = pgauth("import", "--compare=600", "--subscribe", "covered", "--mosquitto", mosquitto_path(), "--json", *files.arguments)
    told = json.loads(done.stdout.splitlines()[-1])["comparison"]
    assert done.returncode == 1 and told["questions"] > 300 and told["seed"] == 1
    assert {"username": "press-7", "asked": "subscribe", "about": "#", "old": "allowed", "new": "denied",
            "why": "no entry allows it"} in told["differences"]


def test_nothing_is_compared_unless_it_is_asked_for(pgauth, files):
    assert "compared:" not in pgauth("import", *files.arguments).stdout


# --- dynamic-security -----------------------------------------------------------------------------


@pytest.fixture
def dynamic_security(tmp_path):
    """A file that Mosquitto's own plugin and mosquitto_ctrl have made: roles, groups, a client id, somebody disabled."""
    plugin = dynamic_security_plugin()
    file = tmp_path / "dynamic-security.json"
    control("init", str(file), "admin", "s3cret")
    broker = Broker(None, plugin=False, settings=(f"plugin {plugin}", f"plugin_opt_config_file {file}"))
    os.chmod(tmp_path, 0o755)
    broker.start()

    def do(*command):
        control("-h", "127.0.0.1", "-p", str(broker.port()), "-u", "admin", "-P", "s3cret", "dynsec", *command)

    try:
        yield file, do
    finally:
        broker.stop()
        broker.close()


def dynamic_security_plugin():
    place = pathlib.Path(shutil.which(mosquitto_path(), path=os.environ["PATH"] + ":/usr/sbin")).resolve().parent
    return next(path for root in (place.parent, place / "usr") for path in root.glob("lib/*/mosquitto_dynamic_security.so"))


def control(*arguments):
    if arguments[0] == "init":
        arguments = ("dynsec", *arguments)
    subprocess.run(["mosquitto_ctrl", *arguments], check=True, capture_output=True, timeout=60)


def test_a_dynamic_security_file_answers_alike_but_for_shared_subscriptions(compare, dynamic_security):
    """That plugin judges `$share/…` as it is spelled, and the report says so."""
    file, do = dynamic_security
    do("createRole", "presses")
    do("addRoleACL", "presses", "publishClientSend", "plant/1/#", "allow", "1")
    do("addRoleACL", "presses", "publishClientSend", "plant/1/secret", "deny", "9")
    do("addRoleACL", "presses", "subscribePattern", "orders/#", "allow", "1")
    do("createGroup", "all-presses")
    do("addGroupRole", "all-presses", "presses", "5")
    for username in ("press-7", "press-8", "press-9"):
        do("createClient", username, "-p", "s3cret", *(("-c", "press-8-id") if username == "press-8" else ()))
        do("addGroupClient", "all-presses", username, "1")
    do("disableClient", "press-9")
    until(lambda: '"press-9"' in file.read_text() and '"disabled":\ttrue' in file.read_text(), what="it to be saved")
    compared = compare("--dynamic-security", str(file))
    assert compared.clients == 4 and compared.questions > 1000
    assert compared.differences and all(
        re.search(" subscribe `\\$share/workers/", difference[0]) and difference[1:3] == ("denied", "allowed")
        for difference in compared.differences), compared.done.stdout


# --- what cannot be done --------------------------------------------------------------------------


def test_a_broker_that_is_not_there_is_an_error(pgauth, files):
    assert pgauth.complaint("import", "--compare", "--mosquitto", "/nowhere/mosquitto", *files.arguments) == \
        "there is no broker `/nowhere/mosquitto`: install mosquitto, or name one with --mosquitto"
    assert "name mosquitto_pgauth.so with --plugin" in pgauth.complaint("import", "--compare", "--plugin", "/nowhere.so", *files.arguments)


def test_a_broker_that_does_not_start_is_quoted(pgauth, files, tmp_path):
    files.acls.write_text("topic readwrote a\n")
    said = pgauth.complaint("import", "--compare", "--mosquitto", mosquitto_path(), *files.arguments, TMPDIR=str(tmp_path))
    assert said.startswith("the old broker does not start: `") and "readwrote" in said
    assert not list(tmp_path.glob("pgauth-*"))


def test_what_is_no_broker_here_is_not_compared(pgauth, tmp_path):
    rows = tmp_path / "clients.csv"
    rows.write_text("username\npress-7\n")
    said = pgauth.complaint("import", "--compare", "--csv", str(rows))
    assert said.startswith("--compare: only Mosquitto's own access control can be run here")


def children_of(process):
    return [int(child) for child in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_what_was_started_is_stopped_where_it_is_interrupted(files, database, tmp_path, end):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = Pgauth(database).environment | {"TMPDIR": str(scratch)}
    tool = subprocess.Popen([tool_path(), "import", "--compare=100000000", "--mosquitto", mosquitto_path(), *files.arguments],
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    broker = until(lambda: children_of(tool), what="a broker")[0]
    until(lambda: list(scratch.glob("*/old.socket")), what="it to listen")
    tool.send_signal(end)
    told, complaint = tool.communicate(timeout=60)
    assert (tool.returncode, told, complaint) == (2, "", "pgauth: interrupted: nothing was compared or written\n")
    assert not os.path.exists(f"/proc/{broker}") and list(scratch.iterdir()) == []
