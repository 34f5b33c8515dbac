"""What users install, for what is measured or tried at length: built here, unless PGAUTH_PLUGIN names a plugin."""

import os
import subprocess
import sys

from mosquitto import ROOT


def use_release_plugin():
    if "PGAUTH_PLUGIN" in os.environ:
        return
    build("release")
    os.environ["PGAUTH_PLUGIN"] = str(ROOT / "build/release/plugin/mosquitto_pgauth.so")


def build(preset, target="all"):
    for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "--target", target]):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            sys.exit(f"{done.stdout}\n{' '.join(command)} failed")
