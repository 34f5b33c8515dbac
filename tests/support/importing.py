"""pgauth import, from the tables of another system into a database of ours, and a broker on the result.

    new = Importing(postgres)
    report = new.take_over("--emqx", old.owner_connection)           # --write --json
    assert report.notes("lost") == []
    assert new.entries("press-7") == [("allow", "read", "plant/%u/#", "0", "", "")]
    new.start().login("press-7", password="…")
"""

import itertools
import json

from installation import Installation
from pgauth import Pgauth
from postgres import OWNER, SUPERUSER, Database

_numbers = itertools.count(1)


class OldDatabase(Database):
    """An empty database of the same server, where an Importing is, for the tables of the other system."""

    def __init__(self, postgres, extensions=()):
        super().__init__(postgres, f"old_{next(_numbers)}")
        self.owner_connection = f"host={postgres.sockets} port={postgres.port} dbname={self.name} user={OWNER}"
        postgres.sql(f"CREATE DATABASE {self.name} OWNER {OWNER}")
        for extension in extensions:
            postgres.sql(f"CREATE EXTENSION {extension}", self.name, SUPERUSER)


class Report:
    def __init__(self, text):
        self.told = json.loads(text)

    def notes(self, verdict):
        return [f"{note['place']}: {note['text']}" for note in self.told["notes"] if note["verdict"] == verdict]

    def note(self, verdict, part):
        """The one note of this kind that holds `part`."""
        [found] = [note for note in self.notes(verdict) if part in note]
        return found


class Importing(Installation):
    def __init__(self, postgres, config="", **options):
        super().__init__(postgres, config, **options)
        self.tool = Pgauth(self.database)

    def take_over(self, *arguments, status=1, **options):
        """Writes, and returns what is reported. status: 1 where something differs or is lost."""
        return Report(self.tool.output("import", *arguments, "--write", "--json", status=status, **options))

    def complaint(self, *arguments, **options):
        return self.tool.complaint("import", *arguments, **options)

    def secret(self, username):
        return self.sql("SELECT secret FROM mqtt_auth.credentials WHERE username = :'name'", name=username)

    def usernames(self):
        return [name for (name,) in self.sql("SELECT username FROM mqtt_auth.clients ORDER BY username COLLATE \"C\"")]

    def entries(self, owner):
        """Of a client or of a group: (effect, permission, topic, priority, max_qos, allow_retain)."""
        return self.sql("""SELECT effect, permission, topic, priority, max_qos, allow_retain FROM mqtt_auth.acls
                           WHERE :'owner' IN (username, group_name) ORDER BY priority DESC, topic COLLATE "C", permission""", owner=owner)

    def groups(self, username):
        return [group for (group,) in self.sql(
            "SELECT group_name FROM mqtt_auth.group_members WHERE username = :'name' ORDER BY 1", name=username)]
