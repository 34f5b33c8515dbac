"""A hot standby of a private PostgreSQL, by streaming replication: a second cluster of its own.

    with Postgres() as primary, Standby(primary) as standby:
        standby.until_caught_up()
        primary.kill9(); standby.promote()

    standby.fall_behind()        # nothing that the primary commits from now on arrives
"""

from postgres import SUPERUSER, Postgres, binary, run
from waiting import until


class Standby(Postgres):
    """primary: running. Two of them share no ports, no files and no socket."""

    def __init__(self, primary):
        self.primary = primary
        super().__init__()

    def _make_cluster(self):
        run([binary("pg_basebackup"), "-D", self.data, "-h", self.primary.sockets, "-p", str(self.primary.port),
             "-U", SUPERUSER, "--checkpoint=fast", "--write-recovery-conf", "--no-sync"])

    def until_caught_up(self):
        """Everything that the primary has committed is seen here."""
        [(end,)] = self.primary.sql("SELECT pg_current_wal_flush_lsn()")
        until(lambda: self.sql(f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == [("t",)], what="the standby to catch up")

    def fall_behind(self):
        """Goes on answering, from what it has."""
        self.sql("ALTER SYSTEM SET primary_conninfo = ''; SELECT pg_reload_conf()")
        until(lambda: not self.sql("SELECT FROM pg_stat_wal_receiver"), what="the standby to let go of its primary")

    def promote(self):
        assert self.sql("SELECT pg_promote()") == [("t",)]
