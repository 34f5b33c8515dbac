"""Certificates made on the spot with the openssl command: a CA, and servers and clients signed by it."""

import itertools
import os
import subprocess
from typing import NamedTuple

_CONFIGURATION = """
[ca]
default_ca = this
[this]
database = {directory}/index.txt
new_certs_dir = {directory}
certificate = {directory}/ca.crt
private_key = {directory}/ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
default_days = 2
policy = anything
string_mask = utf8only
utf8 = yes
[anything]
commonName = optional
[req]
distinguished_name = asked
[asked]
"""


class Certificate(NamedTuple):
    """The names of two files, as TLS libraries want them."""

    certificate: str
    key: str

    @property
    def fingerprint(self):
        """As openssl prints it: SHA256 Fingerprint=9F:86:…"""
        return _openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256").strip().partition("=")[2]


class Authority:
    def __init__(self, directory, name="pgauth test CA"):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.certificate = os.path.join(directory, "ca.crt")
        self.key = os.path.join(directory, "ca.key")
        self._numbers = itertools.count(1)
        self._configuration = os.path.join(directory, "ca.cnf")
        self._write(self._configuration, _CONFIGURATION.format(directory=directory))
        self._write(os.path.join(directory, "index.txt"), "")
        _openssl("req", "-x509", *_NEW_KEY, "-keyout", self.key, "-out", self.certificate, "-days", "2", "-subj", f"/CN={name}")

    def server(self, name="localhost"):
        """A server that is reached as localhost or 127.0.0.1."""
        return self.issue(f"/CN={name}", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")

    def client(self, common_name=None, *, subject=None, names=(), **dates):
        """A client. subject: as `openssl req -subj` takes it, where it is more than a Common Name. names:
        subjectAltName's entries, such as "DNS:press-7". dates: not_before, not_after, as 20300131000000Z."""
        extensions = "extendedKeyUsage=clientAuth\n"
        if names:
            extensions += f"subjectAltName={','.join(names)}\n"
        return self.issue(subject or f"/CN={common_name}", extensions, **dates)

    def issue(self, subject, extensions, not_before=None, not_after=None):
        path = os.path.join(self.directory, f"{next(self._numbers)}")
        made = Certificate(path + ".crt", path + ".key")
        self._write(path + ".ext", extensions)
        _openssl("req", "-new", *_NEW_KEY, "-utf8", "-config", self._configuration, "-keyout", made.key, "-out", path + ".csr",
                 "-subj", subject)
        dates = (["-startdate", not_before] if not_before else []) + (["-enddate", not_after] if not_after else [])
        _openssl("ca", "-batch", "-notext", "-preserveDN", "-config", self._configuration, "-in", path + ".csr", "-out", made.certificate,
                 "-extfile", path + ".ext", *dates)
        return made

    @staticmethod
    def _write(path, text):
        with open(path, "w", encoding="utf8") as file:
            file.write(text)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
    return done.stdout
