"""A copy of a clean Debian 12 that commands are run in by chroot. tests/package/run makes it, and says where it is.

    debian = CleanDebian(os.environ["PGAUTH_DEBIAN"])
    debian.run("apt-get install hello")
    debian.boot("postgresql")          # from here on nothing outside is reached, and ports are its own

There is no systemd in it: `systemctl restart NAME` in a script becomes what its unit file says, or its script in /etc/init.d.
"""

import ctypes
import fcntl
import os
import pathlib
import re
import shlex
import socket
import struct
import subprocess

from waiting import start_child

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}


class CleanDebian:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        # What is only recommended must not be needed.
        self.write("/etc/apt/apt.conf.d/90-test", 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n')
        # Packages start their services where a Debian is running, which this one is not before boot().
        self._policy = self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")
        self._policy.chmod(0o755)
        self._started = {}

    def path(self, path):
        return self.root / path.removeprefix("/")

    def write(self, path, text):
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf8")
        return file

    def run(self, script, *, typed="", status=0):
        """Has root's shell run it, in root's home, and returns what it wrote to both streams."""
        told = ""
        for lines, service in re.findall(r"(.*?)(?:^systemctl restart (\w+)\n|\Z)", script, re.M | re.S):
            told += self._run(lines, typed, status) if lines else ""
            if service:
                self._restart(service)
        return told

    def _run(self, script, typed, status):
        done = subprocess.run(["chroot", str(self.root), "/bin/bash", "-ec", "cd; " + script], input=typed, text=True, env=ENVIRONMENT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        assert done.returncode == status, f"{script}\nended with {done.returncode}:\n{done.stdout[-3000:]}"
        return done.stdout

    def _restart(self, service):
        """As its unit file says; an earlier one of it is ended first."""
        if service in self._started:
            self._started[service].terminate()
            self._started[service].wait(30)
        unit = self.path(f"/lib/systemd/system/{service}.service").read_text(encoding="utf8")
        for command in re.findall(r"^ExecStartPre=(.*)$", unit, re.M):
            self._run(command, "", 0)
        [command] = re.findall(r"^ExecStart=(.*)$", unit, re.M)
        self._started[service] = start_child(["chroot", str(self.root), *shlex.split(command)], env=ENVIRONMENT)

    def boot(self, *services):
        """Starts them by their scripts in /etc/init.d, in a network of loopback alone."""
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network of its own")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        self._policy.unlink()
        for service in services:
            self.run(f"service {service} start")

    def files(self, *without):
        """Every file and directory, but for what lies in those directories."""
        found = set()
        hidden = {str(self.path(directory)) for directory in without}
        for directory, names, files in os.walk(self.root):
            names[:] = [name for name in names if os.path.join(directory, name) not in hidden]
            found |= {"/" + os.path.relpath(os.path.join(directory, name), self.root) for name in names + files}
        return found
