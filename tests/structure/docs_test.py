"""What users rely on is documented: every YAML key, SQL function, table, view and command, pgauth's with their options.

Usage: docs_test.py SOURCE_DIRECTORY. First shows that it can fail.
"""
import pathlib
import re
import sys

COMMANDS = ["./examples/quickstart/run --check", "./tests/run", "./examples/certificates/run", "cmake --workflow --preset release", ".ci/run"]
FIRST_SCREEN_LINES = 12


def yaml_keys(settings):
    return set(re.findall(r'"((?:database|replica|authentication|authorization|sessions)(?:\.[a-z_]+)+)"', settings))


def sql_names(kind, schema):
    return set(re.findall(rf"^CREATE (?:OR REPLACE )?{kind} mqtt_auth\.(\w+)", schema, re.M))


def tool_words(source):
    """The command and the options that a source file of tools/ defines."""
    source = re.sub(r'"\s*"', "", source)
    return set(re.findall(r'add_subcommand\(\s*"(\w+)"', source)), set(re.findall(r'add_(?:option|flag)\(\s*"(--[a-z0-9-]+)"', source))


def complaints_about_tool(root):
    """Commands and options of pgauth that README.md's sections, the man page or the completion leaves out."""
    found = [tool_words(path.read_text()) for path in sorted((root / "tools").rglob("*.cpp"))]
    commands, options = (set().union(*(words[i] for words in found)) for i in (0, 1))
    assert len(commands) > 4 and len(options) > 10, "the patterns above find nothing"
    sections = re.search(r"^## pgauth\n.*?^## Moving from another access control\n.*?^## ", (root / "README.md").read_text(), re.M | re.S)[0]
    manual, completion = (root / "tools/pgauth.1").read_text(), (root / "tools/pgauth.bash").read_text()
    for word in sorted(commands | options):
        name = word.removeprefix("--")
        if not re.search(rf"{word}(?![\w-])" if word.startswith("--") else rf"`pgauth {word}\b", sections):
            yield f"README.md, sections pgauth and Moving: no {word}"
        if not re.search(rf"^\.(?:It|Op|Cm|Fl) ?(?:Cm |Fl )?-?{name}\b", manual, re.M):
            yield f"tools/pgauth.1: no {word}"
        if not re.search(rf"(?<![\w-]){word}(?![\w-])", completion):
            yield f"tools/pgauth.bash: no {word}"


def undocumented(names, page):
    return sorted(name for name in names if not re.search(rf"[`(]{re.escape(name)}[`(]|`{re.escape(name)}`", page))


def check_itself():
    assert yaml_keys('choice("database.tls", x)') == {"database.tls"}
    assert sql_names("TABLE", "CREATE TABLE mqtt_auth.clients (") == {"clients"}
    assert tool_words('add_subcommand(\n "hash", x) add_option("--for"\n"mat", y) add_flag("--json")') == ({"hash"}, {"--format", "--json"})
    assert undocumented({"a.b", "c"}, "| `c` | has a.b in it |") == ["a.b"]


def main(root):
    check_itself()
    readme = (root / "README.md").read_text()
    schema_readme = (root / "schema/README.md").read_text()
    schema = (root / "schema/mqtt_auth.sql").read_text()
    keys = yaml_keys((root / "lib/config/setting.cpp").read_text())
    functions, tables, views = (sql_names(kind, schema) for kind in ("FUNCTION", "TABLE", "VIEW"))
    assert len(keys) > 10 and len(functions) > 10 and len(tables) > 8 and len(views) > 5, "the patterns above find nothing"
    complaints = [f"README.md: no `{name}`" for name in undocumented(keys | tables, readme)]
    manual = (root / "plugin/mosquitto_pgauth.5").read_text()
    complaints += [f"plugin/mosquitto_pgauth.5: no {key}" for key in sorted(keys) if f".It {key}\n" not in manual]
    complaints += complaints_about_tool(root)
    complaints += [f"schema/README.md: no `{name}`" for name in undocumented(functions | tables | views, schema_readme)]
    called = set(re.findall(r"SELECT (?:\* FROM )?mqtt_auth\.(\w+)\(", readme))
    complaints += [f"README.md: mqtt_auth.{name}() does not exist" for name in sorted(called - functions)]
    complaints += [f"README.md: no {command}" for command in COMMANDS if command not in readme]
    first_screen = "\n".join(readme.splitlines()[:FIRST_SCREEN_LINES])
    complaints += [f"README.md: {command} is not on the first screen" for command in COMMANDS[:2] if command not in first_screen]
    for page in ("README.md", "schema/README.md", "lib/README.md", "CHANGELOG.md", "examples/quickstart/README.md",
                 "examples/certificates/README.md", "tests/bench/README.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", (root / page).read_text()):
            if not (root / page).parent.joinpath(link).exists():
                complaints.append(f"{page}: link to {link}, which is not there")
    print("\n".join(complaints) or f"{len(keys)} keys, {len(functions)} functions, {len(tables)} tables, {len(views)} views are documented")
    return bool(complaints)


sys.exit(main(pathlib.Path(sys.argv[1])))
