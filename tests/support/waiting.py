"""Waiting without sleeping: poll with a deadline; reserve ports; start children that die with us."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DEADLINE = 15.0  # seconds; generous, since it is only ever waited out by a test that fails


def until(condition, deadline=DEADLINE, what="the condition"):
    """Calls `condition` until it answers with something true, and returns that."""
    end = time.monotonic() + deadline
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline} s in vain for {what}")
        time.sleep(0.01)


class Port:
    """A TCP port that no other test picks while this object lives.

    Taken below the range from which the kernel gives out ports for outgoing connections. The
    UDP port of the same number, held open, tells other test processes that it is taken.
    """

    def __init__(self):
        for _ in range(1000):
            self.number = random.randrange(10240, 32000)
            self._reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._reservation.bind(("127.0.0.1", self.number))
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", self.number))
                return
            except OSError:
                self._reservation.close()
        raise RuntimeError("no free port between 10240 and 32000")

    def release(self):
        self._reservation.close()


def as_root():
    return os.geteuid() == 0


def temporary_directory(prefix, owner=None):
    """A new directory with a short name (socket paths may not be longer than 107 bytes)."""
    path = tempfile.mkdtemp(prefix=prefix, dir="/tmp")
    os.chmod(path, 0o755)
    if owner and as_root():
        shutil.chown(path, owner, owner)
    return path


def tidy_up_at_sigterm():
    """Has SIGTERM end this program as an exception does, so that what it has started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def start_child(command, *, user=None, death_signal="KILL", **options):
    """Starts `command` as a direct child that gets `death_signal` when this thread ends."""
    prefix = ["setpriv", f"--pdeathsig={death_signal}"]
    if user and as_root():
        prefix += [f"--reuid={user}", f"--regid={user}", "--init-groups"]
    return subprocess.Popen(prefix + ["--"] + command, **options)
