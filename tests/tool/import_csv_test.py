"""pgauth import --csv: clients, ACL entries, and EMQX's file of users."""

import binascii
import hashlib
import json
import subprocess

import pytest

from importing import Importing
from installation import hash_of
from postgres import OWNER

PASSWORD = "s3cret-of-before"


@pytest.fixture
def new(postgres):
    place = Importing(postgres)
    yield place
    place.close()


@pytest.fixture
def write(tmp_path):
    def write_file(name, text):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(file)

    return write_file


def test_clients_and_entries_of_two_files(new, write):
    clients = write("clients.csv", "username,name,secret,client_id,enabled,groups\n"
                    f"press-7,\"Press 7, \"\"the old\"\"\",{hash_of(PASSWORD)},press-7*,,presses; lines\n"
                    f"press-8,,{hash_of(PASSWORD)},,no,presses\n")
    entries = write("entries.csv", "group,username,effect,permission,topic,priority,max_qos,allow_retain\r\n"
                    "presses,,,readWrite,plant/%u/#,,,\r\n"
                    "presses,,deny,write,plant/+/config,5,,\r\n"
                    ",press-7,allow,write,audit,0,1,false\r\n")
    assert new.take_over("--csv", clients, "--csv", entries, status=0).notes("lost") == []
    assert new.sql("SELECT username, name, client_id, enabled FROM mqtt_auth.clients ORDER BY 1") == [
        ("press-7", 'Press 7, "the old"', "press-7*", "t"), ("press-8", "", "", "f")]
    assert new.groups("press-7") == ["lines", "presses"]
    assert new.entries("press-7") == [("allow", "write", "audit", "0", "1", "f")]
    assert new.entries("presses") == [("deny", "write", "plant/+/config", "5", "", ""), ("allow", "readWrite", "plant/%u/#", "0", "", "")]
    new.start()
    press = new.login("press-7", password=PASSWORD)
    assert press.subscribe("plant/press-7/#") == [1] and new.connect("press-8", password=PASSWORD) != 0


def test_what_postgresql_writes_is_read(new, write, database):
    database.sql("CREATE TABLE site (username text, name text, groups text); "
                 "INSERT INTO site VALUES ('a,b', NULL, 'x'), (E'two\\nlines', '', NULL), ('quo\"te', 'one, \"two\"', NULL)")
    copy = [*database.postgres.psql_command(OWNER, database.name), "-c", r"\copy site TO STDOUT (FORMAT csv, HEADER)"]
    report = new.take_over("--csv", write("site.csv", subprocess.run(copy, capture_output=True, check=True).stdout))
    assert new.sql("SELECT username, name FROM mqtt_auth.clients ORDER BY 1") == [("a,b", ""), ('quo"te', 'one, "two"')]
    assert new.groups("a,b") == ["x"] and "`site.csv:3`" in report.note("lost", "control character")


def test_the_users_file_of_emqx(new, write):
    salt = "e378187547bf2d6f0545a3f441aa4d8a"
    made = binascii.hexlify(hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), 4096)).decode()
    users = write("users.csv", f"user_id,password_hash,salt,is_superuser\nmyuser1,{made},{salt},true\nmyuser2,{made},{salt},false\n")
    new.take_over("--csv", users, "--emqx-pbkdf2", "sha256:4096", status=0)
    assert new.groups("myuser1") == ["superusers"] and new.groups("myuser2") == []
    assert new.start().connect("myuser2", password=PASSWORD) == 0


def test_a_mark_of_utf8_empty_lines_and_a_last_line_without_end(new, write):
    new.take_over("--csv", write("clients.csv", "\ufeffusername,name\r\n\r\npress-7,Presse 7 größer\r\n\npress-8,x"), status=0)
    assert new.sql("SELECT username, name FROM mqtt_auth.clients ORDER BY 1") == [("press-7", "Presse 7 größer"), ("press-8", "x")]


@pytest.mark.parametrize(("row", "part"), [
    ("press-7,x", "3 fields"), ("a#,,", "username `a#` holds a wildcard"), (",,", "username `` is empty"), ("press-7,maybe,", "`maybe` is neither true nor false"),
    ("press-7,,hunter2", "secret of `press-7`"),
])
def test_a_client_that_makes_no_sense_is_left_out_and_named(new, write, row, part):
    report = new.take_over("--csv", write("clients.csv", f"username,enabled,secret\n{row}\npress-8,,\n"))
    assert new.usernames() == ["press-8"]
    assert "`clients.csv:2`" in report.note("lost", part) and "hunter2" not in json.dumps(report.told)


@pytest.mark.parametrize(("row", "part"), [
    (",,read,a,,", "give one of them"), ("g,u,read,a,,", "give one of them"), ("g,,readwrite,a,,", "use read, write or readWrite"),
    ("g,,read,a/#/b,,", "topic filter"), ("g,,read,a,high,", "`high` is no whole number"), ("g,,read,a,,3", "use 0, 1 or 2"),
    ("g,,read,$share/x/a,,", "share"),
])
def test_an_entry_that_makes_no_sense_is_left_out_and_named(new, write, row, part):
    report = new.take_over("--csv", write("entries.csv", f"group,username,permission,topic,priority,max_qos\n{row}\ng,,read,ok,,\n"))
    assert [entry[2] for entry in new.entries("g")] == ["ok"]
    assert "`entries.csv:2`" in report.note("lost", part)


def test_a_deny_with_a_limit_is_left_out(new, write):
    report = new.take_over("--csv", write("entries.csv", "group,effect,permission,topic,max_qos\ng,deny,read,a,1\n"))
    assert report.note("lost", "a deny has no limits")


@pytest.mark.parametrize(("header", "part"), [
    ("username,passwd", "column `passwd` is not known: use username, name, secret"), ("username,password", "hash each with `pgauth hash`"),
    ("name,secret", "there is no column `username`"), ("topic,group", "there is no column `permission`"), ("username,username", "is there twice"),
    ("username,secret,password_hash", "column `secret` is there twice"),
])
def test_a_header_that_is_not_understood_is_refused(new, write, header, part):
    assert part in new.complaint("--csv", write("x.csv", header + "\n"))


def test_complaints(new, write):
    assert "cannot be read" in new.complaint("--csv", "/nowhere.csv")
    assert "it is empty" in new.complaint("--csv", write("x.csv", ""))
    for text in ('username,name\npress-7,"never closed\n', 'username,name\npress-7,"closed" early\n'):
        assert new.complaint("--csv", write("x.csv", text)).startswith("x.csv:2: a field begins with a `\"`")
