"""Edits in SQL all the while: alone, several in a transaction, rolled back, committed late.

One thread, so that commits have an order that it knows. It edits the clients, groups and rules that are named here and
nobody else's.
"""

import random
import threading
import time
from collections import Counter

from installation import hash_of
from model import State
from postgres import SqlError
from sql_session import Lost, Session

CLIENTS = [f"edited-{number}" for number in range(20)]
LATE = [f"late-{number}" for number in range(4)]  # edited only by transactions that commit late
GROUPS = [f"group-{number}" for number in range(6)]
RULES = [f"rule-{number}" for number in range(5)]
FILTERS = ["area/0", "area/1", "area/2", "area/+", "area/#", "home/%u", "home/+", "+/%u"]
TOPICS = ["area/0", "area/1", "area/2", "home/{username}", "home/somebody", "elsewhere"]
PAUSE = 0.05  # seconds, on average, between two transactions
LONGEST = 6.0  # seconds that a late transaction stays open
LOCK_TIMEOUT = 5  # seconds

SCHEMA = "CREATE TABLE public.committed (number integer PRIMARY KEY)"


class Editor(threading.Thread):
    def __init__(self, database, seed, passwords):
        super().__init__(daemon=True)
        self.done = Counter()
        self.refusals = Counter()
        self.error = None
        self._database = database
        self._random = random.Random(f"{seed} edits")
        self._passwords = passwords
        self._numbers = 0
        self._enough = threading.Event()
        self._late = None
        self._timeline = None

    def follow(self, timeline):
        """Every commit from now on goes there."""
        self._timeline = timeline
        self.start()

    def finish(self):
        self._enough.set()
        self.join()
        if self.error:
            raise self.error

    def run(self):
        try:
            while not self._enough.is_set():
                try:
                    with self._session() as session:
                        while not self._enough.is_set():
                            self._transaction(session)
                            self._end_late_transaction()
                            self._enough.wait(self._random.expovariate(1 / PAUSE))
                except Lost:
                    self._enough.wait(0.05)
        except Exception as error:
            self.error = error
        finally:
            if self._late:
                self._late.session.close()

    def _session(self):
        session = Session(self._database)
        session.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}s'")
        return session

    # --- transactions ---------------------------------------------------------------------

    def _transaction(self, session):
        kind = self._random.choices(["commit", "roll back", "late"], [40, 8, 1])[0]
        edits = [self._random.choice(EDITS) for _ in range(self._random.choice([1, 1, 1, 2, 4]))]
        if self._random.random() < 0.02:
            edits = [self._random.choice(RARE_EDITS)]
        try:
            if kind == "late" and self._late is None:
                self._begin_late_transaction()
            elif edits[0] not in RARE_EDITS or self._late is None:
                number = self._next_number()
                self._edit(session, number, edits)
                if kind == "roll back":
                    session.execute("ROLLBACK")
                    self.done["rolled back"] += 1
                else:
                    self._commit(session, number)
                    self.done.update(edit.__name__.strip("_") for edit in edits)
        except Lost:
            raise
        except SqlError as error:
            self._count_refusal(error)
            session.execute("ROLLBACK")

    def _count_refusal(self, error):
        self.refusals[str(error).splitlines()[0]] += 1

    def _next_number(self):
        self._numbers += 1
        return self._numbers

    def _edit(self, session, number, edits):
        session.execute("BEGIN")
        session.execute("INSERT INTO public.committed VALUES ($1)", number)
        for edit in edits:
            edit(self, session, State(session, self._passwords))

    def _begin_late_transaction(self):
        late = _Late(self._session(), self._next_number(), self._random.uniform(0.2, LONGEST))
        try:
            self._edit(late.session, late.number, [_disturb_late_client])
        except SqlError:
            late.session.close()
            raise
        self._late = late

    def _end_late_transaction(self):
        if self._late is None or time.monotonic() < self._late.end:
            return
        late, self._late = self._late, None
        with late.session:
            try:
                if self._random.random() < 0.3:
                    late.session.execute("ROLLBACK")
                    self.done["rolled back late"] += 1
                else:
                    self._commit(late.session, late.number)
                    self.done["committed late"] += 1
            except Lost:
                self.done["late transaction lost"] += 1
            except SqlError as error:
                self._count_refusal(error)

    def _commit(self, session, number):
        state = State(session, self._passwords)

        def committed():
            try:
                session.execute("COMMIT")
                return True
            except SqlError:
                return self._was_committed(number)

        if not self._timeline.commit(state, committed):
            raise Lost("the transaction was lost")

    def _was_committed(self, number):
        """Asks the next server that answers."""
        while True:
            try:
                with self._session() as session:
                    return bool(session.execute("SELECT FROM public.committed WHERE number = $1", number))
            except Lost:
                time.sleep(0.05)

    # --- what edits need ------------------------------------------------------------------

    def new_secret(self, username):
        password = f"secret {self._random.randrange(10**6)} of {username}"
        secret = hash_of(password)
        self._passwords[secret] = password
        return secret

    def some(self, names, among):
        """One of `names` that is among those, or a reason to do nothing."""
        return self._random.choice([name for name in names if name in among] or [None])

    def unused(self, names, among):
        return self._random.choice([name for name in names if name not in among] or [None])

    def choose(self, *choices):
        return self._random.choice(choices)


class _Late:
    def __init__(self, session, number, seconds):
        self.session = session
        self.number = number
        self.end = time.monotonic() + seconds


# --- edits: each does one thing, or nothing where there is nobody to do it to --------------------


def _create_client(editor, session, state):
    if name := editor.unused(CLIENTS, state.clients):
        session.execute("SELECT mqtt_auth.create_client($1, secret => $2, client_id => $3)",
                        name, editor.new_secret(name), editor.choose(None, None, None, "%u-*"))
        if group := editor.some(GROUPS, state.groups):
            session.execute("SELECT mqtt_auth.add_to_group($1, $2)", name, group)


def _for_a_client(statement):
    def edit(editor, session, state):
        if name := editor.some(CLIENTS, state.clients):
            session.execute(statement, name)
    return edit


def _for_a_member(statement):
    def edit(editor, session, state):
        name, group = editor.some(CLIENTS, state.clients), editor.some(GROUPS, state.groups)
        if name and group:
            session.execute(statement, name, group)
    return edit


def _for_a_group(statement):
    def edit(editor, session, state):
        if name := editor.some(GROUPS, state.groups):
            session.execute(statement, name)
    return edit


def _for_a_rule(statement):
    def edit(editor, session, state):
        if name := editor.some(RULES, [rule["name"] for rule in state.rules]):
            session.execute(statement, name)
    return edit


def _named(name, edit):
    edit.__name__ = name
    return edit


def _set_password(editor, session, state):
    if name := editor.some(CLIENTS, state.clients):
        session.execute("SELECT mqtt_auth.set_password($1, secret => $2)", name, editor.new_secret(name))


def _grant_password(editor, session, state):
    if name := editor.some(CLIENTS, state.clients):
        session.execute("SELECT mqtt_auth.grant_password($1, secret => $2)", name, editor.new_secret(name))


def _rename_client(editor, session, state):
    old, new = editor.some(CLIENTS, state.clients), editor.unused(CLIENTS, state.clients)
    if old and new:
        session.execute("SELECT mqtt_auth.rename_client($1, $2)", old, new)


def _create_group(editor, session, state):
    if name := editor.unused(GROUPS, state.groups):
        session.execute("SELECT mqtt_auth.create_group($1)", name)


def _rename_group(editor, session, state):
    old, new = editor.some(GROUPS, state.groups), editor.unused(GROUPS, state.groups)
    if old and new:
        session.execute("UPDATE mqtt_auth.groups SET name = $2 WHERE name = $1", old, new)


def _add_entry(editor, session, state):
    group, name = editor.some(GROUPS, state.groups), editor.some(CLIENTS, state.clients)
    if editor.choose(True, True, False):
        name = None
    else:
        group = None
    if group or name:
        session.execute("INSERT INTO mqtt_auth.acls (group_name, username, effect, permission, topic, priority) "
                        "VALUES ($1, $2, $3, $4, $5, $6)", group, name, editor.choose("allow", "allow", "deny"),
                        editor.choose("read", "write", "readWrite"), editor.choose(*FILTERS), editor.choose(0, 0, 1, 2))


def _add_rule(editor, session, state):
    name = editor.unused(RULES, [rule["name"] for rule in state.rules])
    group = editor.some(GROUPS, state.groups)
    if name and group:
        session.execute("SELECT mqtt_auth.add_group_rule($1, ARRAY[$2], username => $3, client_id => $4)", name, group,
                        *editor.choose(("edited-1*", None), (None, "*-odd-*"), ("edited-?", "*-even-*")))


def _touch(editor, session, state):
    session.execute("SELECT mqtt_auth.touch($1)", editor.choose(None, *CLIENTS))


def _disturb_late_client(editor, session, state):
    name = editor.choose(*LATE)
    if editor.choose(True, False):
        session.execute("SELECT mqtt_auth.set_password($1, secret => $2)", name, editor.new_secret(name))
    else:
        session.execute("UPDATE mqtt_auth.clients SET enabled = NOT enabled WHERE username = $1", name)


def _load_entries_again(editor, session, state):
    session.execute("CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE mqtt_auth.acls")
    session.execute("TRUNCATE mqtt_auth.acls")
    session.execute("INSERT INTO mqtt_auth.acls OVERRIDING SYSTEM VALUE TABLE kept")


def _truncate_rules(editor, session, state):
    session.execute("TRUNCATE mqtt_auth.group_rules, mqtt_auth.group_rule_groups")


def _truncate_members(editor, session, state):
    """But for those whom no edit touches."""
    session.execute("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM mqtt_auth.group_members WHERE group_name <> ALL ($1)",
                    "{" + ",".join(GROUPS) + "}")
    session.execute("TRUNCATE mqtt_auth.group_members")
    session.execute("INSERT INTO mqtt_auth.group_members TABLE kept")


_ENTRY_OF_GROUP = "(SELECT id FROM mqtt_auth.acls WHERE group_name = $1 ORDER BY id LIMIT 1)"
_CREDENTIAL = "(SELECT id FROM mqtt_auth.credentials WHERE username = $1 ORDER BY id LIMIT 1)"

EDITS = [
    _create_client, _create_client, _create_client, _set_password, _grant_password, _rename_client,
    _create_group, _create_group, _rename_group, _add_entry, _add_entry, _add_entry, _add_entry, _add_rule, _add_rule, _touch,
    _named("delete_client", _for_a_client("SELECT mqtt_auth.delete_client($1)")),
    _named("disable_client", _for_a_client("SELECT mqtt_auth.disable_client($1)")),
    _named("enable_client", _for_a_client("SELECT mqtt_auth.enable_client($1)")),
    _named("enable_client", _for_a_client("SELECT mqtt_auth.enable_client($1)")),
    _named("revoke_password", _for_a_client(f"DELETE FROM mqtt_auth.credentials WHERE id = {_CREDENTIAL}")),
    _named("expire_client", _for_a_client("UPDATE mqtt_auth.clients SET valid_until = '2020-01-01' WHERE username = $1")),
    _named("prolong_client", _for_a_client("UPDATE mqtt_auth.clients SET valid_until = NULL WHERE username = $1")),
    _named("add_to_group", _for_a_member("SELECT mqtt_auth.add_to_group($1, $2)")),
    _named("add_to_group", _for_a_member("SELECT mqtt_auth.add_to_group($1, $2)")),
    _named("remove_from_group", _for_a_member("DELETE FROM mqtt_auth.group_members WHERE username = $1 AND group_name = $2")),
    _named("delete_group", _for_a_group("SELECT mqtt_auth.delete_group($1)")),
    _named("delete_entry", _for_a_group(f"DELETE FROM mqtt_auth.acls WHERE id = {_ENTRY_OF_GROUP}")),
    _named("delete_entry", _for_a_group(f"DELETE FROM mqtt_auth.acls WHERE id = {_ENTRY_OF_GROUP}")),
    _named("turn_entry", _for_a_group("UPDATE mqtt_auth.acls SET effect = CASE effect WHEN 'allow' THEN 'deny' ELSE 'allow' END "
                                      f"WHERE id = {_ENTRY_OF_GROUP} AND max_qos IS NULL")),
    _named("delete_rule", _for_a_rule("SELECT mqtt_auth.delete_group_rule($1)")),
    _named("switch_rule", _for_a_rule("UPDATE mqtt_auth.group_rules SET enabled = NOT enabled WHERE name = $1")),
]
RARE_EDITS = [
    _load_entries_again,
    _truncate_rules,
    _truncate_members,
]
