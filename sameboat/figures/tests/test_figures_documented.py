"""The pages about sources and flags cannot go stale: their examples load, and every code stands in them."""

import re
from pathlib import Path

import pytest

from sameboat.figures.engine import readers
from sameboat.figures.engine.flags import KINDS
from sameboat.figures.engine.readers import ReaderStop, load_mapping
from sameboat.figures.engine.readers.reading import NOTES

DOCS = Path(__file__).parents[3] / "docs"
SOURCES = (DOCS / "figures-sources.md").read_text(encoding="utf-8")
QUALITY = (DOCS / "figures-quality.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", SOURCES, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_whole_mapping(example):
    """What the page shows can be copied."""
    assert load_mapping(example).format in example


def test_there_is_an_example_for_every_reader():
    """Tables in three layouts, a line list, DHIS2 and FHIR."""
    mappings = [load_mapping(example) for example in EXAMPLES]
    assert {type(mapping).__name__ for mapping in mappings} == {
        "TableMapping",
        "LineListMapping",
        "Dhis2Mapping",
        "FhirMapping",
    }
    assert {getattr(mapping, "layout", "wide") for mapping in mappings} == {"wide", "dates", "long"}


def test_every_problem_and_stop_is_explained():
    """A code that somebody meets stands on the page."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(readers.__file__).parent.glob("*.py"))
    codes = {
        *re.findall(r'CellError\(\s*"([a-z-]+)"', text),
        *re.findall(r'tell\([^)]*?"([a-z]+-[a-z-]+)"', text),
        *NOTES,
    }
    assert len(codes) > 20
    stops = {stop.code for stop in ReaderStop.__subclasses__()}
    assert sorted(code for code in codes | stops if f"`{code}`" not in SOURCES) == []


def test_every_flag_is_explained():
    """A kind of flag that somebody meets stands on the page."""
    assert [kind for kind in KINDS if f"| `{kind}` |" not in QUALITY] == []
