"""What is installed, and the Debian package of it: all that a user needs, where it belongs."""

import os
import pathlib
import re
import subprocess

import pytest

from pgauth import ROOT, tool_path

BUILD = pathlib.Path(tool_path()).parents[1]

FILES = {
    "bin/pgauth",
    "share/bash-completion/completions/pgauth",
    "share/doc/mosquitto-pgauth/CHANGELOG.md",
    "share/doc/mosquitto-pgauth/README.md",
    "share/doc/mosquitto-pgauth/copyright",
    "share/man/man1/pgauth.1",
    "share/man/man5/mosquitto_pgauth.5",
    "share/mosquitto-pgauth/schema/README.md",
    "share/mosquitto-pgauth/schema/mqtt_auth.sql",
    "share/mosquitto-pgauth/schema/migrations/README.md",
} | {f"share/mosquitto-pgauth/schema/migrations/{path.name}" for path in (ROOT / "schema/migrations").glob("*.sql")}


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_plugin(files):
    """The plugin's folder is the machine's business."""
    plugins = {file for file in files if re.fullmatch(r"lib/(?:[\w-]+/)?mosquitto_pgauth\.so", file)}
    assert len(plugins) == 1, files
    return files - plugins


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", str(BUILD), "--prefix", str(prefix))
    return prefix


def test_everything_is_installed_and_nothing_else(installed):
    files = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert without_plugin(files) == FILES


def test_the_installed_tool_finds_the_installed_schema(installed):
    done = subprocess.run([installed / "bin/pgauth", "migrate", "--connection", "host=/nowhere"], capture_output=True, text=True, check=False)
    assert done.stderr.startswith("pgauth: database ") and done.returncode == 2


@pytest.mark.parametrize("page", ["man1/pgauth.1", "man5/mosquitto_pgauth.5"])
def test_the_man_pages_are_read_without_a_complaint(installed, page):
    done = subprocess.run(["man", "--warnings", "-l", installed / "share/man" / page], capture_output=True, text=True, check=False,
                          env=os.environ | {"MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stderr) == (0, "") and "NAME" in done.stdout


def test_the_debian_package_has_it_all(tmp_path):
    run("cpack", "-G", "DEB", "-B", str(tmp_path), "--config", str(BUILD / "CPackConfig.cmake"), cwd=BUILD)
    [package] = tmp_path.glob("*.deb")
    listed = run("dpkg-deb", "-c", str(package))
    files = set(re.findall(r"^-\S+ root/root +\d+ \S+ \S+ \./usr/(\S+)$", listed, re.M))
    compressed = {file + ".gz" if file.startswith("share/man/") else file for file in FILES}
    assert without_plugin(files) == compressed | {"share/doc/mosquitto-pgauth/changelog.gz"}
    assert not re.search(r"^-\S+ .* \./(?!usr/)", listed, re.M)
    fields = dict(re.findall(r"^ (\w+): (.*)$", run("dpkg-deb", "-I", str(package)), re.M))
    assert fields["Package"] == "mosquitto-pgauth"
    for library in ("mosquitto (>= 2.0.11)", "libpq5", "libssl3", "libyaml-cpp", "libargon2-1", "libre2"):
        assert library in fields["Depends"], fields
