"""The example for certificates does what its README says."""

import os
import subprocess

import pytest

from mosquitto import ROOT, plugin_path

pytestmark = pytest.mark.skipif("PGAUTH_MOSQUITTO" in os.environ, reason="the example starts the Mosquitto that is installed")


def test_the_example_checks_itself_and_finds_no_difference():
    done = subprocess.run([ROOT / "examples/certificates/run", "--check"], capture_output=True, text=True, timeout=120,
                          check=False, env=dict(os.environ, PGAUTH_PLUGIN=plugin_path()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("expected:") == done.stdout.count("happened:") >= 14
    assert "DIFFERS" not in done.stdout
