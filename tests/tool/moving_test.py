"""Moving a broker over, with README in hand: from files and from dynamic-security, the same devices with the same passwords; then
why something is denied, and how that is put right."""

import glob
import json
import re
import subprocess

import pytest

from mosquitto import Broker
from mqtt import REFUSED, Client
from pgauth import Pgauth
from waiting import until

PASSWORDS = {"press-7": "of-7", "ann": "of-ann"}


def files(folder):
    """A password_file and an acl_file: what the broker is told, and what pgauth import is."""
    passwords, rights = folder / "passwd", folder / "acl"
    for username, password in PASSWORDS.items():
        subprocess.run(["mosquitto_passwd", *([] if passwords.exists() else ["-c"]), "-b", passwords, username, password], check=True)
    rights.write_text("pattern write plant/%u/#\n\nuser ann\ntopic read plant/#\n", encoding="utf8")
    return ([f"password_file {passwords}", f"acl_file {rights}"], ["--password-file", str(passwords), "--acl-file", str(rights)], [])


def dynamic_security(folder):
    path = folder / "dynamic-security.json"
    subprocess.run(["mosquitto_ctrl", "dynsec", "init", path, "admin", "of-admin"], check=True, stdout=subprocess.DEVNULL)
    [plugin] = glob.glob("/usr/lib/*/mosquitto_dynamic_security.so")
    commands = [("createClient", username, "-p", password) for username, password in PASSWORDS.items()]
    commands += [("createRole", "press"), ("addRoleACL", "press", "publishClientSend", "plant/press-7/#", "allow"), ("addClientRole", "press-7", "press"),
                 ("createGroup", "people"), ("createRole", "reader"), ("addRoleACL", "reader", "subscribePattern", "plant/#", "allow"),
                 ("addGroupRole", "people", "reader"), ("addGroupClient", "people", "ann")]
    return ([f"plugin {plugin}", f"plugin_opt_config_file {path}"], ["--dynamic-security", str(path)], commands)


def devices(broker):
    press, ann = (Client(broker, name, username=name, password=password).login() for name, password in PASSWORDS.items())
    assert ann.subscribe("plant/#") == [1]
    return press, ann


def works(press, ann):
    """What press-7 publishes under its own name arrives, and nothing else."""
    press.publish("plant/press-7/temperature", "20")
    press.publish("plant/press-8/temperature", "of another one")
    press.publish("plant/press-7/done", "")
    ann.expect_only("plant/press-7/temperature", "20")
    ann.expect_only("plant/press-7/done", "")


@pytest.mark.parametrize("source", [files, dynamic_security])
def test_a_broker_is_moved_over_and_a_denial_is_explained_and_put_right(install, tmp_path, source):
    settings, options, commands = source(tmp_path)
    old = Broker(None, plugin=False, settings=settings)
    old.start()
    try:
        for command in commands:
            subprocess.run(["mosquitto_ctrl", "-h", "127.0.0.1", "-p", str(old.port()), "-u", "admin", "-P", "of-admin", "dynsec", *command],
                           check=True, capture_output=True)
        works(*devices(old))
    finally:
        old.close()

    place = install()
    tool = Pgauth(place.database)
    dry = tool("import", *options)
    assert dry.returncode in (0, 1) and "a dry run: nothing was written" in dry.stdout and "lost" not in dry.stdout
    done = tool("import", *options, "--write")
    assert done.returncode == dry.returncode and "written, in one transaction" in done.stdout
    place.start()
    press, ann = devices(place.broker)
    works(press, ann)

    assert press.subscribe("orders/press-7")[0] in REFUSED
    question = ("explain", "--username", "press-7", "subscribe", "orders/press-7")
    assert tool.output(*question, status=1).endswith("subscribe `orders/press-7`: denied: no entry allows it\n")
    place.sql("SELECT mqtt_auth.allow(username => 'press-7', permission => 'read', topic => 'orders/%u')")
    assert re.search(r"allowed by entry \d+ of client `press-7`", tool.output(*question))
    press.disconnect()

    def may_subscribe():
        return Client(place.broker, "press-7", username="press-7", password="of-7").login().subscribe("orders/press-7") == [1]

    until(may_subscribe, what="the new entry to act")
    assert json.loads(tool.output("import", "--json", *options, status=1))["differs"], "the new entry is not in the old file"
