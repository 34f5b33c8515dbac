"""pgauth passwd: the new password counts, the old ones do not, and the server has never seen it."""

import crypt
import random

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


def set_policy(database, **counts):
    for word, count in counts.items():
        database.sql(f"UPDATE mqtt_auth.settings SET value = {count} WHERE key = 'password_policy_{word}'")


def test_what_a_password_lacks_of_the_policy_is_said_and_nothing_changes(press, pgauth):
    set_policy(press, min=12, lower=1, upper=2, numeric=1, symbol=1)
    before = secrets(press)
    complaint = pgauth.complaint("passwd", "press-7", typed="short")
    assert complaint == ("the password is too weak for the password policy: it needs at least 12 characters, 2 upper-case letters, "
                         "1 digit, 1 symbol")
    assert secrets(press) == before
    pgauth.output("passwd", "press-7", typed="lower-case-1-PRESS")
    assert secrets(press) != before


def test_a_hash_is_made_of_any_password_since_no_database_is_known(press, pgauth):
    set_policy(press, min=72)
    assert pgauth.output("hash", typed="x")


def test_a_policy_in_a_view_of_the_sites_own_counts_for_both(press, pgauth):
    press.sql("CREATE OR REPLACE VIEW mqtt_auth.password_policy AS SELECT 1 AS place, 2 AS least, 'äöü'::text AS letters, '2 umlauts' AS demand")
    complaint = "the password is too weak for the password policy: it needs at least 2 umlauts"
    assert verdicts_of_sql(press, ["ä√ö", "ÄÖÜ¤¶¼"]) == [TAKEN, complaint]
    assert pgauth.complaint("passwd", "press-7", typed="ÄÖÜ¤¶¼") == complaint
    pgauth.output("passwd", "press-7", typed="ä√ö")


TAKEN = "taken"


def verdicts_of_sql(database, passwords):
    """What create_client says to each, or TAKEN; the clients do not stay."""
    database.sql("""CREATE OR REPLACE FUNCTION public.verdict(password text) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM mqtt_auth.create_client('tried', password => verdict.password);
            DELETE FROM mqtt_auth.clients WHERE username = 'tried';
            RETURN 'taken';
        EXCEPTION WHEN check_violation THEN RETURN sqlerrm;
        END $$""")
    listed = ", ".join("'" + password.replace("'", "''") + "'" for password in passwords)
    return [verdict for (verdict,) in database.sql(f"SELECT public.verdict(p) FROM unnest(ARRAY[{listed}]) WITH ORDINALITY AS t (p, n) ORDER BY n")]


# Of one byte to four; letters, digits and spaces that are none of ASCII; what folds to ASCII; what combines.
ALPHABET = "abzABZ059 ~!/:@[`{-'\\\"$äßİſKé\u0301\u00a0\u2003٣Ⅷ😀x1X."


def test_sql_and_pgauth_take_the_same_passwords(press, pgauth):
    chance = random.Random(20311)
    taken = refused = 0
    for _ in range(8):
        set_policy(press, min=chance.randrange(9), **{word: chance.randrange(3) for word in ("lower", "upper", "numeric", "symbol")})
        passwords = ["".join(chance.choices(ALPHABET, k=chance.randrange(1, 17))) for _ in range(12)]
        for password, verdict in zip(passwords, verdicts_of_sql(press, passwords), strict=True):
            done = pgauth("passwd", "--format", "scram-sha-256", "press-7", typed=password)
            is_taken = verdict == TAKEN
            assert done.stderr == ("" if is_taken else f"pgauth: {verdict}\n"), password
            taken, refused = taken + is_taken, refused + (not is_taken)
    assert min(taken, refused) > 10, (taken, refused)


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
