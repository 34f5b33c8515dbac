"""The lines of README.md's section about pgauth, run as they stand there."""

import os
import pathlib
import re
import subprocess

from pgauth import ROOT, Pgauth, tool_path
from readme import README, blocks


def test_the_lines_of_the_readme_do_what_they_say(database):
    [script] = blocks("sh", "pgauth")
    # A password for each that asks for one.
    typing = 'pgauth() { printf "made-in-a-shell\\n" | command pgauth "$@"; }\n'
    environment = Pgauth(database).environment | {"PATH": f"{pathlib.Path(tool_path()).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", typing + script.replace("psql mqtt", f"psql -v ON_ERROR_STOP=1 {database.name}")],
                          env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == "", done.stderr
    assert "`press-4` has a new password\n" in done.stdout
    assert done.stdout.endswith("publish `plant/1/press-4/temperature`: denied: no entry allows it\n")
    assert database.sql("SELECT count(*) FROM mqtt_auth.credentials WHERE username = 'press-4'") == [("1",)]


def test_the_readme_names_the_packages_that_the_build_needs():
    needed = set((ROOT / "examples/support/packages.txt").read_text().split("\n", 1)[1].split())
    install = re.search(r"^apt-get install (.*?)\ncmake", README, re.M | re.S)[1].replace("\\", "").split()
    assert set(install) - {"dpkg-dev", "file"} <= needed  # those two make the package
    assert needed - set(install) <= {"mosquitto", "mosquitto-clients", "postgresql"}
