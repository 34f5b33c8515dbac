"""What an administrator can do to the schema and the rights while the plugin reads: nobody notices, and mended is enough."""

import pytest

from outage import DURING, Edits, Traffic, said_nothing, said_once
from sql_session import Session

THROW_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mosquitto';"

# What is done, what the log says of it, and what mends it. As a superuser, in the plugin's database.
MISTAKES = {
    "the schema is missing": (
        "ALTER SCHEMA mqtt_auth RENAME TO elsewhere",
        r"is schema mqtt_auth installed in this database",
        "ALTER SCHEMA elsewhere RENAME TO mqtt_auth"),
    "a view is missing": (
        "ALTER VIEW mqtt_auth.broker_changes RENAME TO elsewhere",
        r"is schema mqtt_auth installed in this database",
        "ALTER VIEW mqtt_auth.elsewhere RENAME TO broker_changes"),
    "the schema is too new": (
        "ALTER TABLE mqtt_auth.settings DROP CONSTRAINT settings_value;"
        "UPDATE mqtt_auth.settings SET value = '99' WHERE key = 'schema_version'",
        r"schema mqtt_auth has version `99`: this plugin works with",
        "UPDATE mqtt_auth.settings SET value = '1' WHERE key = 'schema_version'"),
    "the schema is too new for a plugin that comes back": (
        "ALTER TABLE mqtt_auth.settings DROP CONSTRAINT settings_value;"
        "UPDATE mqtt_auth.settings SET value = '99' WHERE key = 'schema_version';" + THROW_OFF,
        r"trying again",
        "UPDATE mqtt_auth.settings SET value = '1' WHERE key = 'schema_version'"),
    "the role is no longer granted": (
        "REVOKE mqtt_auth_broker FROM mosquitto",
        r"permission denied for schema mqtt_auth: grant mqtt_auth_broker",
        "GRANT mqtt_auth_broker TO mosquitto"),
    "a view may not be read": (
        "REVOKE SELECT ON mqtt_auth.broker_changes FROM mqtt_auth_broker",
        r"permission denied for view broker_changes: grant mqtt_auth_broker",
        "GRANT SELECT ON mqtt_auth.broker_changes TO mqtt_auth_broker"),
    "the role may not log in": (
        "ALTER ROLE mosquitto NOLOGIN;" + THROW_OFF,
        r"trying again",
        "ALTER ROLE mosquitto LOGIN"),
    "the role is gone": (
        THROW_OFF + "REVOKE mqtt_auth_broker FROM mosquitto; DROP ROLE mosquitto",
        r"trying again",
        "CREATE ROLE mosquitto LOGIN; GRANT mqtt_auth_broker TO mosquitto"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_nobody_notices_while(install, postgres, mistake):
    place = install()
    place.come_in_by(place.database.connection, poll_interval="100ms")
    before, after = Edits(place, "before"), Edits(place, "after")
    traffic = Traffic.prepare(place)
    make, complaint, mend = MISTAKES[mistake]
    since = place.broker.log_size()
    with said_once(place):
        postgres.sql(make, place.database.name)
        try:
            place.broker.wait_for_log(f"pgauth: database: .*{complaint}", since)
            traffic.run(DURING)
            assert before.are_unknown()
        finally:
            postgres.sql(mend, place.database.name)
        before.make(place.database)
    before.until_known()
    after.make(place.database)
    after.until_known()
    traffic.check()


def test_a_transaction_in_another_database_that_stays_open_hides_nothing(install, postgres):
    """It holds the oldest transaction back that may still change something."""
    place, elsewhere = install(), postgres.create_database()
    edits = [Edits(place, f"edit {number}") for number in range(5)]
    with Session(elsewhere) as open_transaction:
        open_transaction.execute("BEGIN; SELECT pg_current_xact_id()")
        traffic = Traffic.prepare(place)
        with said_nothing(place):
            for edit in edits:
                edit.make(place.database)
                edit.until_known()
            traffic.run(DURING)
    traffic.check()
