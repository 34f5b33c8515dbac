"""--help and completion: every command and every option is offered, and every example on a help page is a right call."""

import re
import shlex
import subprocess

import pytest

from pgauth import ROOT, Pgauth

COMMANDS = ["check", "explain", "hash", "import", "migrate", "passwd"]


def completions(*words):
    script = f"source {ROOT}/tools/pgauth.bash; COMP_WORDS=(pgauth {shlex.join(words)}); COMP_CWORD={len(words)}; _pgauth; " \
             'printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def options(*command):
    return set(re.findall(r"^  (?:-\w,)?(--[a-z0-9-]+)", Pgauth().output(*command, "--help"), re.M))


def test_commands_are_completed():
    assert set(COMMANDS) | options() == set(completions(""))
    assert completions("ex") == ["explain"]


@pytest.mark.parametrize("command", COMMANDS)
def test_options_are_completed(command):
    assert options(command) == set(completions(command, "--"))


def test_formats_are_completed_as_they_are_named():
    made = Pgauth().complaint("hash", "--format", "?").rpartition(": use ")[2].split(", ")
    assert set(made) | {"mosquitto"} == set(completions("hash", "--format", ""))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_example(command):
    told = Pgauth().output(command, "--help")
    examples = told[told.index("Examples:"):]
    calls = re.findall(r"^  pgauth (\w+)((?:.*\\\n)*.*)$", examples, re.M)
    assert len(calls) >= 2 and {name for name, _ in calls} == {command}
    for _, arguments in calls:
        words = shlex.split(arguments.replace("\\\n", " ").partition("<")[0])
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options(command), words


def test_the_version_is_that_of_the_project():
    version = re.search(r"project\(mosquitto-pgauth VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert Pgauth().output("--version") == f"pgauth {version}\n"


@pytest.mark.parametrize(("arguments", "complaint"), [
    ((), "name a command: check, explain, hash, import, migrate or passwd: see pgauth --help"),
    (("frobnicate",), "name a command: "),
    (("--frobnicate",), "name a command: "),
    (("hash", "two", "words"), "an argument too many: see pgauth hash --help"),
    (("passwd",), "USERNAME is required: see pgauth passwd --help"),
    (("explain", "--qos", "3"), "--qos: "),
])
def test_a_wrong_call_is_one_line(arguments, complaint):
    assert complaint in Pgauth().complaint(*arguments)
