"""What PostgreSQL suffers, one fault after the other, each announced to the judge until the plugin has the tables again."""

import random
import re
import time
from collections import Counter

from postgres import PLUGIN_ROLE, SUPERUSER, SqlError
from sql_session import Session

LONGEST_OUTAGE = 4.0  # seconds
LONGEST_QUIET = 8.0  # seconds between two faults
RETURN = 40.0  # seconds within which the plugin has to be connected again; it waits 12 at most between two attempts
TABLES = ("clients", "credentials", "groups", "group_members", "group_rules", "group_rule_groups", "acls", "changes", "settings")


class Faults:
    def __init__(self, postgres, database, elsewhere, broker, judge, seed):
        self.done = Counter()
        self._postgres = postgres
        self._database = database
        self._elsewhere = elsewhere
        self._broker = broker
        self._judge = judge
        self._random = random.Random(f"{seed} faults")
        self._long_transaction = None

    def run(self, end, progress):
        """One fault after the other, until the time `end`; the last may end later."""
        while time.monotonic() < end:
            self._wait(min(LONGEST_QUIET, end - time.monotonic()))
            self._judge.fault_begins()
            since = self._broker.log_size()
            for fault in self._random.sample(FAULTS, self._random.choice([1, 1, 1, 2])):
                self.done[fault.__name__.strip("_").replace("_", " ")] += 1
                progress(fault.__name__.strip("_").replace("_", " "))
                fault(self)
            progress("waiting for the plugin to be connected again")
            self._wait_for_the_plugin(since)
            self._judge.fault_is_over()
            progress("quiet")
        self.close()

    def close(self):
        if self._long_transaction:
            self._long_transaction.close()
            self._long_transaction = None

    def _wait(self, longest):
        time.sleep(self._random.uniform(0, longest))

    def _wait_for_the_plugin(self, since):
        """A fault that it did not feel is over when everything committed meanwhile has had its time."""
        start = time.monotonic()
        while time.monotonic() < start + self._judge.window or self._is_lost(since):
            if time.monotonic() > start + RETURN:
                self._judge.violation(f"the plugin was not connected again within {RETURN} s")
                return
            time.sleep(0.02)

    def _is_lost(self, since):
        said = re.findall(r"pgauth: database: .*?(trying again|connected again)", self._broker.log(since))
        return bool(said) and said[-1] == "trying again"

    # --- faults ---------------------------------------------------------------------------

    def _stop_fast(self):
        self._stop("fast")

    def _stop_immediately(self):
        self._stop("immediate")

    def _stop(self, mode):
        self._postgres.stop(mode)
        self._wait(LONGEST_OUTAGE)
        self._postgres.start()

    def _restart(self):
        self._postgres.restart()

    def _kill_all_processes(self):
        self._postgres.kill9()
        self._wait(LONGEST_OUTAGE)
        self._postgres.start()

    def _stand_still(self):
        self._postgres.sigstop()
        self._wait(LONGEST_OUTAGE)
        self._postgres.sigcont()

    def _cut_the_plugin_off(self):
        self._sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{PLUGIN_ROLE}'")

    def _cut_everybody_off(self):
        self._sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")

    def _lock_tables(self):
        tables = ", ".join(f"mqtt_auth.{name}" for name in self._random.sample(TABLES, self._random.choice([1, 3, len(TABLES)])))
        held = self._random.uniform(0, LONGEST_OUTAGE)
        try:
            with Session(self._database, SUPERUSER) as session:
                session.execute("SET lock_timeout = '8s'")
                session.execute(f"BEGIN; LOCK TABLE {tables}")
                time.sleep(held)
        except SqlError:
            self.done["lock tables in vain"] += 1

    def _long_transaction_elsewhere(self):
        """It holds the oldest running transaction back, for as long as it lives."""
        self.close()
        self._long_transaction = Session(self._elsewhere, SUPERUSER)
        self._long_transaction.execute("BEGIN; SELECT pg_current_xact_id()")

    def _sql(self, text):
        with Session(self._database, SUPERUSER) as session:
            session.execute(text)


FAULTS = [Faults._stop_fast, Faults._stop_immediately, Faults._restart, Faults._kill_all_processes, Faults._stand_still,
          Faults._cut_the_plugin_off, Faults._cut_everybody_off, Faults._lock_tables, Faults._lock_tables,
          Faults._long_transaction_elsewhere]
