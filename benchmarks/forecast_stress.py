"""What forecasts stand: 2021 in Europe bent out of shape, forecast again, and how often the 95 % band held.

Every bend is applied to every vintage and to what came true. Scores are over our own flat member's on the same bent
figures. Reads the hub's record under SAMEBOAT_FACTS; where it is not there, nothing is measured.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from benchmarks.situation_forecast import EUROPE
from sameboat.situation.engine.forecast import Forecaster, History
from sameboat.situation.engine.forecast.backtest import Hub, replay
from sameboat.situation.engine.forecast.combination import FITTED_WEEKS
from sameboat.situation.engine.forecast.quantiles import BAND_95, covered, interval_score
from sameboat.situation.engine.incidence import Array
from sameboat.situation.hub.folder import read_hub_folder

Bend = Callable[[str, Array, date], Array]


def unbent(_signal: str, counts: Array, _first: date) -> Array:
    """As it was."""
    return counts


def tenfold_wave(signal: str, counts: Array, first: date) -> Array:
    """From July on cases rise tenfold within five weeks more than they did, deaths threefold; over in seven weeks."""
    start = _day(first, 2021, 7, 5) + np.linspace(0, 21, len(counts))[:, None] + (14 if signal == "deaths" else 0)
    since = np.arange(counts.shape[1]) - start
    height = np.log(10 if signal == "cases" else 3)
    return np.round(counts * np.exp(height * np.clip(np.minimum(since / 35, (91 - since) / 49), 0, 1)))


def weekly_reports(_signal: str, counts: Array, first: date) -> Array:
    """From May on everyone reports once a week, on a Wednesday, and zero on other days."""
    bent = counts.copy()
    for day in range(_day(first, 2021, 5, 1), counts.shape[1]):
        wednesday = (first + timedelta(day)).weekday() == 2
        bent[:, day] = np.nansum(counts[:, day - 6 : day + 1], axis=1) if wednesday else 0
    return np.where(np.isnan(counts), np.nan, bent)


def corrections(_signal: str, counts: Array, first: date) -> Array:
    """Sixty days take back up to half of the four weeks before."""
    bent, random = counts.copy(), np.random.default_rng(9)
    for _ in range(60):
        place, share = random.integers(len(counts)), random.uniform(0.05, 0.5)
        day = random.integers(_day(first, 2021, 4, 1), _day(first, 2021, 12, 1))
        if not np.isnan(counts[place, day]):
            bent[place, day] = -share * np.nansum(np.abs(counts[place, day - 28 : day]))
    return bent


def testing_collapses(signal: str, counts: Array, first: date) -> Array:
    """From September on cases are found ever less, down to a twentieth; deaths as ever."""
    since = np.maximum(np.arange(counts.shape[1]) - _day(first, 2021, 9, 1), 0)
    return np.round(counts * np.maximum(np.exp(-since / 20), 0.05)) if signal == "cases" else counts


def places_stop(_signal: str, counts: Array, first: date) -> Array:
    """A third of the places reports nothing from August on, another third zeros from October on."""
    bent, days = counts.copy(), np.arange(counts.shape[1])
    bent[::3, days > _day(first, 2021, 8, 1)] = np.nan
    bent[1::3, days > _day(first, 2021, 10, 1)] = 0
    return np.where(np.isnan(counts), np.nan, bent)


def _day(first: date, *day: int) -> int:
    return (date(*day) - first).days


BENDS: dict[str, Bend] = {
    "as it was": unbent,
    "tenfold wave": tenfold_wave,
    "weekly reports": weekly_reports,
    "corrections": corrections,
    "testing collapses": testing_collapses,
    "places stop": places_stop,
}


def measure() -> Iterator[dict[str, Any]]:
    """Yield, for every bend, signal and horizon, the score over the flat member's and the share in the 95 % band."""
    if not EUROPE.is_dir():
        return
    hub = read_hub_folder(EUROPE)
    for name, bend in BENDS.items():
        yield from _cells(name, _bent(hub, bend))


def _bent(hub: Hub, bend: Bend) -> Hub:
    vintages = [
        replace(one, values={signal: bend(signal, counts, one.first) for signal, counts in one.values.items()})
        for one in hub.history.vintages
    ]
    return replace(hub, history=History(vintages))


def _cells(name: str, hub: Hub) -> Iterator[dict[str, Any]]:
    newest = hub.history.vintages[-1]
    for target in hub.targets:
        forecaster = Forecaster(hub.history.continued_back(FITTED_WEEKS), target.signal, target.leading)
        rounds = replay(forecaster, target, hub.rounds)
        for position, horizon in enumerate(target.horizons):
            truth = np.stack([newest.week(target.signal, made.ends[position]) for made in rounds])
            ours = np.stack([made.published[:, position] for made in rounds])
            flat = np.stack([made.members["flat"][:, position] for made in rounds])
            scores, yardstick = interval_score(ours, truth), interval_score(flat, truth)
            known = ~np.isnan(scores)
            cell = f"{name}: {target.signal}, {horizon}"
            yield {
                "what": f"{cell}: over flat",
                "ours": float(scores[known].sum() / yardstick[known].sum()),
                "unit": "",
            }
            held = float(covered(ours, truth, BAND_95)[known].mean())
            yield {"what": f"{cell}: in the 95 % band", "ours": held, "unit": "", "bar": ".92 to .97"}
