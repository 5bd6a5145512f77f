"""The forecasts of a past year, each from the vintage of its day, beside those that a hub's models made then.

Reads the hubs' records under SAMEBOAT_FACTS; a hub that is not there is left out.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.home import ROOT
from sameboat.situation.engine.forecast.backtest import OURS, evaluate
from sameboat.situation.hub.folder import read_hub_folder

FACTS = Path(os.environ.get("SAMEBOAT_FACTS", ROOT.parent / "shared" / "facts")) / "outbreak"
ENSEMBLES = {"europe_hub": "EuroCOVIDhub-ensemble", "us_covid_hub": "CovidHub-ensemble"}


def measure() -> Iterator[dict[str, Any]]:
    """Yield each cell's mean score over the baseline's, and its coverage, beside the hub's ensemble."""
    for folder, ensemble in ENSEMBLES.items():
        if (FACTS / folder).is_dir():
            yield from _cells(FACTS / folder, ensemble)


def _cells(folder: Path, ensemble: str) -> Iterator[dict[str, Any]]:
    scores = {(found.model, found.signal, found.horizon): found for found in evaluate(read_hub_folder(folder)).scores}
    for (model, signal, horizon), ours in scores.items():
        if model != OURS or horizon is None:
            continue
        theirs = scores[ensemble, signal, horizon]
        cell = f"{signal}, horizon {horizon}"
        peer = {"unit": "", "peer": "the hub's ensemble"}
        yield {"what": f"{cell}: score over the baseline's", "ours": ours.relative, "peers": theirs.relative, **peer}
        covered = {"ours": ours.coverage_95, "peers": theirs.coverage_95, "bar": ".92 to .97"}
        yield {"what": f"{cell}: outcomes in the 95 % band", **covered, **peer}
