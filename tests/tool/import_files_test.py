"""pgauth import: Mosquitto's password_file and acl_file, with files that its own tools wrote, and logins at the real broker."""

import crypt
import json
import os
import subprocess

import pytest

from installation import hash_of
from mqtt import NOT_AUTHORIZED, V311, Client
from pgauth import Pgauth
from postgres import PLUGIN_ROLE


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder, name, *lines):
    path = folder / name
    path.write_text("".join(line + "\n" for line in lines), encoding="utf8")
    return str(path)


def mosquitto_passwd(path, username, password, *options):
    create = [] if os.path.exists(path) else ["-c"]
    subprocess.run(["mosquitto_passwd", *options, *create, "-b", path, username, password], check=True)


def told(tool, *arguments, status=0):
    return json.loads(tool.output("import", "--json", *arguments, status=status))


def notes(report, verdict):
    return {note["place"]: note["text"] for note in report["notes"] if note["verdict"] == verdict}


def entries(database, owner):
    column = "username" if owner != "everyone" and owner != "anonymous" else "group_name"
    return database.sql(f"SELECT effect, permission, topic, priority FROM mqtt_auth.acls WHERE {column} = :'owner' ORDER BY id", owner=owner)


def snapshot(database):
    tables = ("clients", "credentials", "groups", "group_members", "group_rules", "group_rule_groups", "acls")
    return [database.sql(f"SELECT to_jsonb(t) FROM mqtt_auth.{table} AS t ORDER BY to_jsonb(t)::text") for table in tables]


# --- password_file ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("-H", "sha512"), ("-H", "sha512-pbkdf2", "-I", "1000")])
def test_who_is_in_a_password_file_logs_in_with_the_same_password(install, folder, options):
    passwords = str(folder / "passwd")
    mosquitto_passwd(passwords, "press-7", "s3cret-of-7", *options)
    mosquitto_passwd(passwords, "press-8", "s3cret-of-8", *options)
    rights = write(folder, "acl", "user press-7", "topic read plant/#")
    place = install()
    Pgauth(place.database).output("import", "--password-file", passwords, "--acl-file", rights, "--write")
    place.start()
    assert place.connect("press-7", password="s3cret-of-7") == 0
    assert place.connect("press-8", password="s3cret-of-8") == 0
    assert place.connect("press-8", password="s3cret-of-7") == NOT_AUTHORIZED[V311]


def test_a_dry_run_says_what_would_be_and_changes_nothing(database, pgauth, folder):
    passwords = write(folder, "passwd", f"press-7:{hash_of('a')}")
    rights = write(folder, "acl", "user press-7", "topic write plant/press-7")
    before = snapshot(database)
    said = pgauth.output("import", "--password-file", passwords, "--acl-file", rights)
    assert "entry    acl:2: allow write `plant/press-7` to client `press-7`, priority 1\n" in said
    assert said.endswith("a dry run: nothing was written; --write does it\n")
    assert snapshot(database) == before


def test_a_second_import_changes_nothing(database, pgauth, folder):
    passwords = write(folder, "passwd", f"press-7:{hash_of('a')}")
    rights = write(folder, "acl", "user press-7", "topic write plant/press-7", "pattern read news/%u")
    arguments = ("--password-file", passwords, "--acl-file", rights, "--write")
    first = told(pgauth, *arguments)
    assert first["written"] and {kind: rows["new"] for kind, rows in first["rows"].items()} == {
        "clients": 1, "passwords": 1, "certificates": 0, "groups": 1, "memberships": 0, "group rules": 1, "groups of rules": 1,
        "entries of groups": 1, "entries of clients": 1}
    before = snapshot(database)
    second = told(pgauth, *arguments)
    assert {name: rows["unchanged"] for name, rows in second["rows"].items()} == {name: rows["new"] for name, rows in first["rows"].items()}
    assert all(rows["new"] == rows["differs"] == 0 for rows in second["rows"].values()) and second["differs"] == []
    assert snapshot(database) == before


def test_lines_that_nobody_can_log_in_with_are_lost_each_with_its_reason(database, pgauth, folder):
    passwords = write(folder, "passwd", "# people", "", f"good:{hash_of('a')}", "plain:hunter2", f"plus+:{hash_of('a')}",
                      f"with\tab:{hash_of('a')}", f"foreign:{crypt.crypt('a', crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))}",
                      "damaged:$7$101$c2hvcnQ=$c2hvcnQ=", "nothing:", "no colon")
    report = told(pgauth, "--password-file", passwords, "--acl-file", write(folder, "acl"), "--write", status=1)
    lost = notes(report, "lost")
    assert list(lost) == [f"passwd:{line}" for line in range(4, 11)]
    assert "is not hashed: run `mosquitto_passwd -U`" in lost["passwd:4"]
    assert "has no `+` and no `#`" in lost["passwd:5"] and "control character" in lost["passwd:6"]
    assert "a hash that Mosquitto does not read" in lost["passwd:7"] and "cannot be used" in lost["passwd:8"]
    assert database.sql("SELECT username FROM mqtt_auth.clients") == [("good",)]


def test_no_secret_is_in_what_it_says(database, pgauth, folder):
    secret = hash_of("a")
    passwords = write(folder, "passwd", f"press-7:{secret}", "plain:hunter2", f"broken:{secret}x", f"press-7:{hash_of('b')}", f":{secret}")
    for arguments in ((), ("--json",), ("--write",), ("--write", "--json")):
        done = pgauth("import", "--password-file", passwords, *arguments)
        assert done.returncode == 1 and "press-7" in done.stdout
        said = done.stdout + done.stderr
        assert "hunter2" not in said and "$7$" not in said and secret.split("$")[4] not in said
    assert database.sql("SELECT count(*) FROM mqtt_auth.credentials") == [("1",)]


def test_the_later_line_of_a_name_counts(install, folder):
    passwords = write(folder, "passwd", f"press-7:{hash_of('first')}", f"press-7:{hash_of('second')}")
    rights = write(folder, "acl")
    place = install()
    report = told(Pgauth(place.database), "--password-file", passwords, "--acl-file", rights, "--write", status=1)
    assert "is in line 1 too" in notes(report, "differs")["passwd:2"]
    place.start()
    assert place.connect("press-7", password="second") == 0


def test_twenty_thousand_clients(database, pgauth, folder):
    secret = hash_of("a")
    passwords = write(folder, "passwd", *(f"press-{number}:{secret}" for number in range(20_000)))
    report = told(pgauth, "--password-file", passwords, "--acl-file", write(folder, "acl"), "--write")
    assert report["rows"]["passwords"]["new"] == 20_000
    assert database.sql("SELECT count(*) FROM mqtt_auth.credentials JOIN mqtt_auth.clients USING (username)") == [("20000",)]


# --- acl_file -----------------------------------------------------------------------------------


def test_each_line_becomes_an_entry(database, pgauth, folder):
    rights = write(folder, "acl", "# rights", "user press-7", "topic plant/1", "topic read  plant/two words/#", "topic write plant/3", "topic deny plant/+/x",
                   "user press 8", "topic readwrite $SYS/broker/uptime", "pattern write up/%u/%c", "pattern deny up/+/secret")
    report = told(pgauth, "--acl-file", rights, "--write", status=1)
    assert entries(database, "press-7") == [
        ("allow", "readWrite", "plant/1", "1"), ("allow", "read", "plant/two words/#", "1"),
        ("allow", "write", "plant/3", "1"), ("deny", "readWrite", "plant/+/x", "1")]
    assert entries(database, "press 8") == [("allow", "readWrite", "$SYS/broker/uptime", "1")]
    assert entries(database, "everyone") == [("allow", "write", "up/%u/%c", "0"), ("deny", "readWrite", "up/+/secret", "0")]
    assert database.sql("SELECT username, syntax FROM mqtt_auth.group_rules") == [("*", "glob")]
    assert report["subscribe"] == "overlapping"
    assert list(notes(report, "differs").values()) == ["`%c` never stands for a client id that holds `/`, or, as the first level, begins with `$`"]
    assert {"acl:3", "acl:8", "acl"} == set(notes(report, "carried")), "both clients have no credential; patterns are explained"


def test_what_stands_before_any_user_is_for_nameless_clients(install, folder):
    rights = write(folder, "acl", "topic read hall/#", "user press-7", "topic write hall/clock", "pattern write guests/%c")
    place = install("authentication:\n  anonymous_group: anonymous\nauthorization:\n  subscribe: overlapping\n")
    place.add_client("press-7")
    report = told(Pgauth(place.database), "--acl-file", rights, "--write", status=1)
    assert any("anonymous_group: anonymous" in note["text"] for note in report["notes"])
    place.start()
    press = place.login("press-7")
    assert press.subscribe("hall/#") == [0x80], "Mosquitto has general lines for nameless clients alone"
    guest = Client(place.broker, "guest").login()
    assert guest.subscribe("hall/#") == [1]
    assert place.delivers(press, "hall/clock", to=guest)
    assert entries(place.database, "anonymous") == [("allow", "read", "hall/#", "1"), ("allow", "write", "guests/%c", "0")]


def test_own_lines_go_before_patterns_and_a_deny_before_an_allow(install, folder):
    passwords = write(folder, "passwd", f"press-7:{hash_of('a')}", f"press-8:{hash_of('a')}", f"boss:{hash_of('a')}")
    rights = write(folder, "acl", "user boss", "topic #", "user press-7", "topic write plant/exception", "topic write plant/both", "topic deny plant/both",
                   "pattern deny plant/exception", "pattern write plant/#", "pattern write own/%u")
    place = install()
    Pgauth(place.database).output("import", "--password-file", passwords, "--acl-file", rights, "--write")
    place.start()
    boss, press_7, press_8 = (place.login(name, password="a") for name in ("boss", "press-7", "press-8"))
    boss.subscribe("#")
    assert place.delivers(press_7, "plant/exception", to=boss) and not place.delivers(press_8, "plant/exception", to=boss)
    assert not place.delivers(press_7, "plant/both", to=boss) and place.delivers(press_8, "plant/both", to=boss)
    assert place.delivers(press_8, "own/press-8", to=boss) and not place.delivers(press_8, "own/press-7", to=boss)


def test_a_username_inside_a_level_is_written_out_for_those_that_are_known(database, pgauth, folder):
    passwords = write(folder, "passwd", f"press-7:{hash_of('a')}", f"hall/8:{hash_of('a')}")
    rights = write(folder, "acl", "pattern read box-%u/in", "pattern write %u/out", "pattern read box-%c/in", "pattern deny box-%c/x")
    report = told(pgauth, "--password-file", passwords, "--acl-file", rights, "--write", status=1)
    assert entries(database, "press-7") == [("allow", "read", "box-press-7/in", "0")]
    assert entries(database, "hall/8") == [("allow", "read", "box-hall/8/in", "0"), ("allow", "write", "hall/8/out", "0")]
    assert entries(database, "everyone") == [("allow", "write", "%u/out", "0"), ("deny", "readWrite", "+/x", "0")]
    assert "one that comes later needs its own" in notes(report, "differs")["acl:1"] and "it denies `+/x`" in notes(report, "differs")["acl:4"]
    assert list(notes(report, "lost")) == ["acl:3"]


@pytest.mark.parametrize(("line", "reason"), [
    ("topic", "there is no topic"),
    ("topic wirte plant/x", "`wirte` is no access: use read, write, readwrite or deny"),
    ("topics read x", "`topics` begins no line that Mosquitto knows"),
    ("topic read a/#/b", "`#` is not the last level"),
    ("topic read own/%u", "`%u` would be a placeholder here"),
    ("topic read $share/group/x", "$share"),
])
def test_a_line_that_cannot_be_an_entry_is_lost_and_gives_nothing(database, pgauth, folder, line, reason):
    report = told(pgauth, "--acl-file", write(folder, "acl", "user press-7", line), "--write", status=1)
    assert reason in notes(report, "lost")["acl:2"]
    assert database.sql("SELECT count(*) FROM mqtt_auth.acls") == [("0",)]


def test_lines_of_a_user_that_cannot_be_here_are_not_those_of_the_one_before(database, pgauth, folder):
    rights = write(folder, "acl", "user press-7", "topic read a", "user press+8", "topic read b", "user", "topic read c")
    report = told(pgauth, "--acl-file", rights, "--write", status=1)
    assert list(notes(report, "lost")) == ["acl:3", "acl:5"]
    assert database.sql("SELECT username, topic FROM mqtt_auth.acls") == [("press-7", "a")]


# --- what is there already ------------------------------------------------------------------------


def test_what_differs_in_the_database_is_left_alone_or_replaced(database, pgauth, folder):
    database.sql("SELECT mqtt_auth.create_client('press-7', secret => :'secret', enabled => false, client_id => 'x')", secret=hash_of("other"))
    passwords, secret = str(folder / "passwd"), hash_of("a")
    write(folder, "passwd", f"press-7:{secret}")
    arguments = ("--password-file", passwords, "--acl-file", write(folder, "acl"), "--write")
    before = snapshot(database)
    report = told(pgauth, *arguments, status=1)
    assert [(note["what"], note["text"]) for note in report["differs"]] == [
        ("client `press-7`", "in the database it is disabled, its client id must match `x`"), ("client `press-7`", "in the database it has another password")]
    assert snapshot(database) == before
    report = told(pgauth, *arguments, "--replace")
    assert report["rows"]["clients"]["replaced"] == report["rows"]["passwords"]["replaced"] == 1
    assert database.sql("SELECT enabled, client_id, secret FROM mqtt_auth.clients JOIN mqtt_auth.credentials USING (username)") == [("t", "", secret)]


def test_rows_of_others_are_not_touched_and_those_that_change_what_is_imported_are_named(database, pgauth, folder):
    database.sql("SELECT mqtt_auth.create_client('other'); SELECT mqtt_auth.create_client('press-7'); SELECT mqtt_auth.create_group('everyone');"
                 "SELECT mqtt_auth.add_to_group('other', 'everyone'); SELECT mqtt_auth.allow(username => 'press-7', permission => 'read', topic => '#')")
    rights = write(folder, "acl", "user press-7", "topic read plant", "pattern read news/%u")
    report = told(pgauth, "--acl-file", rights, "--write", status=1)
    assert {note["what"]: note["text"].split(": ")[1] for note in report["differs"]} == {
        "client `press-7`": "1 more entries", "group `everyone`": "1 more members"}
    assert ("allow", "read", "#", "0") in entries(database, "press-7")
    assert database.sql("SELECT username FROM mqtt_auth.group_members") == [("other",)]


def test_one_file_after_the_other(database, pgauth, folder):
    passwords, rights = write(folder, "passwd", f"press-7:{hash_of('a')}"), write(folder, "acl", "user press-7", "topic read plant")
    told(pgauth, "--password-file", passwords, "--write", status=1)
    assert told(pgauth, "--acl-file", rights, "--write")["differs"] == []
    assert told(pgauth, "--password-file", passwords, status=1)["differs"] == []
    assert told(pgauth, "--password-file", passwords, "--acl-file", rights)["rows"]["entries of clients"]["unchanged"] == 1


def test_a_password_that_was_rehashed_at_a_login_is_the_same(database, pgauth, folder):
    secret = hash_of("a")
    arguments = ("--password-file", write(folder, "passwd", f"press-7:{secret}"), "--acl-file", write(folder, "acl"), "--write")
    told(pgauth, *arguments)
    stronger = pgauth.output("hash", typed="a").strip()
    database.sql("SELECT mqtt_auth.rehash((SELECT id FROM mqtt_auth.credentials), :'old', :'new')", old=secret, new=stronger)
    assert told(pgauth, *arguments)["rows"]["passwords"]["unchanged"] == 1


def test_a_row_that_the_database_refuses_is_named_and_nothing_is_written(database, pgauth, folder):
    database.sql("ALTER TABLE mqtt_auth.clients ADD CONSTRAINT house_rule CHECK (username NOT LIKE 'guest-%')")
    passwords = write(folder, "passwd", *(f"{'guest' if number % 50 == 7 else 'press'}-{number}:{hash_of('a')}" for number in range(100)))
    before = snapshot(database)
    for arguments in ((), ("--write",)):
        done = pgauth("import", "--password-file", passwords, "--acl-file", write(folder, "acl"), *arguments)
        assert done.returncode == 2 and done.stderr == "pgauth: the database refuses 2 rows: nothing was written\n"
        refused = [line for line in done.stdout.splitlines() if line.startswith("refused")]
        assert [line.split("`")[1] for line in refused] == ["guest-57", "guest-7"] and all("house_rule" in line for line in refused)
        assert snapshot(database) == before


# --- the command ----------------------------------------------------------------------------------


def test_who_may_not_write_is_told_whom_to_ask(database, as_plugin, folder):
    complaint = as_plugin.complaint("import", "--password-file", write(folder, "passwd", f"a:{hash_of('a')}"))
    assert complaint == f"role `{PLUGIN_ROLE}` may not write clients and groups: grant mqtt_auth_admin to it, or connect as another one"


def test_an_administrator_may_and_who_may_only_add_clients_may_not(postgres, database, folder):
    postgres.sql("DO $$ BEGIN CREATE ROLE importer LOGIN IN ROLE mqtt_auth_admin; CREATE ROLE adder LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
    database.sql("GRANT USAGE ON SCHEMA mqtt_auth TO adder; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA mqtt_auth TO adder")
    arguments = ("import", "--password-file", write(folder, "passwd", f"a:{hash_of('a')}"), "--acl-file", write(folder, "acl", "pattern read news/%u"))
    assert Pgauth(database, "adder").complaint(*arguments).startswith("role `adder` may not write clients and groups: ")
    Pgauth(database, "importer").output(*arguments, "--write")
    assert database.sql("SELECT username FROM mqtt_auth.clients") == [("a",)]


def test_a_database_without_the_schema_is_named(postgres, folder):
    complaint = Pgauth(postgres.database("postgres")).complaint("import", "--acl-file", write(folder, "acl"))
    assert complaint == "there is no schema mqtt_auth in this database: is it the right one?"


@pytest.mark.parametrize(("arguments", "complaint"), [
    ((), "name what to import: use --password-file, --acl-file, "),
    (("--acl-file", "/nowhere/acl"), "acl_file: `/nowhere/acl` cannot be read: "),
    (("--password-file", "/"), "password_file: `/` cannot be read: it is a directory"),
    (("--acl-file", "/dev/null", "--dynamic-security", "x"), "--dynamic-security: that is another source: import one after the other"),
])
def test_a_wrong_call_is_one_line(pgauth, arguments, complaint):
    assert pgauth.complaint("import", *arguments).startswith(complaint)


def test_without_an_acl_file_the_report_says_that_nobody_may_anything_here(pgauth, folder):
    report = told(pgauth, "--password-file", write(folder, "passwd", f"a:{hash_of('a')}"), status=1)
    assert "everybody publish and read everything" in notes(report, "differs")["acl_file"]
