"""pgauth hash: what it makes is right by other implementations, and a password is seen by nobody."""

import base64
import crypt
import hashlib
import hmac
import os
import pty
import signal
import subprocess
import termios

import pytest

from pgauth import Pgauth, tool_path
from waiting import until

PASSWORD = "s3cret of press-7 ö"

FORMATS = {
    "argon2id": "$argon2id$v=19$m=19456,t=2,p=1$",
    "yescrypt": "$y$j9T$",
    "scrypt": "$scrypt$ln=16,r=8,p=1$",
    "crypt-scrypt": "$7$CU..../....",
    "bcrypt": "$2b$10$",
    "sha512-crypt": "$6$rounds=100000$",
    "sha256-crypt": "$5$rounds=100000$",
    "mosquitto": "$7$100000$",
    "mosquitto-pbkdf2": "$7$100000$",
    "pbkdf2": "PBKDF2$sha512$100000$",
    "scram-sha-256": "SCRAM-SHA-256$4096:",
}


def make(name, password=PASSWORD):
    return Pgauth().output("hash", "--format", name, typed=password + "\n").removesuffix("\n")


def decoded(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def derived(sha, password, salt, iterations, size):
    return hashlib.pbkdf2_hmac(sha, password.encode(), salt, iterations, size)


@pytest.mark.parametrize("name", FORMATS)
def test_a_hash_has_the_form_of_its_format_and_the_database_takes_it(database, name):
    made = make(name)
    assert made.startswith(FORMATS[name]), made
    database.sql("SELECT mqtt_auth.create_client('Press 7', username => 'press-7', secret => :'secret')", secret=made)


def test_argon2id_is_what_is_made_where_nothing_is_said():
    assert Pgauth().output("hash", typed=PASSWORD).startswith(FORMATS["argon2id"])


@pytest.mark.parametrize("name", ["yescrypt", "crypt-scrypt", "bcrypt", "sha512-crypt", "sha256-crypt"])
def test_the_hashes_of_crypt_are_crypts_own(name):
    made = make(name)
    assert crypt.crypt(PASSWORD, made) == made
    assert crypt.crypt(PASSWORD + "x", made) != made


def test_a_hash_for_mosquitto_is_pbkdf2_of_password_and_salt():
    _, _, iterations, salt, digest = make("mosquitto").split("$")
    assert derived("sha512", PASSWORD, decoded(salt), int(iterations), 64) == decoded(digest)


def test_a_hash_for_go_auth_is_pbkdf2_of_password_and_salt():
    _, sha, iterations, salt, digest = make("pbkdf2").split("$")
    assert derived(sha, PASSWORD, decoded(salt), int(iterations), 64) == decoded(digest)


def test_a_scrypt_hash_is_scrypt_of_password_and_salt():
    salt, digest = map(decoded, make("scrypt").split("$")[-2:])
    assert hashlib.scrypt(PASSWORD.encode(), salt=salt, n=2**16, r=8, p=1, maxmem=2**27, dklen=32) == digest


def test_a_scram_verifier_has_the_keys_of_the_password():
    _, cost, keys = make("scram-sha-256", "s3cret").split("$")
    salt, (stored, server) = decoded(cost.split(":")[1]), map(decoded, keys.split(":"))
    key = derived("sha256", "s3cret", salt, 4096, 32)
    assert hashlib.sha256(hmac.digest(key, b"Client Key", "sha256")).digest() == stored
    assert hmac.digest(key, b"Server Key", "sha256") == server


def test_two_hashes_of_one_password_differ():
    assert make("bcrypt") != make("bcrypt")


@pytest.mark.parametrize(("arguments", "typed", "complaint"), [
    ((), "", "no password came: type one, or give one line on standard input"),
    ((), "\n", "no password came: type one, or give one line on standard input"),
    ((), "one\ntwo\n", "standard input has more than one line: give the password alone"),
    ((), "x" * 1025, "password: it has no bytes, too many, or a NUL among them: use 1 to 1024"),
    ((), "x" * 5000, "password: it has no bytes, too many, or a NUL among them: use 1 to 1024"),
    ((), "a\0b", "password: it has no bytes, too many, or a NUL among them: use 1 to 1024"),
    (("--format", "bcrypt"), "x" * 73, "password: this format does not look behind 72 bytes: use fewer, or argon2id"),
    (("--format", "yescrypt"), "x" * 512, "password: this format does not look behind 511 bytes: use fewer, or argon2id"),
    (("--format", "md5"), "x", "--format: `md5` is not a format that is made here: use argon2id, yescrypt, scrypt, crypt-scrypt, bcrypt, "
                               "sha512-crypt, sha256-crypt, mosquitto-pbkdf2, pbkdf2, scram-sha-256"),
    (("--fromat=bcrypt",), "x", "there is no option `--fromat`: see pgauth hash --help"),
])
def test_what_cannot_be_hashed_is_refused_in_one_line(arguments, typed, complaint):
    assert Pgauth().complaint("hash", *arguments, typed=typed) == complaint


def test_passwords_as_long_as_a_format_allows_are_hashed():
    for name, size in (("argon2id", 1024), ("bcrypt", 72), ("yescrypt", 511)):
        assert make(name, "x" * size).startswith(FORMATS[name])


def test_a_password_in_an_argument_is_not_taken_and_not_repeated():
    complaint = Pgauth().complaint("hash", "s3cret")
    assert "s3cret" not in complaint and complaint.startswith("an argument too many")


def test_a_hash_that_could_not_be_written_is_no_success():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([tool_path(), "hash"], input=b"s3cret\n", stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (2, b"pgauth: standard output cannot be written\n")


class Terminal:
    """pgauth at a terminal, and what is seen there."""

    def __init__(self, *arguments):
        try:
            self.pid, self.screen = pty.fork()
        except OSError as error:
            pytest.skip(f"no terminal to be had here: {error}: is /dev/pts mounted?")
        if self.pid == 0:
            os.execv(tool_path(), [tool_path(), *arguments])
        self.seen = ""

    def until(self, text):
        until(lambda: self._look() or text in self.seen, what=f"{text!r} on the terminal, which has {self.seen!r}")

    def _look(self):
        os.set_blocking(self.screen, False)
        try:
            self.seen += os.read(self.screen, 4096).decode()
        except (BlockingIOError, OSError):
            pass

    def echoes(self):
        return bool(termios.tcgetattr(self.screen)[3] & termios.ECHO)

    def type(self, text):
        os.write(self.screen, text.encode())

    def end(self):
        """How it ended: an exit status, or minus a signal."""
        ended = []

        def look():
            self._look()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            ended.extend([os.waitstatus_to_exitcode(status)] if pid else [])
            return ended
        until(look, what="pgauth to end")
        self._look()
        return ended[0]


def test_at_a_terminal_a_password_is_asked_for_twice_and_not_shown():
    terminal = Terminal("hash", "--format", "bcrypt")
    terminal.until("password: ")
    assert not terminal.echoes()
    terminal.type("s3cret\n")
    terminal.until("password, once more: ")
    terminal.type("s3cret\n")
    terminal.until("$2b$10$")
    assert terminal.end() == 0
    assert "s3cret" not in terminal.seen
    made = terminal.seen[terminal.seen.index("$2b$"):].strip()
    assert crypt.crypt("s3cret", made) == made


def test_two_typings_that_differ_are_no_password():
    terminal = Terminal("hash")
    terminal.until("password: ")
    terminal.type("s3cret\n")
    terminal.until("once more: ")
    terminal.type("s3crets\n")
    terminal.until("pgauth: the two passwords are not the same: try again")
    assert terminal.end() == 2


def test_ctrl_c_ends_it_and_leaves_a_terminal_that_echoes():
    terminal = Terminal("hash")
    terminal.until("password: ")
    assert not terminal.echoes()
    terminal.type("s3c\x03")
    assert terminal.end() == -signal.SIGINT
    assert terminal.echoes()
