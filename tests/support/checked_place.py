"""What pgauth check looks at: a pgauth.yaml and a mosquitto.conf for a database, in which nothing is wrong at first.

    place = Place(folder, database)
    place.listen(place.plugin, "listener 1883")
    place.complains("^warning: mosquitto.conf:3: listener 1883 has no TLS")      # of this, and of nothing else
"""

import re

from mosquitto import plugin_path
from pgauth import Pgauth


class Place:
    def __init__(self, folder, database):
        self.folder = folder
        self.database = database
        self.config = folder / "pgauth.yaml"
        self.conf = folder / "mosquitto.conf"
        self.configure()
        self.listen("allow_anonymous false", self.plugin, "listener 1883 127.0.0.1")

    @property
    def plugin(self):
        return f"plugin {plugin_path()}\nplugin_opt_config {self.config}"

    def configure(self, text="", connection=None):
        self.config.write_text(f"database:\n  connection: {connection or self.database.connection}\n{text}")

    def listen(self, *lines):
        self.conf.write_text("".join(line + "\n" for line in lines))

    def told(self, *arguments, status=0):
        """All that it prints, what is right too."""
        return Pgauth().output("check", *(arguments or ("--mosquitto-conf", str(self.conf))), status=status)

    def findings(self, *arguments, status=0):
        told = self.told(*arguments, status=status)
        assert all(re.match(r"(ok|warning|error): [^:].*: .", line) for line in told.splitlines()), told
        return [line for line in told.splitlines() if not line.startswith("ok: ")]

    def complains(self, pattern, *arguments, status=0):
        """Of this, and of nothing else."""
        found = self.findings(*arguments, status=status)
        assert len(found) == 1 and re.search(pattern, found[0]), found
