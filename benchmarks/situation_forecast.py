"""A day's forecasts for the European hub's places, in seconds on one core.

Reads the hub's record under SAMEBOAT_FACTS; where it is not there, nothing is measured.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before NumPy is loaded: a day's forecasts are timed on one core.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from benchmarks.home import ROOT
from sameboat.situation.engine.forecast import Forecaster
from sameboat.situation.engine.forecast.backtest import Hub, replay
from sameboat.situation.hub.folder import read_hub_folder

FACTS = Path(os.environ.get("SAMEBOAT_FACTS", ROOT.parent / "shared" / "facts")) / "outbreak"
EUROPE = FACTS / "europe_hub"
EARLIER = 26  # rounds that a day's forecasts have behind them


def measure() -> Iterator[dict[str, Any]]:
    """Yield the processor's seconds of the newest day's forecasts, learnt anew, with the earlier rounds at hand."""
    if EUROPE.is_dir():
        hub = read_hub_folder(EUROPE)
        yield {
            "what": f"forecasts of a day, {len(hub.places)} places x {len(hub.targets)}, with training",
            "ours": _seconds(hub),
            "unit": "s",
            "bar": "at most 5",
        }


def _seconds(hub: Hub) -> float:
    *earlier, newest = hub.rounds[-EARLIER - 1 :]
    pasts = [replay(_forecaster(hub, number), target, earlier) for number, target in enumerate(hub.targets)]
    started = time.process_time()
    for number, target in enumerate(hub.targets):
        ends = [target.end(newest, horizon) for horizon in target.horizons]
        _forecaster(hub, number).forecast(newest, ends, pasts[number])
    return time.process_time() - started


def _forecaster(hub: Hub, number: int) -> Forecaster:
    return Forecaster(hub.history, hub.targets[number].signal, hub.targets[number].leading)
