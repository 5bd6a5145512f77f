"""The command line as a whole: what every command has, and how mistakes are told."""

import json
import subprocess
import sys

import pytest

from sameboat.project.cli import commands
from sameboat.project.tests.conftest import call


def leaves(group=None, path=()):
    """Yield every command's path and Typer's record of it."""
    group = group or commands()
    for command in group.registered_commands:
        yield (*path, command.name or command.callback.__name__.replace("_", "-")), command
    for info in group.registered_groups:
        name = info.name if isinstance(info.name, str) else info.typer_instance.info.name
        yield from leaves(info.typer_instance, (*path, name) if isinstance(name, str) else path)


ALL = [path for path, _ in leaves()]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_helps_by_example_and_speaks_json(path):
    """`--help` shows the command as one would type it, and offers --json."""
    shown = call(*path, "--help").output
    assert f"sameboat {' '.join(path)}" in shown.split("Options:")[0].split("\n", 2)[2]
    assert "--json" in shown


@pytest.mark.parametrize(
    "name", ["demo", "serve", "doctor", "backup", "restore", "verify", "log audit", "log sequence", "log export"]
)
def test_the_names_that_others_script_against_exist(name):
    """These names never change."""
    assert tuple(name.split()) in ALL


def test_verify_does_not_load_django(tmp_path):
    """Checking a proof loads neither Django nor the settings, and makes no data folder."""
    file = tmp_path / "proof.json"
    file.write_text("{}\n")
    script = (
        "import sys; from sameboat.project.cli import main; sys.argv = ['sameboat', 'verify', sys.argv[1]]\n"
        "try: main()\n"
        "except SystemExit: print(*[name for name in ('django', 'rich', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, cwd=tmp_path, env=_environment()
    )
    assert done.stdout.strip() == "", done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["proof.json"]


def _environment():
    import os
    from pathlib import Path

    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).resolve().parents[3])}


MISTAKES = [
    ("need publish|Test Hospital|mask-surgical|0|--as|hospital", "above zero"),
    ("need publish|Test Hospital|mask-surgical|999999999999|--as|hospital", "At most"),
    ("need publish|Test Hospital|mask-surgical|many|--as|hospital", "as a number"),
    ("need publish|Test Hospital|mask-surgical|1.5|--as|hospital", "whole number"),
    ("need publish|Test Hospital|mask-surgical|-5|--as|hospital", "No such option"),
    ("need publish|Test Hospital|mask|5|--as|hospital", "Did you mean: mask-surgical"),
    ("need publish|Hospital|mask-surgical|5|--as|hospital", "Did you mean: Test Hospital"),
    ("need publish|Test Hospital|mask-surgical|5|--as|donor", "Only a member"),
    ("need publish|Test Hospital|mask-surgical|5|--as|nobody", "no account"),
    ("need publish|Test Hospital|mask-surgical|5|--as|hospital|--unit|ton", "no unit"),
    ("need publish|Test Hospital|mask-surgical|5", "Missing option '--as'"),
    ("need stop|need_00000000000000000000000000|--as|hospital", "no need"),
    ("need list|--limit|0", "--limit"),
    ("member add|Test Hospital|hospital|king", "not a role"),
    ("organisation add|--kind|hospital|--name-en|Test Hospital", "registered already"),
    ("organisation add|--kind|castle|--name-en|A castle", "not a kind"),
    ("organisation add|--kind|school|--name-en|A school|--place|nowhere", "no place"),
    ("account add|two words", "username"),
    ("gift trace|gift_x", "no gift"),
    ("gift proof|gift_x|file", "no gift"),
    ("pledge money|fund_x|5|CNY", "no fund"),
    ("log audit|/nonexistent", "--vkey"),
    ("log audit|/nonexistent|--vkey|x", "not a verifier key"),
    ("verify|/dev/null|--vkey|x", "not a verifier key"),
    ("serve|--workers|0", "--workers"),
    ("serve|--port|70000", "cannot listen"),
    ("nonsense", "No such command"),
]


@pytest.mark.parametrize(("line", "words"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_told_in_words(members, line, words):
    """Exit code 2, and a message that says what was wrong."""
    first, *rest = line.split("|")
    ended = call(*first.split(), *rest)
    assert words in ended.errors
    assert ended.code == 2


def test_a_mistake_is_told_in_json_too(members):
    """With --json the error stands on the output, with a code for programs and the field."""
    ended = call("need", "publish", "Test Hospital", "mask-surgical", "0", "--as", "hospital", "--json")
    assert ended.json["error"]["code"] == "invalid-input"
    assert ended.json["error"]["field"] == "quantity"


def test_what_the_system_refuses_is_told_as_that():
    """A file that is not there exits with 3 and names the file."""
    ended = call("verify", "/nonexistent/file")
    assert (ended.code, "/nonexistent/file: No such file" in ended.errors) == (3, True)


def test_a_table_in_a_pipe_is_not_cut(members):
    """Long values stand whole where there is no terminal."""
    call("need", "publish", "Test Hospital", "mask-surgical", "5", "--as", "hospital")
    row = json.loads(call("need", "list", "--json").output)[0]
    shown = call("need", "list").output
    assert all(str(row[name]) in shown for name in ("need", "organisation", "item"))
