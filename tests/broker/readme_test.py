"""The commands of README.md, run as they stand there: the SQL in its order, then the shell lines."""

import os
import re
import subprocess

import pytest

from readme import README, blocks
from scram import ScramClient


@pytest.fixture(scope="module")
def place(install_once):
    """A system in which everything has been done that README.md does in SQL."""
    place = install_once("", ["tcp", "certificate"])
    place.sql("SELECT mqtt_auth.create_group('operators'); SELECT mqtt_auth.create_group('lines')")
    a_hash = "$2b$04$abcdefghijklmnopqrstuuYfPpK0FhNKhXIzUULkJ3HqkOoRxPqTO"
    for section in ("First client", "Certificates", "Groups and permissions", "Group rules"):
        assert blocks("sql", section), section
        for block in blocks("sql", section):
            place.sql(block)
    for block in blocks("sql", "Restricting clients"):
        place.sql(block, hash=a_hash)
    return place.start()


def shell(place, script, typed=""):
    """Runs lines of README.md against this system: its database for `mqtt`, its broker's port."""
    script = script.replace("psql mqtt", f"psql {place.database.name}")
    script = re.sub(r"\b(mosquitto_(?:pub|sub)) ", rf"\1 -p {place.broker.port()} ", script)
    environment = os.environ | {"PGHOST": place.postgres.directory, "PGPORT": str(place.postgres.port), "PGUSER": "mqtt_owner"}
    return subprocess.run(["bash", "-ec", script], input=typed, env=environment, capture_output=True, text=True, timeout=30,
                          check=False)


def test_the_first_client_receives_what_it_publishes(place):
    [script] = blocks("sh", "First client")
    subscribe, publish = script.splitlines()
    # Retained, so that it does not matter which of the two is there first; and an end to wait for.
    done = shell(place, f"{publish} -r\n{subscribe.removesuffix('&')} -C 1")
    assert done.stdout == "plant/1/press-7/temperature 71\n", done.stderr


def test_a_hash_made_in_the_shell_lets_the_client_in(place):
    [script] = blocks("sh", "Passwords")
    done = shell(place, script, typed="made-in-a-shell\n")
    assert done.returncode == 0, done.stderr
    place.until_answer(0, "press-8", password="made-in-a-shell")


def test_a_verifier_made_in_the_shell_lets_the_client_in_by_scram(place):
    [script] = blocks("sh", "SCRAM")
    done = shell(place, script, typed="made-in-a-shell\n")
    assert done.returncode == 0, done.stderr
    place.until_answer(0, "press-5", password="made-in-a-shell")
    ScramClient(place.broker, "press-5", username="press-5", password="made-in-a-shell").login()


def test_the_certificates_line_lets_its_client_in(place):
    [script] = blocks("sh", "Certificates")
    made = place.certificate("press-6")
    files = {"ca.crt": place.broker.authority.certificate, "press-6.crt": made.certificate, "press-6.key": made.key}
    for name, path in files.items():
        script = script.replace(f" {name} ", f" {path} ")
    done = shell(place, script.replace("-p 8883", f"-p {place.broker.port('certificate')}"))
    assert done.returncode == 0, done.stderr
    assert place.lines_logged("New client connected .*u'press-6'")


def test_the_overview_and_the_permissions_of_the_first_client_can_be_shown(place):
    shown = re.findall(r"`(TABLE mqtt_auth\.client_overview|SELECT \* FROM mqtt_auth\.permissions\('press-7'\))`", README)
    assert len(set(shown)) == 2
    for statement in set(shown):
        assert any("press-7" in cell or "plant/1/" in cell for row in place.sql(statement) for cell in row), statement
