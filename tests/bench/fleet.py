"""A database as a large site has it, made in seconds: rows that look real, and are valid."""

from typing import NamedTuple

from postgres import SUPERUSER
from sql_session import Session

# Nobody listens while the rows are made, and a million rows are not asked whether they make sense: those of a
# small fleet, which are made alike, are.
_TAKE_GUARDS_OFF = """
    CREATE TEMP TABLE kept_triggers AS
        SELECT c.relname, g.tgname FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
        WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND g.tgenabled = 'A';
    CREATE TEMP TABLE kept_constraints AS
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) AS definition
        FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
        WHERE c.relnamespace = 'mqtt_auth'::regnamespace AND k.contype = 'c';
    DO $$
    DECLARE kept record; name text;
    BEGIN
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('ALTER TABLE mqtt_auth.%I DISABLE TRIGGER ALL', name);
        END LOOP;
        FOR kept IN SELECT * FROM kept_constraints LOOP
            EXECUTE format('ALTER TABLE mqtt_auth.%I DROP CONSTRAINT %I', kept.relname, kept.conname);
        END LOOP;
    END $$"""

_PUT_GUARDS_BACK = """
    DO $$
    DECLARE kept record; name text;
    BEGIN
        FOR kept IN SELECT * FROM kept_constraints LOOP
            EXECUTE format('ALTER TABLE mqtt_auth.%%I ADD CONSTRAINT %%I %%s', kept.relname, kept.conname, kept.definition)
                || CASE WHEN %(clients)d > 10000 THEN ' NOT VALID' ELSE '' END;
        END LOOP;
        FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('ALTER TABLE mqtt_auth.%%I ENABLE TRIGGER ALL', name);
        END LOOP;
        FOR kept IN SELECT * FROM kept_triggers LOOP
            EXECUTE format('ALTER TABLE mqtt_auth.%%I ENABLE ALWAYS TRIGGER %%I', kept.relname, kept.tgname);
        END LOOP;
    END $$"""

# A third of the clients is bound to its own client id, a tenth has attributes, half a name for people.
_CLIENTS = """
    INSERT INTO mqtt_auth.clients (username, name, client_id, attributes)
    SELECT 'press-' || lpad(i::text, 7, '0'),
           CASE WHEN i %% 2 = 0 THEN 'Press ' || i || ', hall ' || i %% 40 END,
           CASE WHEN i %% 3 = 0 THEN '%%u' END,
           CASE WHEN i %% 10 = 0 THEN jsonb_build_object('line', (i %% 100)::text, 'site', 'plant-' || i %% 7) ELSE '{}' END
    FROM generate_series(1, %(clients)d) AS i"""

# Of the length and the alphabet of a hash that mosquitto_passwd writes, or of argon2id's, in turn. Nobody knows a
# password that fits.
_CREDENTIALS = r"""
    INSERT INTO mqtt_auth.credentials (username, secret)
    SELECT 'press-' || lpad(i::text, 7, '0'),
           CASE WHEN i %% 2 = 0
                THEN '$7$101$' || substr(digest, 1, 16) || '$' || digest
                ELSE '$argon2id$v=19$m=19456,t=2,p=1$' || substr(digest, 1, 21) || 'A$' || substr(digest, 23, 42) || 'A' END
    FROM generate_series(1, %(clients)d) AS i
    CROSS JOIN LATERAL (SELECT replace(encode(sha512(i::text::bytea), 'base64'), E'\n', '')) AS made (digest)"""

_GROUPS = "INSERT INTO mqtt_auth.groups (name) SELECT 'line-' || i FROM generate_series(1, %(groups)d) AS i"

_MEMBERS = """
    INSERT INTO mqtt_auth.group_members (group_name, username)
    SELECT 'line-' || i %% %(groups)d + 1, 'press-' || lpad(i::text, 7, '0') FROM generate_series(1, %(clients)d) AS i"""

# One entry in ten is a client's own; one of a group's in twenty denies.
_ENTRIES = """
    INSERT INTO mqtt_auth.acls (group_name, username, effect, permission, topic, priority)
    SELECT CASE WHEN i %% 10 > 0 THEN 'line-' || i / 10 %% %(groups)d + 1 END,
           CASE WHEN i %% 10 = 0 THEN 'press-' || lpad((i / 10 %% %(clients)d + 1)::text, 7, '0') END,
           CASE WHEN i %% 20 = 9 THEN 'deny' ELSE 'allow' END,
           (ARRAY['read', 'write', 'readWrite'])[i %% 3 + 1],
           CASE i %% 10 WHEN 0 THEN 'audit/%%u/' || i
                       WHEN 1 THEN 'plant/' || i / 10 || '/%%u/#'
                       WHEN 2 THEN 'plant/%%{site}/%%{line}/state'
                       WHEN 3 THEN 'site/' || i || '/%%c/config'
                       WHEN 9 THEN 'plant/+/+/secret/' || i
                       ELSE 'plant/' || i || '/+/state' END,
           CASE WHEN i %% 20 = 9 THEN 10 ELSE 0 END
    FROM generate_series(1, %(entries)d) AS i"""

_RULES = """
    INSERT INTO mqtt_auth.group_rules (name, client_id, username)
    SELECT 'rule ' || i,
           CASE WHEN i %% 2 = 0 THEN 'gateway-' || i || '-*' END,
           CASE WHEN i %% 2 = 1 THEN 'press-' || lpad(i::text, 6, '0') || '?' END
    FROM generate_series(1, %(rules)d) AS i"""

_RULE_GROUPS = """
    INSERT INTO mqtt_auth.group_rule_groups (rule_name, group_name)
    SELECT 'rule ' || i, 'line-' || i %% %(groups)d + 1 FROM generate_series(1, %(rules)d) AS i"""


class Size(NamedTuple):
    clients: int
    groups: int
    entries: int
    rules: int

    def scaled(self, clients):
        """As many clients, and of everything else in proportion."""
        return Size(clients, *(max(1, number * clients // self.clients) for number in self[1:]))


def fill(database, size):
    with Session(database, SUPERUSER) as session:
        session.execute("BEGIN")
        session.execute(_TAKE_GUARDS_OFF)
        for statement in (_CLIENTS, _CREDENTIALS, _GROUPS, _MEMBERS, _ENTRIES, _RULES, _RULE_GROUPS, _PUT_GUARDS_BACK):
            session.execute(statement % size._asdict())
        session.execute("COMMIT")
        # As after any bulk load: what is measured is reading, not the rest of the writing.
        session.execute("VACUUM ANALYZE")
        session.execute("CHECKPOINT")
