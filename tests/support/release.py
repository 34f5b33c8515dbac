"""What users install, and what it is measured with: built here, unless a variable as PGAUTH_PLUGIN names it."""

import os
import subprocess
import sys

from mosquitto import ROOT


def use_release_plugin():
    if "PGAUTH_PLUGIN" in os.environ:
        return
    build("release")
    os.environ["PGAUTH_PLUGIN"] = str(ROOT / "build/release/plugin/mosquitto_pgauth.so")


def built(target, variable):
    """What a benchmark needs beside the plugin: built here, unless the variable names it."""
    if variable in os.environ:
        return os.environ[variable]
    build("bench", target.removesuffix(".so"))
    return str(ROOT / "build/bench/tests" / target)


def built_load():
    return built("pgauth_bench_load", "PGAUTH_BENCH_LOAD")


def build(preset, target="all"):
    for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "--target", target]):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            sys.exit(f"{done.stdout}\n{' '.join(command)} failed")
