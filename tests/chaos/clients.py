"""Clients at work all the while. The steady ones, whom no edit touches, must notice nothing at all; what the others
are told is judged by the model."""

import random
import threading
from collections import Counter
from time import monotonic

from edits import CLIENTS, LATE, TOPICS
from installation import password_of
from model import Login
from mqtt import NOT_AUTHORIZED, V5
from raw_client import DENIED, Closed, RawClient

STEADY = [f"steady-{number}" for number in range(4)]  # stay connected, with the rights of group `steady`
VISITORS = [f"visitor-{number}" for number in range(2)]  # come and go, with rights of their own
NOTICEABLE = 3.0  # seconds; far above what a busy machine needs, far below any time-out of a database
TROUBLE = (Closed, TimeoutError)
REFUSED = NOT_AUTHORIZED[V5]


class Worker(threading.Thread):
    """Does one round after the other until finish()."""

    PAUSE = 0.02  # seconds between two rounds

    def __init__(self, broker, judge, random_source=None):
        super().__init__(daemon=True)
        self.done = Counter()
        self._broker = broker
        self._judge = judge
        self._random = random_source
        self._enough = threading.Event()
        self._error = None

    def run(self):
        try:
            while not self._enough.wait(self.PAUSE):
                self.round()
        except Exception as error:
            self._error = error

    def finish(self):
        self._enough.set()
        self.join()
        if self._error:
            raise self._error

    def connect(self, username, password, client_id):
        """(client, how the login was answered)."""
        client = RawClient(self._broker, client_id, username=username, password=password)
        self.done["logins"] += 1
        try:
            answer = client.connect(NOTICEABLE)
        except TimeoutError:
            answer = "not answered"
        if answer not in (0, REFUSED):
            self._judge.violation(f"the login of `{username}` was answered: {answer}")
        return client, answer


class SteadyClients(Worker):
    """Publish with QoS 1 and read what they publish. They are never refused, never cut, and never wait."""

    def __init__(self, broker, judge):
        super().__init__(broker, judge)
        self._clients = {name: self._login(name) for name in STEADY}
        self._number = 0

    def round(self):
        self._number += 1
        for name, client in self._clients.items():
            topic, payload = f"steady/{name}/x", str(self._number).encode()
            start = monotonic()
            try:
                answer = client.publish(topic, payload, NOTICEABLE)
                if answer == DENIED:
                    self._judge.violation(f"`{name}` was denied `{topic}`")
                else:
                    client.expect(topic, payload, NOTICEABLE)
                self.done["publishes"] += 1
                self.done["slowest steady publish, ms"] = max(self.done["slowest steady publish, ms"],
                                                             round((monotonic() - start) * 1000))
            except TROUBLE as error:
                self._judge.violation(f"`{name}` noticed something {monotonic() - start:.1f} s after it published: {error}")
                client.close()
                self._clients[name] = self._login(name)

    def _login(self, name):
        client = RawClient(self._broker, name, username=name, password=password_of(name)).login()
        assert client.subscribe(f"steady/{name}/#") != DENIED
        return client


class Visitors(Worker):
    """Log in, subscribe, publish and leave; and somebody tries a wrong password."""

    def round(self):
        for name in VISITORS:
            self._visit(name)
            _, answer = self.connect(name, "guessed", name)
            if answer == 0:
                self._judge.violation(f"`{name}` was let in with a wrong password")

    def _visit(self, name):
        client, answer = self.connect(name, password_of(name), name)
        if answer != 0:
            self._judge.violation(f"`{name}` was turned away: {answer}")
            return
        try:
            for permission, topic, allowed in (("read", f"visits/{name}", True), ("write", f"visits/{name}", True),
                                               ("read", f"steady/{name}", False), ("write", f"steady/{name}", False)):
                self.done["publishes" if permission == "write" else "subscriptions"] += 1
                if ask(client, permission, topic) != allowed:
                    self._judge.violation(f"`{name}`: {permission} `{topic}` was {'denied' if allowed else 'allowed'}")
        except TROUBLE as error:
            self._judge.violation(f"`{name}` was cut: {error}")
        client.disconnect()


class EditedClients(Worker):
    """Tries the door as clients that are being edited, with right and wrong passwords, and then their rights."""

    PAUSE = 0.01

    def round(self):
        username = self._username()
        password = self._password(username)
        client_id = self._random.choice([f"{username}-{self.native_id}", f"id-odd-{self.native_id}", f"id-even-{self.native_id}"])
        start = monotonic()
        client, answer = self.connect(username, password, client_id)
        if answer not in (0, REFUSED):
            return
        login = Login(username, password, client_id)
        settled = self._judge.login(start, login, answer == 0)
        self.done["logins accepted" if answer == 0 else "logins refused"] += 1
        if answer == 0:
            self._try_rights(client, login, settled)
            client.disconnect()

    def _username(self):
        everybody = CLIENTS + LATE
        registered = [name for name in everybody if name in self._judge.timeline.latest.clients]
        return self._random.choice(registered if self._random.random() < 0.8 else everybody)

    def _password(self, username):
        known = self._judge.timeline.latest.passwords_of(username)
        if known and self._random.random() < 0.85:
            return self._random.choice(known)
        before = self._random.choice(self._judge.timeline.between(monotonic() - 20, monotonic())).passwords_of(username)
        return self._random.choice(before + ["guessed"])

    def _try_rights(self, client, login, settled):
        for _ in range(self._random.choice([1, 3, 10, 30])):
            permission, topic = self._random.choice(["read", "write"]), self._random.choice(TOPICS).format(username=login.username)
            start = monotonic()
            try:
                allowed = ask(client, permission, topic)
            except Closed:
                self.done["cut"] += self._judge.cut(start, login)
                return
            except TimeoutError as error:
                self._judge.violation(f"{login} asked for {permission} `{topic}`: {error}")
                return
            self.done["publishes" if permission == "write" else "subscriptions"] += 1
            self.done["denied"] += not allowed
            self._judge.access(start, login, settled, permission, topic, allowed)
            if self._enough.wait(self._random.choice([0, 0, 0.01, 0.2])):
                return


def edited_clients(broker, judge, seed):
    return [EditedClients(broker, judge, random.Random(f"{seed} clients {number}")) for number in range(3)]


def ask(client, permission, topic):
    """Whether the broker grants it."""
    answer = client.publish(topic, b"", NOTICEABLE) if permission == "write" else client.subscribe(topic, NOTICEABLE)
    client.messages.clear()
    return answer != DENIED


def compare_all(broker, judge, state):
    """Now that all is quiet, every client, password and right. Returns how many answers that were."""
    compared = 0
    for username in CLIENTS + LATE:
        for client_id in (f"{username}-last", "id-odd-last", "id-even-last"):
            for password in [*state.passwords_of(username), "guessed"]:
                client = RawClient(broker, client_id, username=username, password=password)
                login = Login(username, password, client_id)
                settled = state.admits(login)
                compared += 1
                if (client.connect(NOTICEABLE) == 0) != (settled is not None):
                    judge.violation(f"in the end {login} was {'refused' if settled else 'let in'}")
                elif settled:
                    compared += _compare_rights(client, judge, state, settled)
                client.close()
    return compared


def _compare_rights(client, judge, state, settled):
    questions = [(permission, topic.format(username=settled.username)) for topic in TOPICS for permission in ("read", "write")]
    for permission, topic in questions:
        if ask(client, permission, topic) != state.permits(settled, permission, topic):
            judge.violation(f"in the end `{settled.username}`: {permission} `{topic}` was "
                            f"{'denied' if state.permits(settled, permission, topic) else 'allowed'}")
    return len(questions)
