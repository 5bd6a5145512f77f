"""Other people's cases, read from the folder that `SAMEBOAT_VECTORS` names."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

LOG: Path = settings.VECTORS / "log"
NEEDED = pytest.mark.skipif(not LOG.is_dir(), reason=f"no vectors in {LOG}; name their folder in SAMEBOAT_VECTORS")


def files(pattern: str) -> list[Any]:
    """Return the files of the log's vectors that match `pattern`, as parameters named by their path."""
    if not LOG.is_dir():
        return [pytest.param(None, marks=NEEDED, id="no vectors")]
    found = sorted(path for path in LOG.glob(pattern) if path.is_file())
    assert found, f"{LOG} holds nothing like {pattern}"
    return [pytest.param(path, id=str(path.relative_to(LOG))) for path in found]


def load(path: str) -> Any:
    """Return the JSON of one file of the log's vectors; skips the test where the folder is missing."""
    if not LOG.is_dir():
        pytest.skip(NEEDED.kwargs["reason"])
    return json.loads((LOG / path).read_text())
