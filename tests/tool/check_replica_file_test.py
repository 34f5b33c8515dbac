"""pgauth check: what can be wrong with the replica file."""

import os
import shutil

import pytest

from mosquitto import Broker
from pgauth import Pgauth


@pytest.fixture
def replica(place):
    """A replica file that a broker has written; the configuration names it."""
    path = place.folder / "pgauth.replica"
    broker = Broker(f"database:\n  connection: {place.database.connection}\nreplica:\n  file: {path}\n")
    broker.start()
    broker.close()
    place.configure(f"replica:\n  file: {path}\n")
    place.listen(place.plugin, "user " + path.owner(), "listener 1883 127.0.0.1")
    assert place.findings() == []
    return path


def test_a_replica_file_that_is_not_there_yet_is_a_warning(place):
    place.configure(f"replica:\n  file: {place.folder}/pgauth.replica\n")
    place.complains("^warning: replica file `.*`: not there yet: start the broker")


def test_a_replica_file_that_others_can_read_is_an_error(place, replica):
    replica.chmod(0o640)
    place.complains("^error: replica file `.*`: its mode is 0640: .*: chmod 0600", status=1)


def test_a_replica_file_of_another_user_is_an_error(place, replica):
    place.listen(place.plugin, "user nobody", "listener 1883 127.0.0.1")
    place.complains("^error: replica file `.*`: it belongs to `.*`, and the broker runs as `nobody`: chown nobody", status=1)


def test_a_replica_file_that_was_changed_is_an_error(place, replica):
    whole = replica.read_bytes()
    for damaged in (whole[:-1], whole[:60] + b"?" + whole[61:], b""):
        replica.write_bytes(damaged)
        place.complains("^error: replica file `.*`: replica file .* is not used: it ", status=1)


def test_a_replica_file_of_another_database_is_an_error(place, replica, postgres):
    place.database = postgres.create_database()
    place.configure(f"replica:\n  file: {replica}\n")
    place.complains("^error: replica file `.*`: it is of another database", status=1)


def test_a_replica_file_that_is_too_old_is_a_warning(place, replica):
    os.utime(replica, (1e9, 1e9))
    assert place.findings() == []
    place.configure(f"replica:\n  file: {replica}\n  max_age: 1h\n")
    place.complains("^warning: replica file `.*`: whole: .* ago, longer than replica.max_age")


def test_the_tables_in_a_replica_file_are_explained_without_a_database(place, replica):
    place.database.sql("SELECT mqtt_auth.create_client('Press 7', username => 'press-7')")
    told = Pgauth().output("explain", "--replica", str(replica), "--username", "press-7", status=1)
    assert told.startswith(f"tables   replica file `{replica}` of `{place.database.name}` at ")
    assert "no client has this username" in told  # it was written before
    copy = shutil.copy(replica, place.folder / "copy")
    assert Pgauth().output("explain", "--replica", copy, "--username", "press-7", status=1)
