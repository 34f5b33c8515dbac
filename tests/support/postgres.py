"""A private PostgreSQL: its own cluster in a temporary directory, a port and a socket of its own.

    with Postgres() as postgres:
        database = postgres.create_database()
        database.sql("SELECT mqtt_auth.create_group(:'name')", name="presses")
        postgres.stop("fast"); postgres.start()
        copy = postgres.save(); postgres.rewind(copy)      # while it is stopped

`postgres -D` runs as a direct child, so that a killed one is reaped and seen to be dead.
"""

import csv
import glob
import io
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from waiting import Port, start_child, temporary_directory, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schema" / "mqtt_auth.sql"

SUPERUSER = "postgres"
OWNER = "mqtt_owner"  # owns the databases and the schema; no superuser
PLUGIN_ROLE = "mosquitto"  # what the broker logs in as
TEMPLATE = "mqtt_template"  # a database with the schema, to make others from

_STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class SqlError(Exception):
    """What psql wrote when a statement failed."""


def binary(name):
    """The newest installed PostgreSQL's program of this name."""
    installed = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name),
                       key=lambda path: int(re.search(r"/(\d+)/bin", path)[1]))
    found = installed[-1] if installed else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name}: PostgreSQL's server is not installed: apt install postgresql")
    return found


class Postgres:
    """settings: of postgresql.conf, by name."""

    def __init__(self, **settings):
        self.directory = temporary_directory("pgauth-pg-", owner=SUPERUSER)
        self.data = os.path.join(self.directory, "data")
        self.sockets = self.directory
        self._port = Port()
        self.port = self._port.number
        self.process = None
        self._databases = 0
        self._template = None
        self._make_cluster()
        self.configure(
            listen_addresses="127.0.0.1",
            port=self.port,
            unix_socket_directories=self.sockets,
            fsync="off",
            full_page_writes="off",
            shared_buffers="16MB",
            max_connections=40,
            log_min_messages="info",
            log_line_prefix="%m [%p] %u@%d ",
        )
        self.configure(**settings)

    def _make_cluster(self):
        run([binary("initdb"), "-D", self.data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8",
              "--locale=C.UTF-8", "--no-sync", "--no-instructions"])

    def configure(self, **settings):
        """Acts from the next start on."""
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf8") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    # --- running, and failing -------------------------------------------------------------

    def start(self):
        assert self.process is None, "PostgreSQL is running"
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = start_child([binary("postgres"), "-D", self.data], user=SUPERUSER,
                                       death_signal="QUIT", stdout=log, stderr=log)
        until(self._accepts, what="PostgreSQL to start")

    def _accepts(self):
        if self.process.poll() is not None:
            raise AssertionError("PostgreSQL ended:\n" + self.log()[-2000:])
        return self._psql("SELECT 1", SUPERUSER, "postgres", {}).returncode == 0

    def stop(self, mode="fast"):
        if self.process:
            self.process.send_signal(_STOP_SIGNALS[mode])
            self.process.wait(30)
            self.process = None

    def restart(self):
        self.stop()
        self.start()

    def processes(self):
        """The postmaster and all its children."""
        return [self.process.pid] + _children(self.process.pid)

    def kill9(self):
        """As if the machine had lost power."""
        pids = self.processes()
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        self.process.wait(30)
        self.process = None
        until(lambda: not any(_alive(pid) for pid in pids), what="PostgreSQL's processes to be gone")

    def sigstop(self):
        """Stands still: connections stay open and are not answered, new ones hang."""
        for pid in self.processes():  # the postmaster first, so that no child is born meanwhile
            _signal(pid, signal.SIGSTOP)

    def sigcont(self):
        for pid in reversed(self.processes()):
            _signal(pid, signal.SIGCONT)

    def close(self):
        if self.process:
            self.sigcont()
            self.stop("immediate")
        self._port.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        return pathlib.Path(self.directory, "log").read_text(encoding="utf8", errors="replace")

    # --- moving, and going back: while it is stopped ----------------------------------------

    def move_to(self, port):
        """A reserved port, which is its own from then on. The socket's directory stays."""
        self._port.release()
        self._port, self.port = port, port.number
        self.configure(port=self.port)

    def take_the_place_of(self, other):
        """It is found where `other`, which has to be stopped, was until now."""
        self.port, self.sockets = other.port, other.sockets
        self.configure(port=self.port, unix_socket_directories=self.sockets)

    def save(self):
        """A copy of all files."""
        copy = tempfile.mkdtemp(dir=self.directory)
        run(["cp", "-a", self.data, copy], user=None)
        return os.path.join(copy, "data")

    def rewind(self, copy):
        """Puts back what save() gave: the server remembers nothing since then."""
        shutil.rmtree(self.data)
        os.rename(copy, self.data)

    # --- databases ------------------------------------------------------------------------

    def create_database(self):
        """A new database with the schema in it, owned by somebody who is no superuser."""
        if self._template is None:
            self._template = self._create_template()
        self._databases += 1
        name = f"mqtt_{self._databases}"
        # Copied through the WAL, a sequence that its template has used steps back when the server is
        # killed (seen with 15.20); copied as files it does not.
        self.sql(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {self._template} STRATEGY file_copy")
        return Database(self, name)

    def database(self, name):
        """One that is there already: on a standby, or restored."""
        return Database(self, name)

    def _create_template(self):
        self.sql(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
        self.sql(f"CREATE ROLE {PLUGIN_ROLE} LOGIN")
        self.sql(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}")
        Database(self, TEMPLATE).run_file(SCHEMA)
        self.sql(f"GRANT mqtt_auth_broker TO {PLUGIN_ROLE}")
        return TEMPLATE

    def sql(self, text, database="postgres", user=SUPERUSER, **values):
        """Runs SQL and returns the rows of what it selects, as tuples of text. `:'name'` in the
        text stands for the quoted value of that name."""
        done = self._psql(text, user, database, values)
        if done.returncode:
            raise SqlError(done.stderr.strip())
        return [tuple(row) for row in csv.reader(io.StringIO(done.stdout))]

    def _psql(self, text, user, database, values):
        command = self.psql_command(user, database) + ["--csv", "-t", "-q"]
        for name, value in values.items():
            command += ["-v", f"{name}={value}"]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)

    def psql_command(self, user, database):
        return [binary("psql"), "-X", "-v", "ON_ERROR_STOP=1", "-h", self.sockets,
                "-p", str(self.port), "-U", user, "-d", database]


class Database:
    """One database; SQL runs as its owner."""

    def __init__(self, postgres, name):
        self.postgres = postgres
        self.name = name

    def sql(self, text, **values):
        return self.postgres.sql(text, self.name, OWNER, **values)

    def run_file(self, path):
        done = subprocess.run(self.postgres.psql_command(OWNER, self.name) + ["-q", "-f", str(path)],
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise SqlError(f"{path}: {done.stderr.strip()}")

    def force(self, text, **values):
        """Runs SQL with every constraint and every ordinary trigger of the schema out of the way:
        what a careless restore or a superuser could do. Change triggers fire always."""
        return self.postgres.sql(f"""
            DO $$
            DECLARE c record;
            BEGIN
                FOR c IN SELECT conname, conrelid::regclass AS relation, contypid::regtype AS domain, conrelid
                         FROM pg_constraint
                         WHERE connamespace = 'mqtt_auth'::regnamespace AND contype = 'c'
                LOOP
                    IF c.conrelid <> 0 THEN
                        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.relation, c.conname);
                    ELSE
                        EXECUTE format('ALTER DOMAIN %s DROP CONSTRAINT %I', c.domain, c.conname);
                    END IF;
                END LOOP;
            END $$;
            SET session_replication_role = replica;
            {text}""", self.name, SUPERUSER, **values)

    @property
    def connection(self):
        """The connection string with which the plugin comes in, over the socket."""
        return (f"host={self.postgres.sockets} port={self.postgres.port} "
                f"dbname={self.name} user={PLUGIN_ROLE}")

    @property
    def tcp_connection(self):
        return f"postgresql://{PLUGIN_ROLE}@127.0.0.1:{self.postgres.port}/{self.name}"


def run(command, *, user=SUPERUSER):
    done = start_child(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    complaint = done.communicate(timeout=60)[1]
    assert done.returncode == 0, f"{command[0]}: {complaint}"


def _children(parent):
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = pathlib.Path(stat).read_text(encoding="utf8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == parent:
            found.append(int(stat.split("/")[2]))
    return found


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
