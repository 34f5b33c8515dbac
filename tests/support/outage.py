"""What must hold whatever happens to PostgreSQL: nobody notices, the log says it once and again when it is over, and
the copy is true in the end.

    edits = Edits(place)                    # people whom the edits will concern
    traffic = Traffic.prepare(place)        # starts the broker
    with said_once(place):
        ... break it ...
        traffic.run(DURING)
        edits.make(database)                # where it can be reached, or later
        ... mend it ...
    edits.until_known(); traffic.check()
"""

import contextlib
import time

from installation import hash_of, password_of
from mqtt import NOT_AUTHORIZED, V311
from waiting import until

NOTICEABLE = 3.0  # seconds; far above what a busy machine needs, far below any time-out of a database
DURING = 0.7  # seconds of traffic in each phase
MENDED = 40.0  # seconds; the plugin waits for up to 12 between two attempts


class Traffic:
    """A press that publishes with QoS 1 to a subscriber, a client that pings, and clients that log in."""

    @staticmethod
    def add_clients(place):
        place.add_supervisor()
        place.add_client("press-7", allow=[("write", "plant/press-7")])
        place.add_client("visitor", allow=[("read", "plant/#")])

    @classmethod
    def prepare(cls, place):
        cls.add_clients(place)
        place.start()
        return cls(place)

    def __init__(self, place):
        self.place = place
        self.press = place.login("press-7")
        self.boss = place.supervisor()
        self.rounds = 0

    def run(self, seconds):
        """Fails where anything takes so long that a client would notice."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.rounds += 1
            message = str(self.rounds)
            assert self.press.publish("plant/press-7", message, deadline=NOTICEABLE) == 0
            self.boss.expect_only("plant/press-7", message, deadline=NOTICEABLE)
            assert self.press.ping(NOTICEABLE) < NOTICEABLE
            if self.rounds % 10 == 1:
                visitor = self.place.client(f"visitor {self.rounds}", username="visitor")
                assert visitor.connect(NOTICEABLE) == 0
                assert visitor.subscribe("plant/#") == [1]
                visitor.disconnect()

    def check(self):
        """One more round, over the same connections as ever."""
        self.run(0.1)
        assert self.press.is_connected() and self.boss.is_connected()


class Edits:
    """One edit of each kind, and whether the broker knows of them. Several can be told apart by name."""

    def __init__(self, place, name="edit"):
        self._place = place
        self._leaver, self._banned, self._newcomer, self._member = (
            f"{name} {who}" for who in ("leaver", "banned", "newcomer", "member"))
        self._group, self._topic = f"{name} group", f"{name}/topic"
        place.add_client(self._leaver)
        place.add_client(self._banned)
        place.add_group(self._group, allow=[("read", self._topic)])
        place.add_client(self._member, groups=[self._group])

    def make(self, database):
        """database: the place's, or what has taken its place. One transaction."""
        database.sql("""
            BEGIN;
            SELECT mqtt_auth.delete_client(:'leaver');
            SELECT mqtt_auth.disable_client(:'banned');
            SELECT mqtt_auth.create_client(:'newcomer', username => :'newcomer', secret => :'secret');
            SELECT mqtt_auth.deny(:'group', 'read', :'topic');
            COMMIT""", leaver=self._leaver, banned=self._banned, newcomer=self._newcomer, group=self._group,
                     topic=self._topic, secret=hash_of(password_of(self._newcomer)))

    def until_known(self):
        self._until(self.are_known)

    def until_forgotten(self):
        """All is as before they were made: the database has gone back."""
        self._until(self.are_unknown)

    def are_known(self):
        return self._answers() == [False, False, True, False]

    def are_unknown(self):
        return self._answers() == [True, True, False, True]

    def _until(self, condition):
        try:
            until(condition, MENDED, "the broker to know what the database has")
        except AssertionError as problem:
            raise AssertionError("\n".join([str(problem), *self._place.lines_logged("pgauth: database: ")])) from None

    def _answers(self):
        answers = [self._place.connect(who) for who in (self._leaver, self._banned, self._newcomer)]
        assert set(answers) <= {0, NOT_AUTHORIZED[V311]}, answers
        member = self._place.login(self._member)
        readable = member.subscribe(self._topic) == [1]
        member.disconnect()
        return [answer == 0 for answer in answers] + [readable]


@contextlib.contextmanager
def said_once(place):
    """What happens inside costs the plugin its connection, once: one line says so, and one that it is back."""
    since = place.broker.log_size()
    yield
    until(lambda: place.lines_logged("pgauth: database: connected again to", since), MENDED,
          f"the plugin to be back; it said {place.lines_logged('pgauth: database: ', since)}")
    for line in ("pgauth: database: .*trying again", "pgauth: database: connected again to"):
        said = place.lines_logged(line, since)
        assert len(said) == 1, said


@contextlib.contextmanager
def said_nothing(place):
    """What happens inside is not worth a word about the database."""
    since = place.broker.log_size()
    yield
    said = place.lines_logged("pgauth: database: ", since)
    assert not said, said
