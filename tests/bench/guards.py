"""Brokers that differ only in who says what clients may do, beside one that does not ask.

    with Guards(postgres, yes_plugin) as guards:
        guards["plugin, 1000"].port()
        guards.check()               # each of them lets in who may, and denies what it should

Each has one user, USERNAME, who may do everything at TOPIC and below, by the last of the entries that are looked at. The
other entries resemble it: they are of other lines of the same plant.
"""

import contextlib
import glob
import json
import os
import pathlib
import shutil

from hashes import PASSWORD, secret_of
from installation import Installation
from mosquitto import Broker, mosquitto_path
from raw_client import DENIED, RawClient
from waiting import temporary_directory

USERNAME = "line-controller"
TOPIC = "plant/line-9999/press-7"
OPEN = "no access control"
YES = "yes to all"  # the least that a plugin like this one can cost: yes_plugin.cpp
SMALL, LARGE = 5, 1000  # entries
SIZES = {"": SMALL, f", {LARGE}": LARGE}  # by what is added to a name
GROUPS = 10  # that the plugin's large policy is spread over

_SHAPES = ("plant/line-{:04}/+/state", "plant/line-{:04}/press-7/#", "plant/line-{:04}/press-7/state")

# No message is thrown away since its receiver is slow for a moment, and no packet waits until the one before it is acknowledged.
_SETTINGS = ("max_queued_messages 0", "set_tcp_nodelay true")
_LOG_TYPES = ("error", "warning", "notice", "information")


def filters(count):
    """So many topic filters, of which the last one matters."""
    return [_SHAPES[i % len(_SHAPES)].format(i) for i in range(count - 1)] + ["plant/line-9999/#"]


class Guards(dict):
    """Brokers by name, running. OPEN is the first."""

    def __init__(self, postgres, yes_plugin):
        super().__init__()
        self._directory = temporary_directory("pgauth-guards-")
        self._stack = contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self._directory, ignore_errors=True)
        self._secret = secret_of("mosquitto")
        self[OPEN] = Broker(None, plugin=False, allow_anonymous=True, log_types=_LOG_TYPES, settings=_SETTINGS)
        self[YES] = self._guarded(f"plugin {yes_plugin}")
        for suffix, count in SIZES.items():
            self["plugin" + suffix] = self._with_plugin(postgres, count)
            self["acl_file" + suffix] = self._with_files(count)
            self["dynamic-security" + suffix] = self._with_dynamic_security(count)
        for broker in self.values():
            self._stack.callback(broker.close)

    def __enter__(self):
        try:
            for broker in self.values():
                broker.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def check(self):
        for name, broker in self.items():
            user = RawClient(broker, "checker", username=USERNAME, password=PASSWORD).login()
            assert user.publish(TOPIC + "/state") != DENIED, f"{name} denies what it should allow"
            denied = user.publish("plant/line-9998/press-7/other") == DENIED
            user.disconnect()
            strangers = [RawClient(broker, "stranger").connect(),
                         RawClient(broker, "stranger", username=USERNAME, password="wrong").connect()]
            guarded = name not in (OPEN, YES)
            assert denied == guarded and all((answer != 0) == guarded for answer in strangers), f"{name} is set up wrong"

    def _with_plugin(self, postgres, count):
        place = Installation(postgres, log_types=_LOG_TYPES, settings=_SETTINGS)
        allowed = filters(count)
        size = len(allowed) // GROUPS or len(allowed)
        names = []
        for first in range(0, len(allowed), size):
            names.append(f"group-{first // size}")
            place.add_group(names[-1], [("readWrite", filter) for filter in allowed[first:first + size]])
        place.add_client(USERNAME, groups=names, secret=self._secret)
        return place.broker

    def _with_files(self, count):
        passwords = self._write(f"passwords-{count}", f"{USERNAME}:{self._secret}\n")
        entries = "".join(f"topic readwrite {filter}\n" for filter in filters(count))
        acls = self._write(f"acls-{count}", f"user {USERNAME}\n{entries}")
        return self._guarded(f"password_file {passwords}", f"acl_file {acls}")

    def _with_dynamic_security(self, count):
        """It takes an entry each for sending and for receiving: half as many filters, so that their number is `count`."""
        half = filters(max(SMALL, count // 2))
        entries = [{"acltype": kind, "topic": filter, "allow": True, "priority": -1 if filter is half[-1] else 0}
                   for filter in half for kind in ("publishClientSend", "publishClientReceive")]
        entries.append({"acltype": "subscribePattern", "topic": half[-1], "allow": True, "priority": 0})
        _, _, iterations, salt, digest = self._secret.split("$")
        config = {
            "defaultACLAccess": {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True},
            "clients": [{"username": USERNAME, "password": digest, "salt": salt, "iterations": int(iterations),
                         "roles": [{"rolename": "controller"}]}],
            "groups": [],
            "roles": [{"rolename": "controller", "acls": entries}],
        }
        path = self._write(f"dynamic-security-{count}.json", json.dumps(config))
        return self._guarded(f"plugin {_dynamic_security()}", f"plugin_opt_config_file {path}")

    @staticmethod
    def _guarded(*settings):
        return Broker(None, plugin=False, log_types=_LOG_TYPES, settings=(*_SETTINGS, *settings))

    def _write(self, name, text):
        path = pathlib.Path(self._directory, name)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf8")
        return path


def _dynamic_security():
    """The plugin that belongs to the broker that is going to be started."""
    folder = os.path.dirname(mosquitto_path())
    root = folder if os.path.exists(f"{folder}/usr/sbin/mosquitto") else ""
    found = glob.glob(f"{root}/usr/lib/*/mosquitto_dynamic_security.so")
    assert found, f"{root}/usr/lib has no mosquitto_dynamic_security.so: it comes with Debian's package mosquitto"
    return found[0]
