"""Runs pgauth, the tool: on the database that the test has, as its owner.

    tool = Pgauth(database)
    done = tool("hash", "--format", "bcrypt", typed="s3cret\\n")
    assert done.returncode == 0 and done.stdout.startswith("$2b$")
"""

import os
import pathlib
import subprocess

from postgres import OWNER

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tool_path():
    return os.environ.get("PGAUTH_TOOL") or str(ROOT / "build/dev/tools/pgauth")


class Pgauth:
    """user: whom it connects as, where no connection string says otherwise."""

    def __init__(self, database=None, user=OWNER):
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        if database:
            self.environment |= {"PGHOST": database.postgres.sockets, "PGPORT": str(database.postgres.port),
                                 "PGDATABASE": database.name, "PGUSER": user}

    def __call__(self, *arguments, typed="", **environment):
        done = subprocess.run([tool_path(), *arguments], input=typed.encode() if isinstance(typed, str) else typed,
                              env=self.environment | environment, capture_output=True, timeout=120, check=False)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return done

    def output(self, *arguments, status=0, **options):
        """What it prints, where it ends as it should."""
        done = self(*arguments, **options)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def complaint(self, *arguments, **options):
        """The one line with which it gives up."""
        done = self(*arguments, **options)
        assert done.returncode == 2 and done.stdout == "", (arguments, done.returncode, done.stdout, done.stderr)
        assert done.stderr.startswith("pgauth: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr.removeprefix("pgauth: ").rstrip("\n")
