"""A stranger with README.md in hand: an old broker moves over, something is denied, `explain` says why, SQL mends it."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from mosquitto import Broker
from pgauth import Pgauth, tool_path
from raw_client import DENIED, RawClient
from readme import blocks
from waiting import until

FROM_FILES, FROM_DYNAMIC_SECURITY, MENDED = blocks("sh", "Moving from another access control")
PASSWORD, OPERATORS = "s3cret-of-press-7", "s3cret-of-operator"  # the first is README.md's
ITS_OWN, ALARM = "plant/1/press-7/temperature", "plant/1/alarm"


def run(script, place, paths):
    """Lines of README.md, at a place where its paths, its database and its broker's port are others."""
    for path, ours in paths.items():
        script = script.replace(path, str(ours))
    script = script.replace("psql mqtt", f"psql -v ON_ERROR_STOP=1 -qtA {place.database.name}")
    script = script.replace("mosquitto_pub ", f"mosquitto_pub -p {place.broker.port()} ")
    path = f"{pathlib.Path(tool_path()).parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", script], env=Pgauth(place.database).environment | {"PATH": path},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    return done.stdout


def works(broker):
    """Whether the operator, as ever, receives what the press publishes of its own, and nothing else."""
    press = RawClient(broker, "press-7", username="press-7", password=PASSWORD).login()
    operator = RawClient(broker, "operator", username="operator", password=OPERATORS).login()
    assert operator.subscribe("plant/#") != DENIED
    answers = [press.publish(topic, b"71") for topic in (ALARM, ITS_OWN)]
    operator.expect(ITS_OWN, b"71")
    for client in (press, operator):
        client.disconnect()
    return answers == [DENIED, 0]


class Old:
    """A broker with the access control that is to be left; its files by the paths that README.md names."""

    def __init__(self, folder, paths, settings):
        self.paths = {path: folder / pathlib.Path(path).name for path in paths}
        for place in self.paths.values():
            place.touch(mode=0o600)
        self.broker = Broker(None, plugin=False, settings=[setting.format(*self.paths.values()) for setting in settings])


def files(folder):
    old = Old(folder, ("/etc/mosquitto/passwd", "/etc/mosquitto/acl"), ("password_file {}", "acl_file {1}"))
    passwords, acl = old.paths.values()
    subprocess.run(["mosquitto_passwd", "-b", passwords, "press-7", PASSWORD], check=True)
    subprocess.run(["mosquitto_passwd", "-b", passwords, "operator", OPERATORS], check=True)
    acl.write_text("user press-7\ntopic write plant/1/press-7/#\n\nuser operator\ntopic read plant/#\n\npattern readwrite devices/%u/#\n",
                   encoding="utf8")
    return old


def dynamic_security(folder):
    plugin = next(pathlib.Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    old = Old(folder, ["/var/lib/mosquitto/dynamic-security.json"], (f"plugin {plugin}", "plugin_opt_config_file {}"))
    [path] = old.paths.values()
    path.unlink()
    subprocess.run(["mosquitto_ctrl", "dynsec", "init", path, "admin", "s3cret-of-admin"], check=True, capture_output=True)
    old.broker.start()
    commands = [
        {"command": "createRole", "rolename": "press", "acls": [
            {"acltype": "publishClientSend", "topic": "plant/1/press-7/#", "allow": True}]},
        {"command": "createRole", "rolename": "reader", "acls": [
            {"acltype": "subscribePattern", "topic": "plant/#", "allow": True}]},
        {"command": "createGroup", "groupname": "presses", "roles": [{"rolename": "press"}]},
        {"command": "createClient", "username": "press-7", "password": PASSWORD, "groups": [{"groupname": "presses"}]},
        {"command": "createClient", "username": "operator", "password": OPERATORS, "roles": [{"rolename": "reader"}]}]
    subprocess.run(["mosquitto_pub", "-p", str(old.broker.port()), "-u", "admin", "-P", "s3cret-of-admin", "-q", "1",
                    "-t", "$CONTROL/dynamic-security/v1", "-m", json.dumps({"commands": commands})], check=True)
    old.broker.stop()
    return old


@pytest.mark.parametrize("old_one, commands", [(files, FROM_FILES), (dynamic_security, FROM_DYNAMIC_SECURITY)],
                         ids=["files", "dynamic_security"])
def test_a_broker_moves_over_and_what_it_denies_is_explained_and_mended(install, tmp_path, old_one, commands):
    old = old_one(tmp_path)
    old.broker.start()
    assert works(old.broker)
    old.broker.close()

    place = install("authorization:\n  subscribe: overlapping\n")
    compare, write = commands.splitlines()
    said = run(compare, place, old.paths)
    assert "nothing was written" in said and " questions about " in said, said
    assert not re.search("^lost", said, re.M) and not re.search(": old allowed, new denied", said), said
    assert place.sql("SELECT count(*) FROM mqtt_auth.clients") == [("0",)]
    assert run(write, place, old.paths).endswith("written, in one transaction\n")

    place.start()
    assert works(place.broker)
    denied, explain, allow, again = MENDED.splitlines()
    assert "Not authorized" in run(denied, place, {})
    assert run(explain, place, {}).endswith(f"publish `{ALARM}`: denied: no entry allows it\n")
    run(allow, place, {})
    until(lambda: "Not authorized" not in run(again, place, {}), what="the entry to act")
