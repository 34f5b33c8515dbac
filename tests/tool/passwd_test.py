"""pgauth passwd: the new password counts, the old ones do not, and the server has never seen it."""

import crypt

import pytest

from installation import hash_of
from pgauth import Pgauth
from postgres import OWNER, Postgres

PASSWORD = "s3cret-of-nobody-else"


@pytest.fixture
def press(database):
    database.sql("SELECT mqtt_auth.create_client('Press 7', username => 'press-7', secret => :'secret')", secret=hash_of("old"))
    return database


def secrets(database):
    return [secret for (secret,) in database.sql("SELECT secret FROM mqtt_auth.credentials WHERE username = 'press-7'")]


def test_a_client_has_the_new_password_and_no_other(press, pgauth):
    press.sql("SELECT mqtt_auth.grant_password('press-7', secret => :'secret')", secret=hash_of("older"))
    assert pgauth.output("passwd", "press-7", "--format", "bcrypt", typed=PASSWORD + "\n") == "`press-7` has a new password\n"
    [secret] = secrets(press)
    assert crypt.crypt(PASSWORD, secret) == secret


def test_what_is_stored_is_argon2id_unless_something_else_is_asked_for(press, pgauth):
    pgauth.output("passwd", "press-7", typed=PASSWORD)
    assert secrets(press)[0].startswith("$argon2id$")


def test_the_server_never_sees_the_password():
    with Postgres(log_statement="all", log_min_duration_statement="0") as server:
        database = server.create_database()
        database.sql("SELECT mqtt_auth.create_client('Press 7', username => 'press-7')")
        Pgauth(database).output("passwd", "press-7", typed=PASSWORD)
        assert secrets(database)
        log = server.log()
        assert "set_password" in log and PASSWORD not in log


def test_an_unknown_client_is_told_before_a_password_is_asked_for(press, pgauth):
    assert pgauth.complaint("passwd", "press-9") == "client `press-9` does not exist: create it with mqtt_auth.create_client(...)"


def test_who_may_not_set_passwords_is_told_whom_to_ask(press, as_plugin):
    assert as_plugin.complaint("passwd", "press-7") == (
        "role `mosquitto` may not set passwords: grant mqtt_auth_admin to it, or connect as another one")


def test_a_database_without_the_schema_is_named(postgres):
    tool = Pgauth(postgres.database("postgres"))
    assert "there is no schema mqtt_auth in this database" in tool.complaint("passwd", "press-7")


def test_a_bad_password_changes_nothing(press, pgauth):
    before = secrets(press)
    pgauth.complaint("passwd", "press-7", typed="x" * 1025)
    assert secrets(press) == before


@pytest.mark.parametrize("connection", ["postgresql://admin:hunter2@localhost/mqtt", "host=localhost password=hunter2 user=admin"])
def test_a_password_in_a_connection_string_is_refused_and_not_repeated(pgauth, connection):
    complaint = pgauth.complaint("passwd", "press-7", "--connection", connection)
    assert "use passfile=…, ~/.pgpass or PGPASSWORD" in complaint and "hunter2" not in complaint


def test_a_string_that_libpq_cannot_read_is_not_repeated(pgauth):
    complaint = pgauth.complaint("passwd", "press-7", "--connection", "password='hunter2")
    assert complaint.startswith("--connection: ") and "hunter2" not in complaint


def test_a_distant_server_has_to_show_a_certificate(pgauth):
    connection = "host=db.invalid sslmode=prefer dbname=mqtt"
    assert "use sslmode=verify-full" in pgauth.complaint("passwd", "press-7", "--connection", connection)
    assert "sslmode" not in pgauth.complaint("passwd", "press-7", "--connection", connection, "--tls", "unverified")
    assert pgauth.complaint("passwd", "press-7", "--tls", "none") == "--tls: `none` is no such mode: use verify_full or unverified"


def test_the_connection_string_goes_before_the_environment(press, postgres):
    elsewhere = Pgauth(postgres.database("postgres"))
    where = f"host={postgres.sockets} port={postgres.port} dbname={press.name} user={OWNER}"
    elsewhere.output("passwd", "press-7", "--connection", where, typed=PASSWORD)


def test_a_server_that_is_not_there_is_one_line(pgauth):
    complaint = pgauth.complaint("passwd", "press-7", PGHOST="/nowhere")
    assert complaint.startswith("database `")
