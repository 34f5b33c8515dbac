"""What is true, and when it was: the tables as they were committed, and what the broker may answer by them.

A State is read from the tables inside each transaction, just before its COMMIT. How the rows are to be understood is
written here once more, as plainly as can be, and in another language than the plugin's.
"""

import json
import threading
import time
from fnmatch import fnmatchcase
from typing import NamedTuple

_READ = """
    SELECT jsonb_build_object(
        'clients', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'username', c.username, 'client_id', c.client_id,
            'open', c.enabled AND (c.valid_until IS NULL OR c.valid_until > now()),
            'secrets', ARRAY(SELECT secret FROM mqtt_auth.credentials AS k WHERE k.username = c.username),
            'groups', ARRAY(SELECT g.id FROM mqtt_auth.group_members AS m JOIN mqtt_auth.groups AS g ON g.name = m.group_name
                            WHERE m.username = c.username))), '[]') FROM mqtt_auth.clients AS c),
        'groups', (SELECT coalesce(jsonb_object_agg(name, id), '{}') FROM mqtt_auth.groups),
        'rules', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', r.name, 'enabled', r.enabled, 'username', r.username, 'client_id', r.client_id,
            'groups', ARRAY(SELECT g.id FROM mqtt_auth.group_rule_groups AS p JOIN mqtt_auth.groups AS g ON g.name = p.group_name
                            WHERE p.rule_name = r.name))), '[]') FROM mqtt_auth.group_rules AS r),
        'entries', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'group', g.id, 'username', a.username, 'effect', a.effect, 'permission', a.permission, 'topic', a.topic,
            'priority', a.priority)), '[]')
            FROM mqtt_auth.acls AS a LEFT JOIN mqtt_auth.groups AS g ON g.name = a.group_name))"""


class Entry(NamedTuple):
    effect: str
    permission: str
    topic: str
    priority: int


class Settled(NamedTuple):
    """What is settled of a connection: with `apply_changes: reconnect` for as long as it lasts."""

    username: str
    groups: frozenset
    own: tuple


class Login(NamedTuple):
    username: str
    password: str
    client_id: str

    def __str__(self):
        return f"`{self.username}` with password `{self.password}` and client id `{self.client_id}`"


class State:
    def __init__(self, session, passwords):
        """passwords: of each hash that was ever stored."""
        tables = json.loads(session.execute(_READ)[0][0])
        self.clients = {row["username"]: row for row in tables["clients"]}
        self.groups = tables["groups"]
        self.rules = tables["rules"]
        self._passwords = {name: {passwords[secret] for secret in row["secrets"]} for name, row in self.clients.items()}
        self._entries = {}
        for row in tables["entries"]:
            entry = Entry(row["effect"], row["permission"], row["topic"], row["priority"])
            self._entries.setdefault(row["group"] or row["username"], []).append(entry)

    def passwords_of(self, username):
        return sorted(self._passwords.get(username, ()))

    def admits(self, login):
        """What is settled for such a connection, or None where it is refused."""
        username, password, client_id = login
        row = self.clients.get(username)
        if row is None or not row["open"] or password not in self._passwords[username]:
            return None
        if row["client_id"] and not fnmatchcase(client_id, row["client_id"].replace("%u", username)):
            return None
        groups = set(row["groups"])
        for rule in self.rules:
            if rule["enabled"] and _holds(rule["username"], username) and _holds(rule["client_id"], client_id):
                groups.update(rule["groups"])
        return Settled(username, frozenset(groups), tuple(sorted(self._entries.get(username, ()))))

    def permits(self, settled, permission, topic):
        """Whether a connection may `write` or `read` a topic. Entries of groups act as they are now."""
        entries = [*settled.own, *(entry for group in settled.groups for entry in self._entries.get(group, ()))]
        relevant = [entry for entry in entries if entry.permission in (permission, "readWrite")
                    and _matches(entry.topic.split("/"), topic.split("/"), settled.username)]
        highest = max((entry.priority for entry in relevant), default=None)
        effects = {entry.effect for entry in relevant if entry.priority == highest}
        return effects == {"allow"}


def _holds(condition, value):
    return condition is None or fnmatchcase(value, condition)


def _matches(filter, topic, username):
    if filter == ["#"]:
        return True
    if not filter or not topic:
        return not filter and not topic
    first = username if filter[0] == "%u" else filter[0]
    return first in ("+", topic[0]) and _matches(filter[1:], topic[1:], username)


class _Span:
    """A State, and from when until when it may have been the committed one."""

    def __init__(self, state):
        self.state = state
        self.since = time.monotonic()
        self.until = None


class Timeline:
    """States in the order of their commits. May be asked by any thread; one thread writes."""

    def __init__(self, state):
        self._spans = [_Span(state)]
        self._lock = threading.Lock()

    @property
    def latest(self):
        return self._spans[-1].state

    def commit(self, state, committed):
        """Calls committed(), which answers whether it really was. Meanwhile the state may be the one or the other."""
        span = _Span(state)
        with self._lock:
            self._spans.append(span)
        done = committed()
        with self._lock:
            if done:
                self._spans[-2].until = time.monotonic()
            else:
                self._spans.remove(span)
        return done

    def between(self, start, end):
        """The states that were committed at some time from `start` to `end`, the latest first."""
        found = []
        with self._lock:
            for span in reversed(self._spans):
                if span.until is not None and span.until < start:
                    break
                if span.since <= end:
                    found.append(span.state)
        return found


class Judge:
    """Knows which states an answer may be based on, and keeps what was answered otherwise.

    window: seconds within which a COMMIT has to be enforced. During a fault, and until the plugin has the tables
    again, it may be based on anything since the fault began.
    apply_changes: as the broker has it."""

    def __init__(self, timeline, window, apply_changes):
        self.timeline = timeline
        self.window = window
        self._settles_again = apply_changes == "immediately"
        self.violations = []
        self._begin = time.monotonic()
        self._faults = []  # [start, end], where end may be None

    def fault_begins(self):
        self._faults.append([time.monotonic(), None])

    def fault_is_over(self):
        self._faults[-1][1] = time.monotonic()

    def violation(self, text):
        self.violations.append(f"{time.monotonic() - self._begin:.1f} s: {text}")

    def states(self, start, end):
        """On which an answer that came between `start` and `end` may be based."""
        earliest = start - self.window
        for begun, over in self._faults:
            if begun <= end and (over is None or over >= start):
                earliest = min(earliest, begun - self.window)
        return self.timeline.between(earliest, end)

    def login(self, start, login, accepted):
        """Returns what may have been settled for the connection."""
        settled = [state.admits(login) for state in self.states(start, time.monotonic())]
        if not any((each is not None) == accepted for each in settled):
            self.violation(f"{login} was {'let in' if accepted else 'refused'}, which no state of the tables explains")
        return set(settled) - {None}

    def access(self, start, login, settled, permission, topic, allowed):
        """settled: what login() returned."""
        states = self.states(start, time.monotonic())
        if self._settles_again:
            settled = {state.admits(login) for state in states}
        explained = any((each is not None and state.permits(each, permission, topic)) == allowed for state in states for each in settled)
        if settled and not explained:
            self.violation(f"{login}: {permission} `{topic}` was {'allowed' if allowed else 'denied'}, "
                           "which no state of the tables explains")

    def cut(self, start, login):
        """Its connection was ended by the broker."""
        may_be = self._settles_again and any(state.admits(login) is None for state in self.states(start, time.monotonic()))
        if not may_be:
            self.violation(f"{login} was cut, which no state of the tables explains")
        return may_be
