"""One connection to PostgreSQL that stays open: libpq through ctypes, where starting psql for each statement is too slow.

    with Session(database) as session:
        session.execute("BEGIN")
        session.execute("SELECT mqtt_auth.disable_client($1)", "press-7")
        session.execute("COMMIT")

A `Lost` during COMMIT leaves open whether it was committed. Not for several threads at once.
"""

import ctypes

from postgres import OWNER, SqlError

_COMMAND_OK, _TUPLES_OK = 1, 2
_CONNECTION_OK = 0
_SQLSTATE = ord("C")


class Lost(SqlError):
    """The connection is gone."""


class Session:
    def __init__(self, database, user=OWNER):
        server = database.postgres
        self._connection = _libpq.PQconnectdb(
            f"host={server.sockets} port={server.port} dbname={database.name} user={user}".encode())
        if _libpq.PQstatus(self._connection) != _CONNECTION_OK:
            reason = _text(_libpq.PQerrorMessage(self._connection))
            self.close()
            raise Lost(reason)
        _libpq.PQsetNoticeProcessor(self._connection, _SILENT, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """What was not committed is rolled back."""
        if self._connection:
            _libpq.PQfinish(self._connection)
            self._connection = None

    def execute(self, statement, *values):
        """Returns when it is done: its rows, as tuples of text. $1, $2, … stand for the values."""
        if values:
            texts = (ctypes.c_char_p * len(values))(*[None if value is None else str(value).encode() for value in values])
            result = _libpq.PQexecParams(self._connection, statement.encode(), len(values), None, texts, None, None, 0)
        else:
            result = _libpq.PQexec(self._connection, statement.encode())
        try:
            return self._rows(result)
        finally:
            _libpq.PQclear(result)

    def _rows(self, result):
        status = _libpq.PQresultStatus(result)
        if status not in (_COMMAND_OK, _TUPLES_OK):
            # An error without a code is libpq's own; 57P.. is a server that goes away.
            code = _libpq.PQresultErrorField(result, _SQLSTATE)
            raise (Lost if code is None or code.startswith(b"57P") else SqlError)(
                _text(_libpq.PQerrorMessage(self._connection)))
        columns = range(_libpq.PQnfields(result))
        return [tuple(_value(result, row, column) for column in columns) for row in range(_libpq.PQntuples(result))]


def _value(result, row, column):
    return None if _libpq.PQgetisnull(result, row, column) else _text(_libpq.PQgetvalue(result, row, column))


def _text(value):
    return value.decode("utf8", "replace").strip()


_NoticeProcessor = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)
_SILENT = _NoticeProcessor(lambda _argument, _message: None)


def _load():
    library = ctypes.CDLL("libpq.so.5")
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, *arguments in (
            ("PQconnectdb", pointer, text), ("PQstatus", number, pointer), ("PQerrorMessage", text, pointer),
            ("PQfinish", None, pointer), ("PQexec", pointer, pointer, text),
            ("PQexecParams", pointer, pointer, text, number, pointer, pointer, pointer, pointer, number),
            ("PQsetNoticeProcessor", pointer, pointer, _NoticeProcessor, pointer), ("PQresultStatus", number, pointer),
            ("PQresultErrorField", text, pointer, number), ("PQclear", None, pointer), ("PQnfields", number, pointer),
            ("PQntuples", number, pointer), ("PQgetisnull", number, pointer, number, number),
            ("PQgetvalue", text, pointer, number, number)):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_libpq = _load()
