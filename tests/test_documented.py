"""Documentation that cannot go stale: what has no line in the manual fails here."""

import re
from pathlib import Path

import pytest

from sameboat.project import rooms
from sameboat.project.tests.test_command_line import ALL
from sameboat.transparency.events import schemas

ROOT = Path(__file__).resolve().parents[1]
rooms.load_event_types()


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text("utf-8")


def settings():
    """Return every environment variable that the program reads."""
    found = set()
    for path in (ROOT / "sameboat").rglob("*.py"):
        if "tests" not in path.parts:
            text = path.read_text("utf-8")
            found |= set(re.findall(r"\"(SAMEBOAT_[A-Z_]+|DATABASE_URL)\"", text))
            found |= set(re.findall(r"envvar=\"(\w+)\"", text))
    return sorted(found)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_is_documented(path):
    """The page of the command line has a row for it."""
    assert re.search(rf"^\| `sameboat {' '.join(path)}\b", page("command-line"), re.MULTILINE)


def test_every_documented_command_exists():
    """The page has no row for a command that is gone."""
    rows = re.findall(r"^\| `sameboat ([a-z -]+)", page("command-line"), re.MULTILINE)
    assert {tuple(row.split()) for row in rows} == set(ALL)


@pytest.mark.parametrize("name", settings())
def test_every_setting_is_documented(name):
    """The page of settings has a row for it."""
    assert f"| `{name}` |" in page("settings")


def test_every_documented_setting_is_read():
    """The page has no row for a setting that nothing reads."""
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page("settings"), re.MULTILINE)) == set(settings())


@pytest.mark.parametrize("schema", schemas(), ids=lambda schema: f"{schema.type} v{schema.version}")
def test_every_event_type_is_documented(schema):
    """The page of events has a row with exactly its fields, those that may be absent marked."""
    row = re.search(
        rf"^\| `{re.escape(schema.type)}` v{schema.version} \|.*\| ([^|]*) \|$", page("events"), re.MULTILINE
    )
    assert row is not None
    fields = [f"`{name}`{'' if about.is_required() else '?'}" for name, about in schema.model_fields.items()]
    assert row[1].split(", ") == fields
