"""pgauth migrate: all the way or not at all, and what comes of it is what a fresh installation is."""

import pathlib
import re
import subprocess
import threading

import pytest

from pgauth import Pgauth
from postgres import SCHEMA, OWNER, binary
from waiting import until

TABLE = """CREATE TABLE mqtt_auth.notes (
    username text PRIMARY KEY REFERENCES mqtt_auth.clients ON DELETE CASCADE,
    note text NOT NULL);
COMMENT ON TABLE mqtt_auth.notes IS 'What people say of clients; one to a client';
SELECT mqtt_auth.grant_roles(admin_role => (SELECT value FROM mqtt_auth.settings WHERE key = 'admin_role'));
"""
FUNCTION = """CREATE FUNCTION mqtt_auth.note(username text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT n.note FROM mqtt_auth.notes AS n WHERE n.username = note.username);
END;
$$;
COMMENT ON FUNCTION mqtt_auth.note(text) IS 'What people say of it';
REVOKE ALL ON FUNCTION mqtt_auth.note(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mqtt_auth.note(text) TO mqtt_auth_admin;
"""


def version(database):
    return database.sql("SELECT value FROM mqtt_auth.settings WHERE key = 'schema_version'")[0][0]


def newest():
    """The version that schema/mqtt_auth.sql installs."""
    return int(re.search(r"\('schema_version', '(\d+)'\)", SCHEMA.read_text())[1])


@pytest.fixture
def migrations(tmp_path):
    """Two more than there are."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in (SCHEMA.parent / "migrations").glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    (folder / f"{newest() + 1:04}_notes.sql").write_text(TABLE)
    (folder / f"{newest() + 2:04}_note_function.sql").write_text(FUNCTION)
    return folder


def dump(database):
    """Names, definitions, comments, grants."""
    done = subprocess.run([binary("pg_dump"), "-s", "-h", database.postgres.sockets, "-p", str(database.postgres.port), "-U", OWNER,
                           "-n", "mqtt_auth", database.name], capture_output=True, text=True, check=True)
    return re.sub(r"(?m)^--.*\n|^\\.*\n", "", done.stdout)


def install_fresh(postgres, tmp_path):
    """A new database with a schema that has from the start what the migrations add."""
    text = SCHEMA.read_text().replace(f"('schema_version', '{newest()}')", f"('schema_version', '{newest() + 2}')")
    body, end = text.rsplit("\nCOMMIT;", 1)
    path = tmp_path / "newer.sql"
    path.write_text(f"{body}\n{TABLE}{FUNCTION}COMMIT;{end}")
    postgres.create_database()  # the roles
    postgres.sql(f"CREATE DATABASE fresh OWNER {OWNER}")
    fresh = postgres.database("fresh")
    fresh.run_file(path)
    return fresh


def test_an_upgraded_schema_equals_a_fresh_one(postgres, database, pgauth, migrations, tmp_path):
    fresh = install_fresh(postgres, tmp_path)
    assert dump(database) != dump(fresh)
    told = pgauth.output("migrate", "--migrations", str(migrations))
    assert told.splitlines() == [f"{newest() + 1:04}_notes.sql: version {newest() + 1}",
                                 f"{newest() + 2:04}_note_function.sql: version {newest() + 2}",
                                 f"schema mqtt_auth: from version {newest()} to {newest() + 2}"]
    assert dump(database) == dump(fresh)
    assert version(database) == version(fresh) == str(newest() + 2)


def test_the_newest_version_is_left_alone(database, pgauth, migrations):
    pgauth.output("migrate", "--migrations", str(migrations))
    before = dump(database)
    assert pgauth.output("migrate", "--migrations", str(migrations)) == f"schema mqtt_auth has version {newest() + 2}, the newest\n"
    assert dump(database) == before


def test_the_schema_that_comes_with_this_version_is_the_newest(database, pgauth):
    folder = str(SCHEMA.parent / "migrations")
    assert pgauth.output("migrate", "--migrations", folder) == f"schema mqtt_auth has version {newest()}, the newest\n"
    assert version(database) == str(newest())


def test_the_migrations_are_found_without_being_named(database, pgauth):
    assert pgauth.output("migrate").endswith("the newest\n")


def test_a_dry_run_says_what_it_would_run_and_runs_nothing(database, pgauth, migrations):
    before = dump(database)
    assert pgauth.output("migrate", "--dry-run", "--migrations", str(migrations)).splitlines() == [
        f"would run {newest() + 1:04}_notes.sql: version {newest() + 1}",
        f"would run {newest() + 2:04}_note_function.sql: version {newest() + 2}"]
    assert dump(database) == before and version(database) == str(newest())


def test_a_migration_that_fails_takes_all_of_them_back(database, pgauth, migrations):
    (migrations / f"{newest() + 2:04}_note_function.sql").write_text("SELECT 1;\nSELECT no_such_column FROM mqtt_auth.notes;\n")
    before = dump(database)
    complaint = pgauth.complaint("migrate", "--migrations", str(migrations))
    assert complaint.startswith(f"{newest() + 2:04}_note_function.sql: column \"no_such_column\" does not exist")
    assert complaint.endswith(": nothing was changed")
    assert dump(database) == before and version(database) == str(newest())


def test_a_newer_schema_is_refused(database, pgauth):
    database.sql("UPDATE mqtt_auth.settings SET value = '99' WHERE key = 'schema_version'")
    assert pgauth.complaint("migrate") == (f"schema mqtt_auth has version 99, newer than the newest that is known here, {newest()}: "
                                           "use the pgauth of the newer release")


def test_nothing_is_installed_where_there_is_nothing(postgres):
    postgres.sql(f"CREATE DATABASE empty OWNER {OWNER}")
    complaint = Pgauth(postgres.database("empty")).complaint("migrate")
    assert complaint.startswith("there is no schema mqtt_auth in this database: install it with psql -f /")
    path = pathlib.Path(complaint.rpartition("psql -f ")[2])
    assert path.read_text() == SCHEMA.read_text()


def test_who_does_not_own_the_schema_is_told_who_does(database, as_plugin):
    assert as_plugin.complaint("migrate") == f"schema mqtt_auth is not this role's: connect as `{OWNER}`"


def test_of_two_at_once_one_does_the_work(postgres, database, pgauth, migrations):
    told = []
    both = [threading.Thread(target=lambda: told.append(pgauth("migrate", "--migrations", str(migrations)))) for _ in range(2)]
    # Both stand before the lock, which somebody else has, when they are let go.
    session = subprocess.Popen(postgres.psql_command(OWNER, database.name) + ["-q"], stdin=subprocess.PIPE, text=True)
    session.stdin.write("BEGIN; SELECT pg_advisory_xact_lock(hashtext('mqtt_auth install')) \\g /dev/null\n")
    session.stdin.flush()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted = :'granted'"
    until(lambda: postgres.sql(waiting, granted="true") == [("1",)])
    for thread in both:
        thread.start()
    until(lambda: postgres.sql(waiting, granted="false") == [("2",)])
    session.communicate("COMMIT;\n")
    for thread in both:
        thread.join()
    assert [done.returncode for done in told] == [0, 0], told
    assert sorted(done.stdout.splitlines()[-1] for done in told) == [
        f"schema mqtt_auth has version {newest() + 2} by now", f"schema mqtt_auth: from version {newest()} to {newest() + 2}"]


@pytest.mark.parametrize(("name", "text", "complaint"), [
    ("2_notes.sql", "SELECT 1;", "migration `2_notes.sql`: not a name of one: use 0002_what_it_does.sql"),
    ("0099_notes.sql", "SELECT 1;", "migration `0099_notes.sql`: its number is not the next one, {next}"),
    ("{next}_notes.sql", "SELECT 1;\n\\echo x\n", "migration `{next}_notes.sql`: line 2 is a command of psql: use SQL alone"),
    ("{next}_notes.sql", "SELECT 1;\n  Commit;\n", "migration `{next}_notes.sql`: line 2 begins or ends a transaction: leave that to pgauth"),
])
def test_a_folder_that_makes_no_sense_is_refused(pgauth, migrations, name, text, complaint):
    for path in migrations.glob("*_note*.sql"):
        path.unlink()
    number = f"{newest() + 1:04}"
    (migrations / name.format(next=number)).write_text(text)
    assert pgauth.complaint("migrate", "--migrations", str(migrations)) == complaint.format(next=number)


def test_a_folder_that_is_not_there_is_named(pgauth):
    assert "name their folder with --migrations" in pgauth.complaint("migrate", "--migrations", "/nowhere")
