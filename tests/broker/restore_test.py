"""The database is put back to what it was: what had changed since then no longer holds, and what changes afterwards does."""

import os
import subprocess

import pytest

from outage import DURING, Edits, Traffic, said_once
from postgres import OWNER, PLUGIN_ROLE, SUPERUSER, Postgres, binary


def dump(database, file):
    server = database.postgres
    subprocess.run([binary("pg_dump"), "-h", server.sockets, "-p", str(server.port), "-U", SUPERUSER, "-Fc", "-f", file,
                    database.name], check=True, timeout=60)


def restore(file, database, *options):
    server = database.postgres
    subprocess.run([binary("pg_restore"), "-h", server.sockets, "-p", str(server.port), "-U", SUPERUSER, "-d", database.name,
                    *options, file], check=True, timeout=60)


def restore_rows(file, database):
    """In one transaction, with the tables as they are."""
    [(tables,)] = database.postgres.sql(
        "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class "
        "WHERE relnamespace = 'mqtt_auth'::regnamespace AND relkind = 'r'", database.name)
    rows = subprocess.run([binary("pg_restore"), "--data-only", "--disable-triggers", "-f", "-", file],
                          check=True, capture_output=True, text=True).stdout
    database.postgres.sql(f"BEGIN; TRUNCATE {tables};\n{rows}\nCOMMIT", database.name)


@pytest.fixture
def dump_file(tmp_path):
    return os.path.join(tmp_path, "dump")


@pytest.mark.parametrize("steps", ["one by one", "in one transaction"])
def test_an_older_dump_that_is_restored_in_place_holds(install, dump_file, steps):
    place = install()
    undone, kept = Edits(place, "undone"), Edits(place, "kept")
    traffic = Traffic.prepare(place)
    dump(place.database, dump_file)
    undone.make(place.database)
    undone.until_known()
    # Where the schema is away for a moment the plugin may come at that moment, or not.
    restore(dump_file, place.database, "--clean", *(["--single-transaction"] if steps == "in one transaction" else []))
    traffic.run(DURING)
    undone.until_forgotten()
    kept.make(place.database)
    kept.until_known()
    traffic.check()


def test_an_older_dump_that_is_restored_over_other_rows_holds(install, dump_file):
    """Rows only: the tables stay, and so do the change feed's."""
    place = install()
    undone, kept = Edits(place, "undone"), Edits(place, "kept")
    traffic = Traffic.prepare(place)
    dump(place.database, dump_file)
    undone.make(place.database)
    undone.until_known()
    restore_rows(dump_file, place.database)
    traffic.run(DURING)
    undone.until_forgotten()
    kept.make(place.database)
    kept.until_known()
    traffic.check()


def test_a_fresh_cluster_with_an_older_dump_in_the_same_place_holds(install, primary, dump_file):
    place = install(server=primary)
    undone, kept = Edits(place, "undone"), Edits(place, "kept")
    traffic = Traffic.prepare(place)
    dump(place.database, dump_file)
    undone.make(place.database)
    undone.until_known()
    with Postgres() as fresh:
        fresh.sql(f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {PLUGIN_ROLE} LOGIN; CREATE ROLE mqtt_auth_admin;"
                  f"CREATE ROLE mqtt_auth_broker; GRANT mqtt_auth_broker TO {PLUGIN_ROLE}")
        fresh.sql(f"CREATE DATABASE {place.database.name} OWNER {OWNER}")
        restored = fresh.database(place.database.name)
        restore(dump_file, restored)
        fresh.stop()
        with said_once(place):
            primary.stop()
            traffic.run(DURING)
            fresh.take_the_place_of(primary)
            fresh.start()
        kept.make(restored)
        kept.until_known()
        undone.until_forgotten()
        traffic.check()


def test_a_cluster_that_is_rewound_to_a_point_in_time_holds(install, primary):
    """... and then uses transaction ids again."""
    place = install(server=primary)
    undone, kept = Edits(place, "undone"), Edits(place, "kept")
    traffic = Traffic.prepare(place)
    primary.stop()
    copy = primary.save()
    primary.start()
    undone.make(place.database)
    undone.until_known()
    with said_once(place):
        primary.stop()
        traffic.run(DURING)
        primary.rewind(copy)
        primary.start()
        kept.make(place.database)
    kept.until_known()
    undone.until_forgotten()
    traffic.check()
