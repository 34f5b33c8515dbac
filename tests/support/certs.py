"""Certificates made on the spot with the openssl command: a CA, and servers and clients signed by it."""

import os
import subprocess


class Authority:
    def __init__(self, directory, name="pgauth test CA"):
        self.directory = directory
        self.certificate = os.path.join(directory, "ca.crt")
        self.key = os.path.join(directory, "ca.key")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-keyout", self.key, "-out", self.certificate, "-days", "2", "-subj", f"/CN={name}")

    def server(self, name="localhost"):
        """(certificate, key) of a server that is reached as localhost or 127.0.0.1."""
        return self.issue(name, "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")

    def client(self, common_name):
        """(certificate, key) of a client."""
        return self.issue(common_name, "extendedKeyUsage=clientAuth\n")

    def issue(self, common_name, extensions):
        path = os.path.join(self.directory, common_name)
        certificate, key, request = path + ".crt", path + ".key", path + ".csr"
        with open(path + ".ext", "w", encoding="utf8") as file:
            file.write(extensions)
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                 "-out", request, "-subj", f"/CN={common_name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                 "-CAcreateserial", "-out", certificate, "-days", "2", "-extfile", path + ".ext")
        return certificate, key


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
