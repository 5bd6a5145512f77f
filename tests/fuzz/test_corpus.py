"""What fuzzing has found is tried again in every run."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from .parsers import PARSERS

CORPUS = json.loads(Path(__file__).with_name("corpus.json").read_text())


@pytest.mark.parametrize("name", PARSERS)
def test_what_fuzzing_found(name):
    """Every kept input is refused as such, or is the one spelling of what was read."""
    check, example = PARSERS[name]
    assert CORPUS[name]
    for data in [example, *map(b64decode, CORPUS[name])]:
        check(data)
