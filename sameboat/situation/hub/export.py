"""Forecasts of a folder's newest day, as a hub of its own: the work of `sameboat situation forecast` and `check`."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sameboat.situation.engine.forecast import Forecaster, Round
from sameboat.situation.engine.forecast.backtest import Hub, Target, replay
from sameboat.situation.engine.forecast.combination import FITTED_WEEKS
from sameboat.situation.engine.forecast.quantiles import BAND_50, BAND_95, MEDIAN
from sameboat.situation.engine.forecast.standing import PUBLISHED, RUNNING_WEEKS, Standing, running_score, standing
from sameboat.situation.engine.forecast.vintage import WEEK, VintageError
from sameboat.situation.hub.folder import read_hub_folder
from sameboat.situation.hub.formats import (
    OUTPUT,
    SUFFIXES,
    HubFileError,
    faults_of_model_output,
    model_output,
    model_output_path,
    oracle_output,
    read_table,
    time_series,
    write_table,
)
from sameboat.situation.hub.tasks import Tasks, our_tasks, parsed_tasks, read_tasks
from sameboat.situation.told_plainly import told_plainly

MODEL = "sameboat-combined"
TARGETS = {
    "cases": ("wk inc case", "Weekly incident cases"),
    "deaths": ("wk inc death", "Weekly incident deaths"),
    "admissions": ("wk inc covid hosp", "Weekly incident hospital admissions"),
}


@dataclass(frozen=True)
class Forecasts:
    """The forecasts of one target made on one day, and whether they may be shown, by horizon."""

    target: Target
    round: Round
    standings: tuple[Standing, ...]

    def shown(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the quantiles (places, horizons, 23), nan at horizons that are suspended."""
        active = np.array([one.active for one in self.standings])
        return np.where(active[:, None], self.round.published, np.nan)


@dataclass(frozen=True)
class ForecastReport:
    """What a folder's newest day is followed by, and the files written of it."""

    hub: Hub
    day: date
    forecasts: list[Forecasts]
    written: list[Path]

    wrong = False

    def rows(self) -> Iterable[dict[str, Any]]:
        """Yield a line a target, place and horizon; bands are None where the forecast is suspended."""
        for made in self.forecasts:
            shown = made.shown()
            for place, name in enumerate(self.hub.places):
                for position, horizon in enumerate(made.target.horizons):
                    quantiles = shown[place, position]
                    known = not np.isnan(quantiles).any()
                    at = {
                        "lower_95": BAND_95[0],
                        "lower_50": BAND_50[0],
                        "median": MEDIAN,
                        "upper_50": BAND_50[1],
                        "upper_95": BAND_95[1],
                    }
                    yield {
                        "target": made.target.signal,
                        "place": name,
                        "horizon": horizon,
                        "week_end": made.round.ends[position],
                        **{key: float(quantiles[n]) if known else None for key, n in at.items()},
                    }

    @property
    def notes(self) -> list[str]:
        """Return what was missing, and what is suspended and why."""
        suspended = [
            f"{made.target.signal}, horizon {horizon}: suspended, {one.reason.value} ({one.score.coverage_95:.2f})"
            for made in self.forecasts
            for horizon, one in zip(made.target.horizons, made.standings, strict=True)
            if not one.active
        ]
        return [*self.hub.notes, *suspended]

    def as_json(self) -> dict[str, Any]:
        """Return what a program reads."""
        return {
            "day": self.day,
            "written": [str(path) for path in self.written],
            "notes": self.notes,
            "forecasts": list(self.rows()),
        }

    def as_text(self) -> Iterable[str]:
        """Yield a line a forecast, or the names of the files written."""
        yield f"forecasts of {self.day}"
        yield from (f"note: {note}" for note in self.notes)
        if self.written:
            yield from map(str, self.written)
            return
        yield f"{'target':12}{'place':10}{'horizon':>8}  {'week ends':12}{'2.5%':>10}{'25%':>10}{'50%':>10}" + (
            f"{'75%':>10}{'97.5%':>10}"
        )
        for row in self.rows():
            *_, lower, low, median, high, upper = row.values()
            bands = "".join(
                f"{'withheld':>10}" if x is None else f"{x:>10,.0f}" for x in (lower, low, median, high, upper)
            )
            yield f"{row['target']:12}{row['place']:10}{row['horizon']:>8}  {row['week_end']!s:12}{bands}"


def forecast_folder(
    folder: Path,
    day: date | None = None,
    out: Path | None = None,
    suffix: str = ".csv",
    done: Callable[[int, int], None] = lambda _done, _total: None,
) -> ForecastReport:
    """Return the forecasts made on a day from a folder laid out like a hub's record, and write them as a hub.

    Parameters
    ----------
    day
        By default the round of the newest vintage: the first of the rounds' weekday on or after it.
    out
        A folder for `hub-config/tasks.json`, `model-output/` and `target-data/`; nothing is written without it.

    Raises
    ------
    BadInput
        If the folder cannot be read, or too little was known by the day.
    """
    if suffix not in SUFFIXES:
        raise HubFileError(f"{suffix}: a hub's file ends in {' or '.join(SUFFIXES)}")
    hub = read_hub_folder(folder)
    if day is None:
        newest = hub.history.vintages[-1].as_of
        day = newest + timedelta((hub.rounds[0].weekday() - newest.weekday()) % WEEK)
    elif day.weekday() != hub.rounds[0].weekday():
        raise HubFileError(f"{day} is a {day:%A}; this hub's rounds are on {hub.rounds[0]:%A}s")
    days = [day - timedelta(WEEK * back) for back in range(RUNNING_WEEKS + WEEK, -1, -1)]
    history = hub.history.continued_back(FITTED_WEEKS)
    forecasts, steps = [], iter(range(1, len(days) * len(hub.targets) + 1))
    for target in hub.targets:
        forecaster = Forecaster(history, target.signal, target.leading)
        rounds = replay(forecaster, target, days, lambda _day: done(next(steps), len(days) * len(hub.targets)))
        if not rounds or rounds[-1].day != day:
            with told_plainly(folder):
                forecaster.forecast(day, [target.end(day, horizon) for horizon in target.horizons])
                raise VintageError(f"{target.signal!r} cannot be forecast on {day}")
        forecasts.append(Forecasts(target, rounds[-1], _standings(forecaster, target, rounds)))
    made = ForecastReport(hub, day, forecasts, [])
    if out is not None:
        made.written.extend(_write(made, out, suffix))
    return made


def _standings(forecaster: Forecaster, target: Target, rounds: list[Round]) -> tuple[Standing, ...]:
    found = []
    for position in range(len(target.horizons)):
        active = True
        for made in rounds:
            outcomes = forecaster.outcomes(made.day, rounds, position)
            now = standing(running_score(PUBLISHED, outcomes), active)
            active = now.active
        found.append(now)
    return tuple(found)


def _write(made: ForecastReport, out: Path, suffix: str) -> list[Path]:
    """Write the hub's files; what they hold is checked by the tasks they come with."""
    import polars as pl

    hub, reference = made.hub, made.day + timedelta(made.forecasts[0].target.offset)
    named = {one.target.signal: TARGETS[one.target.signal] for one in made.forecasts}
    horizons = sorted({horizon for one in made.forecasts for horizon in one.target.horizons})
    config = our_tasks(dict(named.values()), reference_dates=[reference], locations=hub.places, horizons=horizons)
    frames = [
        model_output(named[one.target.signal][0], reference, hub.places, one.target.horizons, one.shown())
        for one in made.forecasts
    ]
    output = pl.concat(frames)
    if output.height and (faults := faults_of_model_output(output, parsed_tasks(json.dumps(config)), str(reference))):
        raise HubFileError(f"the forecasts do not fit their own tasks: {'; '.join(faults)}")
    newest = hub.history.known_on(made.day)
    tables = {
        model_output_path(out, MODEL, reference.isoformat(), suffix): output,
        out / "target-data" / f"time-series{suffix}": pl.concat(
            [time_series(name, signal, hub.history, hub.places) for signal, (name, _) in named.items()]
        ).filter(pl.col("as_of") <= made.day),
        out / "target-data" / f"oracle-output{suffix}": pl.concat(
            [oracle_output(name, signal, newest, hub.places) for signal, (name, _) in named.items()]
        ),
    }
    for path, frame in tables.items():
        write_table(frame, path)
    tasks = out / "hub-config" / "tasks.json"
    tasks.parent.mkdir(parents=True, exist_ok=True)
    tasks.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return [tasks, *tables]


@dataclass(frozen=True)
class CheckReport:
    """What a hub would refuse in a file of forecasts."""

    file: Path
    lines: int
    faults: list[str]

    @property
    def wrong(self) -> bool:
        """Whether anything would be refused."""
        return bool(self.faults)

    def as_json(self) -> dict[str, Any]:
        """Return what a program reads."""
        return {"file": str(self.file), "lines": self.lines, "faults": self.faults}

    def as_text(self) -> Iterable[str]:
        """Return a line a fault, or that there is none."""
        return [f"{self.file}: {fault}" for fault in self.faults] or [f"{self.file}: {self.lines:,} lines, no fault"]


def check_file(path: Path, tasks_path: Path, round_id: str | None = None) -> CheckReport:
    """Return what a hub with these tasks would refuse in a file of forecasts.

    Parameters
    ----------
    round_id
        By default the date that the file's name begins with.

    Raises
    ------
    BadInput
        If one of the files cannot be read, or the hub has no such round.
    """
    tasks: Tasks = read_tasks(tasks_path)
    frame = read_table(path, OUTPUT)
    return CheckReport(path, frame.height, faults_of_model_output(frame, tasks, round_id or path.name[:10]))
