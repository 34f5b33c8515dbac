"""The real broker, with the plugin in it: a temporary directory, free ports, a log to read.

    broker = Broker(config=f"database:\\n  connection: {database.connection}\\n", listeners=["tcp", "tls"])
    broker.start()
    ... broker.port("tls") ...
    broker.close()      # asserts that it was still alive and ended well

`log_dest stderr` goes to a file of ours, so that what the broker says before it has read its
configuration, and what a sanitizer says, is in the same place.
"""

import functools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

from certs import Authority
from waiting import DEADLINE, Port, as_root, start_child, temporary_directory, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRANSPORTS = ("tcp", "tls", "websockets")

_SERVER = ("certfile {broker._server.certificate}", "keyfile {broker._server.key}")
_CLIENT_CERTIFICATE = (*_SERVER, "cafile {broker.authority.certificate}", "require_certificate true")
LISTENERS = {
    "tcp": (),
    "websockets": ("protocol websockets",),
    "tls": _SERVER,
    "certificate": _CLIENT_CERTIFICATE,
    "certificate websockets": (*_CLIENT_CERTIFICATE, "protocol websockets"),
    # Here the broker takes the username from the certificate, and asks no plugin about the login.
    "identity": (*_CLIENT_CERTIFICATE, "use_identity_as_username true"),
    "subject": (*_CLIENT_CERTIFICATE, "use_subject_as_username true"),
    "psk": ("psk_hint pgauth", "use_identity_as_username true"),
    "psk without identity": ("psk_hint pgauth",),
}


def plugin_path():
    return os.environ.get("PGAUTH_PLUGIN") or str(ROOT / "build/dev/plugin/mosquitto_pgauth.so")


def mosquitto_path():
    """tests/support/mosquitto_2_1 sets it."""
    return os.environ.get("PGAUTH_MOSQUITTO") or "mosquitto"


def mosquitto_version():
    """Such as (2, 1), of the broker that tests start."""
    told = subprocess.run([mosquitto_path(), "-h"], capture_output=True, text=True, check=False,
                          env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")).stdout
    found = re.search(r"mosquitto version (\d+)\.(\d+)", told)
    return int(found[1]), int(found[2])


def end(process):
    """Ends it by SIGTERM and returns its exit code. Mosquitto forgets a signal that comes after it
    has logged "running" and before it is in its loop: it is sent again."""
    for _ in range(round(DEADLINE)):
        process.terminate()
        try:
            return process.wait(1)
        except subprocess.TimeoutExpired:
            pass
    raise AssertionError(f"{process.args} did not end within {DEADLINE} s of SIGTERM")


class Broker:
    """config: the text of pgauth.yaml; None: the plugin is loaded without `plugin_opt_config`.
    listeners: any of LISTENERS; "tcp" is always there. authority: signs the server's certificate, and
    is whom it trusts to sign those of clients.
    plugin_use: those of the listeners that the plugin is for, which is loaded once (from 2.1 on); None: all.
    allow_anonymous, log_types, settings: into mosquitto.conf (settings: lines for the whole broker).
    blocking_budget: such that, before 2.1, one login after the other finds the time for its hash; None: the default."""

    def __init__(self, config, listeners=("tcp",), *, per_listener_settings=False, plugin_use=None, allow_anonymous=False,
                 log_types=("all",), settings=(), plugin=True, blocking_budget="1s"):
        self.directory = temporary_directory("pgauth-mq-")
        self.per_listener_settings = per_listener_settings
        self.config_file = os.path.join(self.directory, "pgauth.yaml")
        self._ports = {transport: Port() for transport in dict.fromkeys(["tcp", *listeners])}
        self._log_file = os.path.join(self.directory, "log")
        self.process = None
        self.version = None  # such as (2, 1), once it has started
        if config is not None:
            self.configure(config)
        settings = (*(f"log_type {kind}" for kind in log_types), *settings)
        plugin_lines = self._plugin_lines(config is not None, blocking_budget) if plugin else []
        if plugin_use is not None:
            plugin_lines[0] = f"plugin_load pgauth {plugin_path()}"
        self._write_conf(per_listener_settings, plugin_use or (), allow_anonymous, settings, plugin_lines)

    def port(self, transport="tcp"):
        return self._ports[transport].number

    @functools.cached_property
    def authority(self):
        return Authority(os.path.join(self.directory, "ca"))

    @functools.cached_property
    def _server(self):
        return self.authority.server()

    # --- configuration --------------------------------------------------------------------

    def configure(self, text):
        """Writes pgauth.yaml; the broker takes it up when it starts and at SIGHUP."""
        pathlib.Path(self.config_file).write_text(text, encoding="utf8")

    def _plugin_lines(self, with_config, blocking_budget):
        return [f"plugin {plugin_path()}",
                *([f"plugin_opt_config {self.config_file}"] if with_config else []),
                *([f"plugin_opt_authentication_password_blocking_budget {blocking_budget}"] if blocking_budget else [])]

    def _write_conf(self, per_listener, plugin_use, allow_anonymous, settings, plugin_lines):
        guard = [f"allow_anonymous {str(allow_anonymous).lower()}", *plugin_lines]
        lines = [
            f"per_listener_settings {str(per_listener).lower()}",
            *(["user root"] if as_root() else []),
            "persistence true",
            f"persistence_location {self.directory}/",
            "log_dest stderr",
            "connection_messages true",
            *settings,
            *([] if per_listener else guard),
        ]
        for transport, port in self._ports.items():
            lines += [f"listener {port.number} 127.0.0.1"]
            lines += [line.format(broker=self) for line in LISTENERS[transport]]
            lines += guard if per_listener else []
            lines += ["plugin_use pgauth"] if transport in plugin_use else []
        pathlib.Path(self.directory, "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf8")

    # --- running --------------------------------------------------------------------------

    def start(self):
        since = self.log_size()
        self.launch()
        until(lambda: self._running_since(since), what="mosquitto to start")

    def launch(self):
        """Starts it without waiting for it, for a start that is meant to fail."""
        assert self.process is None, "mosquitto is running"
        with open(self._log_file, "ab") as log:
            self.process = start_child([mosquitto_path(), "-c", os.path.join(self.directory, "mosquitto.conf")],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))

    def _running_since(self, offset):
        code = self.process.poll()
        if code is not None:
            self.process = None
            raise AssertionError(f"mosquitto ended with {code}:\n{self.log(offset)[-3000:]}")
        started = re.search(r"mosquitto version (\d+)\.(\d+)\S* running", self.log(offset))
        self.version = started and (int(started[1]), int(started[2]))
        return started

    def start_must_fail(self):
        """Starts it and returns the lines that it wrote before it gave up."""
        since = self.log_size()
        self.launch()
        code = self.process.wait(DEADLINE)
        self.process = None
        assert code > 0, f"mosquitto ended with {code}, not with an orderly failure:\n{self.log(since)}"
        return self.log(since).splitlines()

    def stop(self):
        """SIGTERM: it saves its persistent sessions."""
        self.assert_alive()
        code = end(self.process)
        self.process = None
        assert code == 0, f"mosquitto ended with {code}:\n{self.log()[-3000:]}"

    def restart(self):
        self.stop()
        self.start()

    def kill9(self):
        self.process.kill()
        self.process.wait(DEADLINE)
        self.process = None

    def sighup(self):
        """Reloads, and returns when the broker has dealt with it."""
        since = self.log_size()
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_log("Reloading config", since)
        self.turn()

    def turn(self):
        """Returns when the broker, which has one thread, has gone through its loop once more: it
        answers what is no CONNECT by closing the connection."""
        with socket.create_connection(("127.0.0.1", self.port()), DEADLINE) as probe:
            probe.sendall(b"\xc0\x00")
            try:
                assert probe.recv(1) == b""
            except ConnectionResetError:
                pass

    def assert_alive(self):
        assert self.process is not None and self.process.poll() is None, (
            f"mosquitto crashed ({self.process and self.process.returncode}):\n{self.log()[-5000:]}")

    def close(self):
        """Ends it; a broker that ended by itself before fails the test."""
        try:
            if self.process:
                self.stop()
        finally:
            if self.process and self.process.poll() is None:
                self.kill9()
            for port in self._ports.values():
                port.release()
            if not os.environ.get("PGAUTH_KEEP"):
                shutil.rmtree(self.directory, ignore_errors=True)

    # --- the log --------------------------------------------------------------------------

    def log_size(self):
        return os.path.getsize(self._log_file) if os.path.exists(self._log_file) else 0

    def log(self, since=0):
        """What was logged after the first `since` bytes (see log_size)."""
        with open(self._log_file, "rb") as file:
            file.seek(since)
            return file.read().decode("utf8", "replace")

    def wait_for_log(self, pattern, since=0, deadline=DEADLINE):
        def look():
            self.assert_alive()
            return re.search(pattern, self.log(since), re.M)
        return until(look, deadline, f"`{pattern}` in the log of mosquitto:\n{self.log(since)[-3000:]}")
