"""The Debian package in a clean Debian 12: README.md's lines install it, use it and take it away again.

Run by tests/package/run. One story: what is installed first is used by the tests below, and the last ones purge it.
"""

import os
import pathlib
import re
import shutil

import pytest

from clean_debian import CleanDebian
from readme import blocks, section
from waiting import until

# Of no package: what apt and dpkg themselves keep, the index of manual pages, and what the servers write.
NOT_COMPARED = ("/proc", "/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/var/lib/postgresql", "/var/lib/mosquitto", "/run", "/tmp")


def install_steps():
    """Section Install: ("run", lines of a shell), or (path, text) of a file, which the sentence before it names."""
    for file, language, text in re.findall(r"^(?:[^\n]* `(/[\w./-]+)`:\n\n)?```(\w*)\n(.*?)^```", section("Install"), re.M | re.S):
        assert file or language == "sh", text
        yield file or "run", text


BUILD, INSTALL, *SET_UP, REMOVE = install_steps()


@pytest.fixture(scope="module")
def debian():
    debian = CleanDebian(os.environ["PGAUTH_DEBIAN"])
    [package] = pathlib.Path(os.environ["PGAUTH_PACKAGE"]).glob("*.deb")
    target = debian.path("/root/build/release")
    target.mkdir(parents=True)
    shutil.copy(package, target)
    return debian


@pytest.fixture(scope="module")
def told(debian):
    """README.md's section Install was followed; what the last of its lines wrote."""
    debian.run(INSTALL[1])
    debian.boot("postgresql")
    for what, text in SET_UP:
        if what == "run":
            told = debian.run(text)
        else:
            debian.write(what, text)
    for sql in blocks("sql", "First client"):
        debian.run("runuser -u postgres -- psql -v ON_ERROR_STOP=1 mqtt", typed=sql)
    until(lambda: "Connection refused" not in debian.run("mosquitto_pub -t x -m x || true"), what="Mosquitto to start")
    return told


def test_the_readme_has_the_steps_that_are_followed_here():
    assert "cpack -G DEB" in BUILD[1]  # tests/package/run did that
    assert INSTALL[1].startswith("apt-get install ./build/release/mosquitto-pgauth_*.deb")
    assert [what for what, _ in SET_UP] == ["run", "/etc/mosquitto/conf.d/pgauth.conf", "/etc/mosquitto/pgauth.yaml", "run"]
    assert REMOVE[1].endswith("apt-get purge mosquitto-pgauth\n")


def test_check_finds_nothing_wrong(told):
    lines = told[told.index("ok: "):].splitlines()
    assert len(lines) > 5 and all(line.startswith("ok: ") for line in lines), told


def test_the_first_client_receives_what_it_publishes(debian, told):
    [script] = blocks("sh", "First client")
    subscribe, publish = script.splitlines()
    # Retained, so that it does not matter which of the two is there first; and an end to wait for.
    received = debian.run(f"{publish} -r\n{subscribe.removesuffix('&')} -C 1 -W 60")
    assert received == "plant/1/press-7/temperature 71\n"


def test_what_it_may_not_is_denied_and_the_log_says_why(debian, told):
    log = debian.path("/var/log/mosquitto/mosquitto.log")
    refused = "Connection error: Connection Refused: not authorised.\n"
    # On 2.0 whoever comes right behind a hash may be sent away first, and finds the verdict when it comes again.
    until(lambda: refused in debian.run("mosquitto_pub -u press-7 -P wrong -t plant/1/press-7/temperature -m 71 || true"), what="the verdict")
    assert refused in debian.run("mosquitto_pub -t plant/1/press-7/temperature -m 71", status=5)
    debian.run("mosquitto_pub -q 1 -u press-7 -P s3cret-of-press-7 -t plant/2/temperature -m 71")
    until(lambda: re.search(r"pgauth: .*plant/2/temperature.*denied: no entry allows it", log.read_text()), what="the denied publish")
    assert "wrong password" in log.read_text()


def test_the_manual_pages_are_read_without_a_complaint(debian, told):
    for page, words in (("1 pgauth", "look after the MQTT clients"), ("5 mosquitto_pgauth", "database.connection")):
        assert words in debian.run(f"MANWIDTH=100 man --warnings {page} 2>/tmp/complaints; ! cat /tmp/complaints | grep .")


def test_completion_is_where_a_shell_looks_for_it(debian, told):
    assert "-F _pgauth pgauth" in debian.run(". /usr/share/bash-completion/completions/pgauth; complete -p pgauth")


def test_the_tool_finds_the_schema_of_the_package(debian, told):
    assert "mqtt_auth" in debian.run("runuser -u postgres -- pgauth migrate --dry-run --connection postgresql:///mqtt")


# --- purged ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gone(debian, told):
    """All that was there before it was purged by README.md's lines, and is no more; and what is new."""
    before = debian.files(*NOT_COMPARED)
    debian.run(REMOVE[1])
    after = debian.files(*NOT_COMPARED)
    return before - after, after - before


@pytest.fixture(scope="module")
def packed(debian, told):
    return set(debian.run("dpkg -L mosquitto-pgauth").split())


def test_purging_takes_what_the_package_brought_and_nothing_else(packed, gone):
    taken, new = gone
    assert new == set()
    assert {file for file, _ in SET_UP if file != "run"} <= taken
    assert taken - {file for file, _ in SET_UP} <= packed
    shared = packed - taken
    assert shared and all(path in ("/.", "/usr/lib/x86_64-linux-gnu") or re.fullmatch(r"/usr(/bin|/lib|/share(/bash-completion(/completions)?|/doc|/man(/man\d)?)?)?", path)
                          for path in shared), shared


def test_nothing_of_its_name_is_left(debian, gone):
    assert {path for path in debian.files("/proc", "/root/build", "/var/cache/apt") if "pgauth" in path} == set()
    assert "no packages found" in debian.run("dpkg-query -W mosquitto-pgauth", status=1)


def test_mosquitto_starts_without_it_and_lets_anybody_in(debian, gone):
    debian.run("systemctl restart mosquitto\n")
    until(lambda: debian.run("mosquitto_pub -t plant/1/press-7/temperature -m 71 && echo in || true") == "in\n", what="Mosquitto to start")
