"""Between the plugin and PostgreSQL: cuts the connection after so many bytes of what the server says.

    with CuttingProxy(database) as proxy:
        ... proxy.connection ...
        proxy.cut_after(17, 0)      # from now on; then the next connection before its first byte. Later ones are whole
        proxy.cuts                  # how often that has happened

For one connection at a time.
"""

import contextlib
import socket
import threading

from postgres import PLUGIN_ROLE


class CuttingProxy:
    def __init__(self, database):
        self._server = (database.postgres, database.name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._left = []  # bytes that still pass until the next cut, and from there to the one after it
        self._connections = []
        self.cuts = 0

    @property
    def connection(self):
        return f"host=127.0.0.1 port={self._listener.getsockname()[1]} dbname={self._server[1]} user={PLUGIN_ROLE}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        _hang_up(self._listener)
        for connection in self._connections:
            _hang_up(connection)

    def cut_after(self, *counts):
        with self._lock:
            self._left = list(counts)

    def _accept(self):
        with contextlib.suppress(OSError):  # the listener is gone: so are we
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server[0].port))
                self._connections += [client, server]
                threading.Thread(target=_pass_on, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pass_some_on, args=(server, client), daemon=True).start()

    def _pass_some_on(self, server, client):
        with contextlib.suppress(OSError):
            while answer := server.recv(65536):
                passing = self._take(len(answer))
                client.sendall(answer[:passing])
                if passing < len(answer):
                    break
        _hang_up(client)
        _hang_up(server)

    def _take(self, count):
        """How many of these bytes may pass."""
        with self._lock:
            if not self._left:
                return count
            if self._left[0] >= count:
                self._left[0] -= count
                return count
            self.cuts += 1
            return self._left.pop(0)


def _pass_on(source, target):
    with contextlib.suppress(OSError):
        while said := source.recv(65536):
            target.sendall(said)
    _hang_up(source)
    _hang_up(target)


def _hang_up(connection):
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
