"""How often quality flags agree with what a forecast hub marked by hand, what they miss, and what they cost: the study.

The European COVID-19 forecast hub kept a list of anomalies by country and week. Vintage by vintage, as they came each
Monday, daily cases and deaths are judged, and the flags are held against the list. "Replaced data source" stands on
nearly every week and says nothing that figures could show; hospital admissions are not in the truth that is kept here.
Injected mistakes and simulated epidemics without any say the rest: what is caught, and how often nothing is called
wrong.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from sameboat.figures.engine.flags import Flag, flag_panel, flag_revisions
from sameboat.figures.engine.panel import Array, Panel

FACTS = Path(os.environ.get("SAMEBOAT_FACTS", Path(__file__).parents[2] / "shared" / "facts"))
SIGNALS = {"cases": "inc case", "deaths": "inc death"}
SIGHT = timedelta(weeks=10)
"""How far back the hub's own list compared vintages."""

KINDS_OF = {
    "Negative case reporting": {"negative-increment"},
    "Removed double counting": {"negative-increment"},
    "No data reported": {"reporting-gap", "missing-day", "stuck-value", "stale-feed"},
    "2 days missing, 1 day spike": {"reporting-gap", "spike"},
    "Historic cases added but not backdistributed in Catalonia": {"spike"},
    "Spike removed after case count backdistributed": {"revised-strongly"},
    "large data revision": {"revised-strongly"},
}

Week = tuple[str, date]
"""A country and the Saturday that its week ends on."""


def measure() -> Iterator[dict[str, Any]]:
    """Yield precision and recall against the hub's list, of injected mistakes, false alarms, and the time it takes."""
    folder = FACTS / "outbreak" / "europe_hub"
    if folder.is_dir():
        yield from _against_the_list(folder)
        yield from _injected(folder)
    else:
        yield {"what": f"(no facts in {folder}: nothing to compare with)", "ours": 0, "unit": "labels"}
    yield from _nothing_wrong()
    yield from _speed()


def _against_the_list(folder: Path) -> Iterator[dict[str, Any]]:
    labels = pl.read_parquet(folder / "anomalies.parquet").with_columns(
        day=pl.col("target_end_date").str.to_date(), kind=pl.col("anomaly")
    )
    for signal, target in SIGNALS.items():
        vintages = _vintages(folder, signal)
        raised = _raised(vintages)
        marked = labels.filter(pl.col("target_variable") == target)
        first, last = marked["day"].min(), marked["day"].max()
        large = {
            (row["location"], row["day"]) for row in marked.filter(pl.col("kind") == "large data revision").to_dicts()
        }
        flagged = {week for week in raised["revised-strongly"] if first <= week[1] <= last}
        yield from _rates(f"{signal}: large revision, {len(large)} weeks marked", flagged, large)
        missed = large - flagged
        same = sum(_unchanged(vintages, week) for week in missed)
        yield {
            "what": f"{signal}: of {len(missed)} missed, alike in all vintages kept here",
            "ours": same / max(len(missed), 1),
            "unit": "share",
        }
        by_hand = [row for row in marked.to_dicts() if row["kind"] in KINDS_OF and row["kind"] != "large data revision"]
        hits = 0
        for row in by_hand:
            week = (row["location"], _saturday(row["day"]))
            kinds = [kind for kind in sorted(KINDS_OF[row["kind"]]) if week in raised.get(kind, set())]
            hits += bool(kinds)
            yield {
                "what": f"  {row['location']} {row['day']:%d %b} {row['kind'][:28]}: {', '.join(kinds) or 'missed'}",
                "ours": len(kinds),
                "unit": "kinds",
            }
        yield {
            "what": f"{signal}: other marks by hand, {len(by_hand)}: recall",
            "ours": hits / len(by_hand),
            "unit": "share",
        }
        daily = {
            week
            for kind in ("negative-increment", "spike", "reporting-gap", "stuck-value")
            for week in raised.get(kind, set())
            if first <= week[1] <= last
        }
        any_mark = {(row["location"], _saturday(row["day"])) for row in by_hand} | large
        places, weeks = len(vintages[0][1].places), (last - first).days // 7 + 1
        yield {"what": f"{signal}: weeks with a daily flag, of {places * weeks}", "ours": len(daily), "unit": "weeks"}
        for kind in ("negative-increment", "reporting-gap", "spike", "stuck-value"):
            number = sum(first <= week[1] <= last for week in raised.get(kind, set()))
            yield {"what": f"  {kind}", "ours": number, "unit": "weeks"}
        yield {
            "what": f"{signal}: of them marked for anything",
            "ours": len(daily & any_mark) / len(daily),
            "unit": "share",
            "peer": "of all weeks",
            "peers": len(any_mark) / (places * weeks),
        }


def _rates(what: str, flagged: set[Week], marked: set[Week]) -> Iterator[dict[str, Any]]:
    both = len(flagged & marked)
    yield {"what": f"{what}: precision", "ours": both / max(len(flagged), 1), "unit": "share"}
    yield {"what": f"{what}: recall", "ours": both / len(marked), "unit": "share"}


def _unchanged(vintages: list[tuple[date, Panel]], week: Week) -> bool:
    """Whether no vintage changed a week's count by more than a hundredth."""
    place, last = week
    sums = []
    for _, panel in vintages:
        column = panel.column(last)
        if column < panel.days:
            sums.append(panel.values[panel.places.index(place), column - 6 : column + 1].sum())
    return not sums or float(np.nanmax(sums) - np.nanmin(sums)) <= 0.01 * float(np.nanmax(sums))


def _raised(vintages: list[tuple[date, Panel]]) -> dict[str, set[Week]]:
    """Return the weeks flagged by kind: days as each vintage shows its last three weeks, revisions between vintages."""
    raised: dict[str, set[Week]] = {}

    def keep(flags: list[Flag]) -> None:
        for flag in flags:
            week = _saturday(flag.date)
            while week <= _saturday(flag.until):
                raised.setdefault(flag.kind, set()).add((flag.place, week))
                week += timedelta(weeks=1)

    for number, (published, panel) in enumerate(vintages):
        keep(flag_panel(panel, since=published - timedelta(weeks=3)))
        for before, earlier in vintages[:number]:
            if published - before <= SIGHT:
                keep(flag_revisions(earlier, panel))
    return raised


def _saturday(day: date) -> date:
    return day + timedelta(days=(5 - day.weekday()) % 7)


def _vintages(folder: Path, signal: str) -> list[tuple[date, Panel]]:
    """Return each vintage with its day, up to the last day it knows."""
    delta = pl.read_parquet(folder / f"truth_jhu_daily_{signal}_asof_delta.parquet").sort("as_of")
    places = sorted(delta["location"].cast(pl.String).unique().to_list())
    rows = {place: n for n, place in enumerate(places)}
    first: date = delta["date"].min()  # type: ignore[assignment]
    values = np.full((len(places), (delta["date"].max() - first).days + 1), np.nan)  # type: ignore[operator]
    vintages = []
    for (published,), part in delta.partition_by("as_of", as_dict=True, maintain_order=True).items():
        columns = (part["date"] - first).dt.total_days().to_numpy()
        values[[rows[place] for place in part["location"].cast(pl.String)], columns] = part["value"].to_numpy()
        known = int(np.nonzero(~np.isnan(values).all(axis=0))[0][-1]) + 1
        vintages.append((published, Panel(signal, tuple(places), first, values[:, :known].copy())))
    return vintages


def _injected(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield how often a mistake put into a real series, on a day without a flag, is flagged at once and later."""
    table = pl.read_parquet(folder / "truth_jhu_daily_cases_final.parquet").sort("location", "date")
    places = table["location"].unique(maintain_order=True).to_list()
    values = table["value"].cast(pl.Float64).to_numpy().reshape(len(places), -1)[:, :700]
    whole = Panel("cases", tuple(places), table["date"].min(), values)  # type: ignore[arg-type]
    taken = {(flag.place, flag.date + timedelta(days=n)) for flag in flag_panel(whole) for n in range(-7, 8)}
    level = np.lib.stride_tricks.sliding_window_view(np.pad(values, ((0, 0), (3, 3)), mode="edge"), 7, axis=1).mean(
        axis=-1
    )
    rng = np.random.default_rng(0)
    mistakes: dict[str, tuple[str, Callable[[float], float]]] = {
        "3 times its count": ("spike", lambda count: 3 * count),
        "5 times its count": ("spike", lambda count: 5 * count),
        "10 times its count": ("spike", lambda count: 10 * count),
        "no cases told": ("reporting-gap", lambda _: 0.0),
    }
    for low, high in ((10, 100), (100, 1000), (1000, np.inf)):
        chosen = np.argwhere((level >= low) & (level < high) & (values > 0))
        chosen = rng.permutation([(r, c) for r, c in chosen if c > 80 and (places[r], whole.day(c)) not in taken])[:250]
        for name, (kind, mistake) in mistakes.items():
            for until, when in ((0, "that day"), (14, "a fortnight on")):
                caught, plainly = 0, 0
                for row, column in chosen:
                    changed = values[row : row + 1, max(column - 120, 0) : column + until + 1].copy()
                    at = min(column, 120)
                    changed[0, at] = mistake(changed[0, at])
                    one = Panel("cases", ("x",), whole.first, changed)
                    plainly += bool(_hampel(changed)[0, at] == (1 if kind == "spike" else -1))
                    caught += any(
                        flag.kind == kind and flag.date <= one.day(at) <= flag.until for flag in flag_panel(one)
                    )
                yield {
                    "what": f"{name}, {low} to {high:g} a day, seen {when}",
                    "ours": caught / len(chosen),
                    "unit": "flagged",
                    "peer": "Hampel",
                    "peers": plainly / len(chosen),
                }


def _hampel(values: Array) -> Array:
    """Return 1 or -1 where a count leaves the bounds of the plain Hampel identifier: a week around, three MADs."""
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, ((0, 0), (7, 7)), constant_values=np.nan), 15, axis=1
    )
    middle = np.nanmedian(around, axis=-1)
    spread = 1.4826 * np.nanmedian(np.abs(around - middle[..., None]), axis=-1)
    result: Array = np.where(np.abs(values - middle) > 3 * spread, np.sign(values - middle), 0.0)
    return result


def _nothing_wrong() -> Iterator[dict[str, Any]]:
    """Yield false alarms where nothing is wrong: 3,000 simulated places of 400 days, by how much counts scatter."""
    for name, dispersion in (("Poisson", 0.0), ("k = 20", 0.05), ("k = 5", 0.2)):
        panel = Panel("cases", tuple(map(str, range(3000))), date(2020, 1, 6), _simulated(dispersion))
        flags = flag_panel(panel)
        yield {
            "what": f"nothing wrong, {name}: false alarms",
            "ours": 1e6 * len(flags) / panel.values.size,
            "unit": "in a million",
            "peer": "Hampel",
            "peers": 1e6 * float((_hampel(panel.values) != 0).mean()),
        }


def _simulated(dispersion: float, seed: int = 0) -> Array:
    """Return 3,000 places' counts of 400 days: a level from 1 to 1,000 that wanders, a week's rhythm, and scatter."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.uniform(0, np.log(1000), (3000, 1)) + np.cumsum(rng.normal(0, 0.04, (3000, 400)), axis=1))
    level *= np.array([1.2, 1.1, 1.1, 1.1, 1.0, 0.8, 0.7])[np.arange(400) % 7]
    scatter = rng.gamma(1 / dispersion, dispersion, level.shape) if dispersion else 1.0
    return rng.poisson(level * scatter).astype(np.float64)


def _speed() -> Iterator[dict[str, Any]]:
    panel = Panel("cases", tuple(map(str, range(3000))), date(2020, 1, 6), _simulated(0.05))
    for name, since in (("all days", None), ("the last week", panel.day(393))):
        began = time.perf_counter()
        flag_panel(panel, since=since)
        yield {
            "what": f"flags of 3,000 places by 400 days, {name}",
            "ours": time.perf_counter() - began,
            "unit": "s",
            "bar": "< 10" if since is None else "< 2",
        }
