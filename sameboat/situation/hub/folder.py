"""Reads a forecast hub's record from a folder of Parquet files: vintages, outcomes and the models' forecasts.

Two layouts are known, told apart by their files. Both keep vintages as deltas: a row says what a figure became on
`as_of`, and stands until a later row of the same place and date. What a folder lacks is worked around where that is
honest, and said in the hub's notes; a table that cannot be trusted is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from sameboat.situation.engine.forecast.backtest import Hub, Target
from sameboat.situation.engine.forecast.quantiles import LEVELS
from sameboat.situation.engine.forecast.vintage import WEEK, History, Vintage
from sameboat.situation.engine.incidence import Array
from sameboat.transparency.errors import BadInput

FORECASTS = "forecast_*.parquet"
DAILY_VINTAGES = "truth_jhu_daily_{}_asof_delta.parquet"
DAILY_FINAL = "truth_jhu_daily_{}_final.parquet"
WEEKLY_VINTAGES = "target_hosp_vintages_delta.parquet"
WEEKLY_TARGET = "wk inc covid hosp"
DAILY_SIGNALS = {"cases": "case", "deaths": "death"}
HALF_A_LEVEL = 0.005  # quantiles as near as this are one of the hub's
SATURDAY_AFTER_MONDAY = -2  # days from a Monday's round to the week end of horizon 0


class HubFolderError(BadInput, ValueError):
    """A folder that is not laid out like a known hub, or a file in it that lacks what the layout promises."""

    code = "hub-folder"


@dataclass(frozen=True)
class _Grid:
    """Positions of places and rounds in the arrays to fill."""

    places: Mapping[str, int]
    rounds: Mapping[date, int]


def read_hub_folder(folder: Path) -> Hub:
    """Return the record in `folder`, laid out like the European or the US COVID-19 forecast hub's.

    One of the European layout's signals may be missing, and so may the files of final figures: then the newest vintage
    is taken for what came true. Other models and other dates are read like the known ones.

    Raises
    ------
    HubFolderError
        If a file is missing that nothing can stand in for, is no Parquet, or lacks a column, or if a column does not
        hold what its name says; it names the file and what to do.
    """
    if not folder.is_dir():
        raise HubFolderError(f"{folder}: there is no such folder")
    if (folder / WEEKLY_VINTAGES).exists():
        return _weekly_hub(folder)
    if any((folder / DAILY_VINTAGES.format(name)).exists() for name in DAILY_SIGNALS):
        return _daily_hub(folder)
    raise HubFolderError(
        f"{folder}: neither {WEEKLY_VINTAGES} nor {DAILY_VINTAGES.format('cases')} is in it; "
        "lay the folder out like one of the two hubs, or put triangles or line lists of reports into it"
    )


def _daily_hub(folder: Path) -> Hub:
    """Read the European hub: daily cases and deaths; horizon 1 ends on the Saturday after the Monday of the round."""
    notes: list[str] = []
    deltas, finals = {}, {}
    for name in DAILY_SIGNALS:
        vintages, final = folder / DAILY_VINTAGES.format(name), folder / DAILY_FINAL.format(name)
        if not vintages.exists():
            notes.append(f"{vintages.name} is missing: {name} are left out")
            continue
        deltas[name] = _vintages(vintages, "date", "value", notes)
        if final.exists():
            finals[name] = _read(final, {"location": pl.String, "date": pl.Date, "value": pl.Float64})
        else:
            notes.append(f"{final.name} is missing: the newest vintage is taken for what came true")
            finals[name] = _newest(deltas[name])
    models = _models(folder, {"target": pl.String})
    baseline = _baseline(folder, models)
    targets = [
        Target(name, "cases" if name == "deaths" and "cases" in deltas else None, (1, 2, 3, 4), SATURDAY_AFTER_MONDAY)
        for name in deltas
    ]
    grid = _grid(deltas, models[baseline], targets[0], folder)
    forecasts = [
        {
            model: _quantiles(frame.filter(pl.col("target") == DAILY_SIGNALS[target.signal]), grid, target)
            for model, frame in models.items()
        }
        for target in targets
    ]
    return Hub(
        places=tuple(grid.places),
        targets=tuple(targets),
        rounds=tuple(grid.rounds),
        history=_history(deltas, grid.places, 1),
        truth=tuple(_weeks(finals[target.signal], grid, target, 1) for target in targets),
        forecasts=tuple(forecasts),
        baseline=baseline,
        notes=tuple(notes),
    )


def _weekly_hub(folder: Path) -> Hub:
    """Read the US hub: weekly admissions; horizon 0 ends on the Saturday of the round, -1 is the week reported last."""
    notes: list[str] = []
    delta = _vintages(folder / WEEKLY_VINTAGES, "target_end_date", "observation", notes)
    delta = _on_one_weekday(delta, WEEKLY_VINTAGES, notes)
    models = {name: _only(frame, WEEKLY_TARGET) for name, frame in _models(folder, {}).items()}
    baseline = _baseline(folder, models)
    target = Target("admissions", None, (-1, 0, 1, 2, 3), 0)
    grid = _grid({"admissions": delta}, models[baseline], target, folder)
    return Hub(
        places=tuple(grid.places),
        targets=(target,),
        rounds=tuple(grid.rounds),
        history=_history({"admissions": delta}, grid.places, WEEK),
        truth=(_weeks(_newest(delta), grid, target, WEEK),),
        forecasts=({model: _quantiles(frame, grid, target) for model, frame in models.items()},),
        baseline=baseline,
        notes=tuple(notes),
    )


def _read(path: Path, columns: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """Return the columns of a table as the types they must have, rows with an empty key left out."""
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError:
        raise HubFolderError(f"{path}: the file is missing; the folder's layout needs it") from None
    except pl.exceptions.PolarsError as error:
        raise HubFolderError(f"{path}: it cannot be read as Parquet ({error}); fetch it again") from error
    if missing := [column for column in columns if column not in frame.columns]:
        raise HubFolderError(f"{path}: it has no column {', '.join(missing)}; it has {', '.join(frame.columns)}")
    extra = [column for column in ("target",) if column in frame.columns and column not in columns]
    for column, kind in columns.items():
        try:
            frame = frame.with_columns(
                pl.col(column).cast(pl.String).cast(kind) if kind == pl.String else _as(column, kind, frame)
            )
        except pl.exceptions.PolarsError as error:
            raise HubFolderError(f"{path}: column {column} does not hold what it should ({error})") from error
    keys = [column for column, kind in columns.items() if kind != pl.Float64]
    return frame.select(*columns, *extra).drop_nulls(keys)


def _as(column: str, kind: type[pl.DataType], frame: pl.DataFrame) -> pl.Expr:
    if kind == pl.Date and frame.schema[column] == pl.String:
        return pl.col(column).str.to_date("%Y-%m-%d")
    return pl.col(column).cast(kind)


def _vintages(path: Path, day: str, value: str, notes: list[str]) -> pl.DataFrame:
    """Return a table of deltas with the columns location, date, value and as_of; rows that cannot be are left out."""
    frame = _read(path, {"location": pl.String, day: pl.Date, value: pl.Float64, "as_of": pl.Date})
    frame = _only(frame, WEEKLY_TARGET).rename({day: "date", value: "value"})
    ahead = frame.filter(pl.col("date") > pl.col("as_of"))
    if ahead.height:
        row = ahead.row(0, named=True)
        notes.append(
            f"{path.name}: {ahead.height} rows of days after their own vintage are left out, the first of "
            f"{row['location']} on {row['date']} as of {row['as_of']}"
        )
    frame = frame.filter(pl.col("date") <= pl.col("as_of")).select("location", "date", "value", "as_of")
    if frame.is_empty():
        raise HubFolderError(f"{path}: it has no rows that can be used")
    reach = frame.group_by("location").agg(pl.col("date").max()).sort("location")
    usual = max(reach["date"].mode().to_list())
    if further := reach.filter(pl.col("date") > usual)["location"].to_list():
        notes.append(
            f"{path.name}: figures of {', '.join(further[:5])} reach further than those of the other places ({usual}): "
            "their dates may be late"
        )
    return frame


def _on_one_weekday(frame: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    """Return the rows of weeks that end on the weekday on which most end."""
    weekday = frame["date"].dt.weekday()
    usual = weekday.mode().sort()[0]
    if odd := int((weekday != usual).sum()):
        notes.append(f"{name}: {odd} rows of weeks that end on another weekday than the others are left out")
    return frame.filter(weekday == usual)


def _only(frame: pl.DataFrame, target: str) -> pl.DataFrame:
    """Return the rows of one target where the table says which is which."""
    return frame.filter(pl.col("target").cast(pl.String) == target) if "target" in frame.columns else frame


def _newest(delta: pl.DataFrame) -> pl.DataFrame:
    return delta.sort("as_of").unique(["location", "date"], keep="last", maintain_order=True)


def _models(folder: Path, columns: Mapping[str, type[pl.DataType]]) -> dict[str, pl.DataFrame]:
    """Return each model's forecasts by the name in its file's."""
    wanted: dict[str, type[pl.DataType]] = {
        "location": pl.String,
        "horizon": pl.Int64,
        "target_end_date": pl.Date,
        "quantile": pl.Float64,
        "value": pl.Float64,
        **columns,
    }
    return {path.stem.removeprefix("forecast_"): _read(path, wanted) for path in sorted(folder.glob(FORECASTS))}


def _baseline(folder: Path, models: Mapping[str, pl.DataFrame]) -> str:
    names = [name for name in models if "baseline" in name]
    if len(names) != 1:
        raise HubFolderError(f"{folder}: one model's file must have 'baseline' in its name; {len(names)} have")
    return names[0]


def _grid(deltas: Mapping[str, pl.DataFrame], baseline: pl.DataFrame, target: Target, folder: Path) -> _Grid:
    """Return the places that have figures, and the rounds that the baseline's weeks and horizons belong to."""
    places = sorted(set().union(*(frame["location"].unique().to_list() for frame in deltas.values())))
    asked = baseline.filter(pl.col("horizon").is_in(list(target.horizons)))
    days: list[date] = sorted(
        {
            end - timedelta(target.offset + WEEK * horizon)
            for end, horizon in asked.select("target_end_date", "horizon").unique().rows()
        }
    )
    if not days:
        raise HubFolderError(
            f"{folder}: the baseline has no forecast at horizons {min(target.horizons)} to {max(target.horizons)}"
        )
    return _Grid({name: n for n, name in enumerate(places)}, {day: n for n, day in enumerate(days)})


def _history(deltas: Mapping[str, pl.DataFrame], places: Mapping[str, int], step: int) -> History:
    """Return the vintages that `deltas` (columns location, date, value, as_of) add up to, one a day of publication."""
    first = _beginning(deltas, len(places))
    last: date = max(_days(frame, "date")[-1] for frame in deltas.values())
    known = max(_days(frame, "as_of")[0] for frame in deltas.values())  # from here on every signal has figures
    published = sorted({day for frame in deltas.values() for day in _days(frame, "as_of")})
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
                part = part.filter(pl.col("date") >= first)
                rows = [places[place] for place in part["location"]]
                columns = ((part["date"] - first).dt.total_days() // step).to_numpy()
                array[rows, columns] = part["value"].to_numpy()
        if day >= known:
            vintages.append(Vintage(day, first, step, {name: array.copy() for name, array in now.items()}))
    return History(vintages)


def _days(frame: pl.DataFrame, column: str) -> list[date]:
    return frame[column].unique().sort().to_list()


def _beginning(deltas: Mapping[str, pl.DataFrame], places: int) -> date:
    """Return the first day of the figures that the oldest vintage has of half of the places, without a week's break.

    A record that was cut off holds, before that, corrections of figures that are not in it.
    """
    begins: list[date] = []
    for frame in deltas.values():
        oldest = frame.filter((pl.col("as_of") == pl.col("as_of").min()) & pl.col("value").is_not_nan())
        reporting = oldest.group_by("date").agg(pl.col("location").n_unique().alias("places")).sort("date")
        days: list[date] = reporting.filter(pl.col("places") >= places / 2)["date"].to_list()
        days = days or _days(frame, "date")
        breaks = [later for day, later in pairwise(days) if (later - day).days > WEEK]
        begins.append(breaks[-1] if breaks else days[0])
    return max(begins)


def _weeks(final: pl.DataFrame, grid: _Grid, target: Target, step: int) -> Array:
    """Return what came true, (places, rounds, horizons), nan where a week is not complete."""
    weeks = np.full((len(grid.places), len(grid.rounds), len(target.horizons)), np.nan)
    known = final.select("location", "date", "value").filter(pl.col("location").is_in(list(grid.places)))
    if known.is_empty():
        return weeks
    record = _history({"value": known.with_columns(as_of=pl.lit(known["date"].max()))}, grid.places, step).vintages[0]
    for day, number in grid.rounds.items():
        for position, horizon in enumerate(target.horizons):
            end = target.end(day, horizon)
            if (end - record.first).days % step == 0:
                weeks[:, number, position] = record.week("value", end)
    return weeks


def _quantiles(frame: pl.DataFrame, grid: _Grid, target: Target) -> Array:
    """Return a model's forecasts, (places, rounds, horizons, 23); nan where it gave none.

    A forecast belongs to the round that asks for its week at its horizon, whatever day it was made on.
    """
    result = np.full((len(grid.places), len(grid.rounds), len(target.horizons), len(LEVELS)), np.nan)
    positions = {horizon: position for position, horizon in enumerate(target.horizons)}
    frame = frame.filter(
        pl.col("location").is_in(list(grid.places)) & pl.col("horizon").is_in(list(positions))
    ).with_columns(round=pl.col("target_end_date") - pl.duration(days=target.offset + WEEK * pl.col("horizon")))
    frame = frame.filter(pl.col("round").is_in(list(grid.rounds)))
    distance = np.abs(frame["quantile"].to_numpy()[:, None] - LEVELS)
    asked = distance.min(axis=1, initial=1.0) < HALF_A_LEVEL  # other quantiles than the hub's are left out
    frame = frame.filter(pl.Series(asked, dtype=pl.Boolean))
    result[
        [grid.places[place] for place in frame["location"]],
        [grid.rounds[day] for day in frame["round"]],
        [positions[horizon] for horizon in frame["horizon"]],
        distance[asked].argmin(axis=1),
    ] = frame["value"].to_numpy()
    return result
