"""Which brokers there are to measure: the Mosquitto that is installed, and 2.1 where support/mosquitto_2_1 has fetched it.

    for path in broker_paths():
        os.environ["PGAUTH_MOSQUITTO"] = path
        ...                                   # Broker() starts that one
"""

import os
import pathlib
import re
import subprocess

from mosquitto import mosquitto_path

FETCH_2_1 = pathlib.Path(__file__).resolve().parents[1] / "support" / "mosquitto_2_1"
NOT_HERE = 77  # what it ends with then
INSTALLED, FETCHED = "installed", "2.1"


def broker_paths(wanted=(INSTALLED, FETCHED)):
    """The paths of those that there are. Where PGAUTH_MOSQUITTO names one: that one alone. Says so where one is missing."""
    if "PGAUTH_MOSQUITTO" in os.environ:
        return [mosquitto_path()]
    paths = [mosquitto_path()] if INSTALLED in wanted else []
    if FETCHED not in wanted:
        return paths
    found = subprocess.run([FETCH_2_1, "printenv", "PGAUTH_MOSQUITTO"], capture_output=True, text=True, check=False)
    if found.returncode == NOT_HERE:
        print(found.stderr.strip())
        return paths
    found.check_returncode()
    return [*paths, found.stdout.strip()]


def version_of(broker):
    """As a broker that has started says it: 2.0.11."""
    return re.search(r"mosquitto version (\S+) running", broker.log())[1]
