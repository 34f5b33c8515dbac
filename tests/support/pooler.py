"""A PgBouncer in transaction mode before a database: nothing is heard from LISTEN, and what a session sets is lost.

    with Pooler(database) as pooler:
        ... pooler.connection ...
        pooler.point_at(other_database)     # connections of clients stay, another server answers
"""

import os
import pathlib
import shutil
import subprocess

from postgres import PLUGIN_ROLE, SUPERUSER, SqlError, binary
from waiting import Port, start_child, temporary_directory, until

_NAME = "mqtt"  # of the database, for those who come in through here


class Pooler:
    def __init__(self, database):
        self.directory = temporary_directory("pgauth-pb-", owner=SUPERUSER)
        self._port = Port()
        self._file = os.path.join(self.directory, "pgbouncer.ini")
        self.process = None
        self._configure(database)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._port.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def connection(self):
        return f"host={self.directory} port={self._port.number} dbname={_NAME} user={PLUGIN_ROLE}"

    def _configure(self, database):
        pathlib.Path(self.directory, "users").write_text(f'"{PLUGIN_ROLE}" ""\n"{SUPERUSER}" ""\n', encoding="utf8")
        server = database.postgres
        pathlib.Path(self._file).write_text(f"""
            [databases]
            {_NAME} = host={server.sockets} port={server.port} dbname={database.name} user={PLUGIN_ROLE}
            [pgbouncer]
            listen_port = {self._port.number}
            unix_socket_dir = {self.directory}
            auth_type = trust
            auth_file = {self.directory}/users
            admin_users = {SUPERUSER}
            pool_mode = transaction
            server_login_retry = 1
        """.replace(" " * 12, ""), encoding="utf8")

    def start(self):
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise FileNotFoundError("PgBouncer is not installed: apt install pgbouncer")
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = start_child([program, "-q", self._file], user=SUPERUSER, stdout=log, stderr=log)
        until(self._accepts, what="PgBouncer to start")

    def _accepts(self):
        assert self.process.poll() is None, "PgBouncer ended:\n" + self.log()
        return self._console("SHOW VERSION").returncode == 0

    def stop(self):
        """SIGTERM: at once, whoever is connected."""
        if self.process:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def restart(self):
        self.stop()
        self.start()

    def point_at(self, database):
        """Returns when no connection to the old server is used any more."""
        self._configure(database)
        for command in ("RELOAD", f"RECONNECT {_NAME}", f"WAIT_CLOSE {_NAME}"):
            done = self._console(command)
            if done.returncode:
                raise SqlError(done.stderr)

    def _console(self, command):
        return subprocess.run([binary("psql"), "-X", "-h", self.directory, "-p", str(self._port.number), "-U", SUPERUSER,
                               "-d", "pgbouncer", "-c", command], capture_output=True, text=True, timeout=60, check=False)

    def log(self):
        return pathlib.Path(self.directory, "log").read_text(encoding="utf8", errors="replace")
