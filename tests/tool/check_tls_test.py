"""pgauth check: whether what comes from a database on another machine is encrypted, and from whom it comes.

The other machine is this one, by the address that others reach it at.
"""

import shutil
import socket

import pytest

from certs import Authority
from checked_place import Place
from postgres import PLUGIN_ROLE, SUPERUSER, Postgres
from waiting import as_root


@pytest.fixture(scope="module")
def address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # asks the routing table, and sends nothing
        except OSError:
            pytest.skip("this machine has no address but those of loopback")
        found = probe.getsockname()[0]
    if found.startswith("127."):
        pytest.skip("this machine has no address but those of loopback")
    return found


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(str(tmp_path_factory.mktemp("ca")))


class Distant:
    """A server at `address` whose certificate says that it is db.example, and what pgauth check is told of it."""

    def __init__(self, address, authority, **settings):
        self.address, self.authority = address, authority
        self.server = Postgres(listen_addresses=address, **settings)
        with open(f"{self.server.data}/pg_hba.conf", "a", encoding="utf8") as rules:
            rules.write(f"host all all {address}/32 trust\n")
        self.place = None

    def give_certificate(self):
        made = self.authority.issue("/CN=db.example", "subjectAltName=DNS:db.example\nextendedKeyUsage=serverAuth\n")
        for file, name in ((made.certificate, "server.crt"), (made.key, "server.key")):
            copy = shutil.copy(file, f"{self.server.data}/{name}")
            if as_root():
                shutil.chown(copy, SUPERUSER, SUPERUSER)
        self.server.configure(ssl="on")

    def start(self, folder):
        self.server.start()
        self.place = Place(folder, self.server.create_database())
        return self

    def connect(self, text="", name="db.example", tls=None):
        """What pgauth.yaml says: the host's name, more of the connection string, and database.tls."""
        connection = (f"host={name} hostaddr={self.address} port={self.server.port} dbname={self.place.database.name} "
                      f"user={PLUGIN_ROLE} sslrootcert={self.authority.certificate} {text}")
        self.place.configure(f"  tls: {tls}\n" if tls else "", connection)
        return self.place


@pytest.fixture(scope="module")
def distant(address, authority, tmp_path_factory):
    """One with TLS."""
    distant = Distant(address, authority)
    try:
        distant.give_certificate()
        yield distant.start(tmp_path_factory.mktemp("place"))
    finally:
        distant.server.close()


@pytest.fixture(scope="module")
def without_tls(address, authority, tmp_path_factory):
    distant = Distant(address, authority)
    try:
        yield distant.start(tmp_path_factory.mktemp("place"))
    finally:
        distant.server.close()


def finding_on_tls(place):
    [line] = [line for line in place.told().splitlines() if ": database.tls: " in line]
    return line


def test_a_server_whose_certificate_names_it_is_right(distant):
    place = distant.connect()
    assert place.findings() == []
    assert finding_on_tls(place) == "ok: database.tls: TLSv1.3, and the server's certificate names it"


def test_a_server_whose_certificate_is_not_verified_is_a_warning(distant):
    distant.connect("sslmode=require", tls="unverified").complains(
        "^warning: database.tls: TLSv1.3, but the server's certificate is not verified: take database.tls: unverified out")
    # Its name is not looked at.
    distant.connect("sslmode=verify-ca", name="other.example", tls="unverified").complains("^warning: database.tls: .* is not verified")


def test_a_connection_string_that_verifies_is_right_whatever_else_is_said(distant):
    place = distant.connect("sslmode=verify-full", tls="unverified")
    assert place.findings() == []
    assert finding_on_tls(place).endswith("the server's certificate names it")


def test_hashes_that_come_unencrypted_are_a_warning(distant, without_tls):
    warning = f"^warning: database.tls: password hashes come unencrypted from {distant.address}: sslmode=verify-full in database.connection"
    distant.connect("sslmode=disable", tls="unverified").complains(warning)
    without_tls.connect("sslmode=prefer", tls="unverified").complains(warning)


def test_a_server_of_another_name_is_an_error(distant):
    distant.connect(name="other.example").complains('^error: database: .*"db.example" does not match host name "other.example"', status=1)


def test_a_server_with_a_certificate_of_somebody_elses_is_an_error(distant, tmp_path):
    stranger = Authority(str(tmp_path / "stranger"), "stranger")
    distant.connect(f"sslrootcert={stranger.certificate}").complains("^error: database: .*certificate verify failed", status=1)


def test_a_server_without_tls_is_an_error_where_it_has_to_be_verified(without_tls):
    without_tls.connect().complains("^error: database: .*does not support SSL", status=1)


def test_a_connection_string_that_asks_for_less_is_an_error(distant):
    distant.connect("sslmode=require").complains("^error: .*database.connection: sslmode `require` does not verify the server", status=1)


def test_a_server_on_loopback_needs_no_tls(place):
    place.configure(connection=place.database.tcp_connection)
    assert place.findings() == []
    assert finding_on_tls(place) == "ok: database.tls: not needed: the server is on this machine"
