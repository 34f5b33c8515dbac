"""SCRAM-SHA-256 by MQTT.js, whose AUTH packets are nothing of ours. Needs Node.js and MQTT.js:

    apt-get install --no-install-recommends node-mqtt

or any version in a directory that PGAUTH_NODE_MODULES names: npm install --prefix DIR mqtt, then DIR/node_modules.
"""

import json
import os
import pathlib
import subprocess

import pytest

from mqtt import NOT_AUTHORIZED, V5
from scram import verifier
from waiting import DEADLINE

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "support/scram_mqttjs.js"
MODULES = os.environ.get("PGAUTH_NODE_MODULES", "/usr/share/nodejs")


def _node(*arguments):
    return subprocess.run(["node", *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE * 2,
                          env=dict(os.environ, NODE_PATH=MODULES), check=False)


def _version():
    """Of MQTT.js: its first number; none where it is not to be had."""
    try:
        found = _node("-p", "require('mqtt/package.json').version")
    except FileNotFoundError:
        return None
    return int(found.stdout.split(".")[0]) if found.returncode == 0 else None


VERSION = _version()
pytestmark = pytest.mark.skipif(
    VERSION is None, reason="no Node.js with MQTT.js here: apt-get install --no-install-recommends node-mqtt, or set "
                            "PGAUTH_NODE_MODULES to a node_modules that has it")


@pytest.fixture
def place(install):
    place = install()
    place.add_supervisor()
    place.add_client("press-7", allow=[("write", "plant/press-7")], secret=verifier("secret-of-press-7"))
    return place.start()


def _connect(place, username, password, *more):
    ran = _node(SCRIPT, place.broker.port(), "a client of MQTT.js", username, password, *more)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_client_that_proves_its_password_is_let_in_and_publishes(place):
    boss = place.supervisor()
    assert _connect(place, "press-7", "secret-of-press-7").get("connected")
    boss.expect("plant/press-7", "from MQTT.js")


@pytest.mark.parametrize("username, password", [("press-7", "guessed"), ("nobody", "secret-of-press-7")])
def test_a_client_that_does_not_is_refused(place, username, password):
    assert _connect(place, username, password).get("refused") == NOT_AUTHORIZED[V5]


@pytest.mark.skipif(VERSION is not None and VERSION < 5, reason="MQTT.js before 5 takes the end of it for an error")
def test_a_client_authenticates_again_on_its_connection(place):
    assert _connect(place, "press-7", "secret-of-press-7", "again").get("again") == 0
