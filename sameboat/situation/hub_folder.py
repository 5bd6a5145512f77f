"""Reads a forecast hub's record from a folder of Parquet files: vintages, outcomes and the models' forecasts.

Two layouts are known, told apart by their files. Both keep vintages as deltas: a row says what a figure became on
`as_of`, and stands until a later row of the same place and date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from sameboat.situation.engine.forecast.backtest import Hub, Target
from sameboat.situation.engine.forecast.quantiles import LEVELS
from sameboat.situation.engine.forecast.vintage import WEEK, History, Vintage
from sameboat.situation.engine.incidence import Array

FORECASTS = "forecast_*.parquet"
DAILY_VINTAGES = "truth_jhu_daily_{}_asof_delta.parquet"
DAILY_FINAL = "truth_jhu_daily_{}_final.parquet"
WEEKLY_VINTAGES = "target_hosp_vintages_delta.parquet"


class HubFolderError(ValueError):
    """A folder that is not laid out like a known hub, or a file in it that lacks what the layout promises."""


@dataclass(frozen=True)
class _Grid:
    """Positions of places and rounds in the arrays to fill."""

    places: Mapping[str, int]
    rounds: Mapping[date, int]


def read_hub_folder(folder: Path) -> Hub:
    """Return the record in `folder`, laid out like the European or the US COVID-19 forecast hub's.

    Raises
    ------
    HubFolderError
        If a file is missing, is no Parquet, or lacks a column; it names the file and what to do.
    """
    if not folder.is_dir():
        raise HubFolderError(f"{folder}: there is no such folder")
    if (folder / WEEKLY_VINTAGES).exists():
        return _weekly_hub(folder)
    if (folder / DAILY_VINTAGES.format("cases")).exists():
        return _daily_hub(folder)
    raise HubFolderError(
        f"{folder}: neither {WEEKLY_VINTAGES} nor {DAILY_VINTAGES.format('cases')} is in it; "
        "lay the folder out like one of the two hubs"
    )


def _daily_hub(folder: Path) -> Hub:
    """Read the European hub: daily cases and deaths; horizon 1 ends on the Saturday after the Monday of the round."""
    signals = {"cases": "case", "deaths": "death"}
    deltas = {
        name: _read(folder / DAILY_VINTAGES.format(name), "location", "date", "value", "as_of") for name in signals
    }
    models = _models(folder, "forecast_date", "location", "target", "horizon", "target_end_date", "quantile", "value")
    baseline = _baseline(folder, models)
    places = sorted(set().union(*(frame["location"].unique().to_list() for frame in deltas.values())))
    days = models[baseline]["forecast_date"].unique().sort().to_list()
    grid = _Grid({name: n for n, name in enumerate(places)}, {day: n for n, day in enumerate(days)})
    history = _history(deltas, grid.places, 1)
    truth, targets, forecasts = [], [], []
    for name, short in signals.items():
        target = Target(name, "cases" if name == "deaths" else None, (1, 2, 3, 4), -2)
        final = _read(folder / DAILY_FINAL.format(name), "location", "date", "value")
        truth.append(_weeks(final, grid, target, 1))
        targets.append(target)
        forecasts.append(
            {
                model: _quantiles(frame.filter(pl.col("target").cast(pl.String) == short), grid, target)
                for model, frame in models.items()
            }
        )
    return Hub(tuple(places), tuple(targets), tuple(days), history, tuple(truth), tuple(forecasts), baseline)


def _weekly_hub(folder: Path) -> Hub:
    """Read the US hub: weekly admissions; horizon 0 ends on the Saturday of the round, -1 is the week reported last."""
    delta = _read(folder / WEEKLY_VINTAGES, "location", "target_end_date", "observation", "as_of")
    delta = delta.rename({"target_end_date": "date", "observation": "value"})
    models = _models(folder, "reference_date", "location", "horizon", "target_end_date", "quantile", "value")
    baseline = _baseline(folder, models)
    places = sorted(delta["location"].unique().to_list())
    days = models[baseline]["reference_date"].unique().sort().to_list()
    grid = _Grid({name: n for n, name in enumerate(places)}, {day: n for n, day in enumerate(days)})
    target = Target("admissions", None, (-1, 0, 1, 2, 3), 0)
    final = delta.sort("as_of").unique(["location", "date"], keep="last", maintain_order=True)
    return Hub(
        places=tuple(places),
        targets=(target,),
        rounds=tuple(days),
        history=_history({"admissions": delta}, grid.places, WEEK),
        truth=(_weeks(final, grid, target, WEEK),),
        forecasts=({model: _quantiles(frame, grid, target) for model, frame in models.items()},),
        baseline=baseline,
    )


def _read(path: Path, *columns: str) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError:
        raise HubFolderError(f"{path}: the file is missing; the folder's layout needs it") from None
    except pl.exceptions.PolarsError as error:
        raise HubFolderError(f"{path}: it cannot be read as Parquet ({error}); fetch it again") from error
    if missing := [column for column in columns if column not in frame.columns]:
        raise HubFolderError(f"{path}: it has no column {', '.join(missing)}; it has {', '.join(frame.columns)}")
    return frame.select(columns).with_columns(pl.col("location").cast(pl.String))


def _models(folder: Path, *columns: str) -> dict[str, pl.DataFrame]:
    """Return each model's forecasts by the name in its file's."""
    return {path.stem.removeprefix("forecast_"): _read(path, *columns) for path in sorted(folder.glob(FORECASTS))}


def _baseline(folder: Path, models: Mapping[str, pl.DataFrame]) -> str:
    names = [name for name in models if "baseline" in name]
    if len(names) != 1:
        raise HubFolderError(f"{folder}: one model's file must have 'baseline' in its name; {len(names)} have")
    return names[0]


def _history(deltas: Mapping[str, pl.DataFrame], places: Mapping[str, int], step: int) -> History:
    """Return the vintages that `deltas` (columns location, date, value, as_of) add up to, one a day of publication."""
    days: list[date] = sorted(set().union(*(frame["date"].unique().to_list() for frame in deltas.values())))
    first, last = days[0], days[-1]
    published = sorted(set().union(*(frame["as_of"].unique().to_list() for frame in deltas.values())))
    periods = (last - first).days // step + 1
    now = {name: np.full((len(places), periods), np.nan) for name in deltas}
    parts = {
        name: {key[0]: part for key, part in frame.partition_by("as_of", as_dict=True).items()}
        for name, frame in deltas.items()
    }
    vintages = []
    for day in published:
        for name, array in now.items():
            if (part := parts[name].get(day)) is not None:
                rows = [places[place] for place in part["location"]]
                columns = ((part["date"] - first).dt.total_days() // step).to_numpy()
                array[rows, columns] = part["value"].cast(pl.Float64).to_numpy()
        vintages.append(Vintage(day, first, step, {name: array.copy() for name, array in now.items()}))
    return History(vintages)


def _weeks(final: pl.DataFrame, grid: _Grid, target: Target, step: int) -> Array:
    """Return what came true, (places, rounds, horizons), nan where a week is not complete."""
    weeks = np.full((len(grid.places), len(grid.rounds), len(target.horizons)), np.nan)
    record = _history({"value": final.with_columns(as_of=pl.lit(final["date"].max()))}, grid.places, step).vintages[0]
    for day, number in grid.rounds.items():
        for position, horizon in enumerate(target.horizons):
            weeks[:, number, position] = record.week("value", target.end(day, horizon))
    return weeks


def _quantiles(frame: pl.DataFrame, grid: _Grid, target: Target) -> Array:
    """Return a model's forecasts, (places, rounds, horizons, 23); nan where it gave none.

    A forecast belongs to the round that asks for its week at its horizon, whatever day it was made on.
    """
    result = np.full((len(grid.places), len(grid.rounds), len(target.horizons), len(LEVELS)), np.nan)
    positions = {horizon: position for position, horizon in enumerate(target.horizons)}
    frame = frame.filter(
        pl.col("location").is_in(list(grid.places)) & pl.col("horizon").is_in(list(positions))
    ).with_columns(
        round=pl.col("target_end_date") - pl.duration(days=target.offset + WEEK * pl.col("horizon").cast(pl.Int64))
    )
    frame = frame.filter(pl.col("round").is_in(list(grid.rounds)))
    levels = np.abs(frame["quantile"].cast(pl.Float64).to_numpy()[:, None] - LEVELS).argmin(axis=1)
    result[
        [grid.places[place] for place in frame["location"]],
        [grid.rounds[day] for day in frame["round"]],
        [positions[horizon] for horizon in frame["horizon"]],
        levels,
    ] = frame["value"].cast(pl.Float64).to_numpy()
    return result
