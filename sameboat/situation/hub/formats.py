"""A forecast hub's files: forecasts as model output, figures as target data, written, read back and checked.

The columns and paths are the hubverse's (hubverse.io): model output holds one line a quantile, time series hold every
vintage under its `as_of`, oracle output what came true. Each is CSV or Parquet, told by the file's name.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from sameboat.situation.engine.forecast.vintage import WEEK, History, Vintage
from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.score import HUB_PROBABILITIES
from sameboat.situation.hub.tasks import ModelTask, Tasks
from sameboat.transparency.errors import BadInput

TASK_IDS = ("reference_date", "target", "horizon", "location", "target_end_date")
OUTPUT = ("output_type", "output_type_id", "value")
TIME_SERIES = ("as_of", "target", "location", "target_end_date", "observation")
ORACLE = ("target", "location", "target_end_date", "output_type", "output_type_id", "oracle_value")
SUFFIXES = (".csv", ".parquet")
MOST_FAULTS = 20


class HubFileError(BadInput):
    """A file that is no table of the kind that was asked for."""

    code = "hub-file"


def model_output(
    target: str, reference_date: date, locations: Sequence[str], horizons: Sequence[int], quantiles: Array
) -> pl.DataFrame:
    """Return forecasts as model output; places and horizons without a forecast have no line.

    Parameters
    ----------
    quantiles
        (locations, horizons, 23), in the order of the hubs' levels.
    """
    return pl.DataFrame(
        [
            (
                reference_date,
                target,
                horizon,
                place,
                reference_date + timedelta(WEEK * horizon),
                "quantile",
                level,
                value,
            )
            for place, rows in zip(locations, quantiles.tolist(), strict=True)
            for horizon, row in zip(horizons, rows, strict=True)
            if not np.isnan(row).any()
            for level, value in zip(HUB_PROBABILITIES, row, strict=True)
        ],
        schema=dict(
            zip(
                (*TASK_IDS, *OUTPUT),
                (pl.Date, pl.String, pl.Int64, pl.String, pl.Date, pl.String, pl.Float64, pl.Float64),
                strict=True,
            )
        ),
        orient="row",
    )


def time_series(target: str, signal: str, history: History, locations: Sequence[str]) -> pl.DataFrame:
    """Return every vintage's complete weeks ending on Saturdays, under the day it was published."""
    lines = [
        (vintage.as_of, target, place, end, value)
        for vintage in history.vintages
        for end, week in _saturdays(vintage, signal)
        for place, value in zip(locations, week.tolist(), strict=True)
        if not np.isnan(value)
    ]
    kinds = (pl.Date, pl.String, pl.String, pl.Date, pl.Float64)
    return pl.DataFrame(lines, schema=dict(zip(TIME_SERIES, kinds, strict=True)), orient="row")


def oracle_output(target: str, signal: str, newest: Vintage, locations: Sequence[str]) -> pl.DataFrame:
    """Return what came true of each week, as the newest vintage has it: the forecast of one who knew."""
    lines = [
        (target, place, end, "quantile", None, value)
        for end, week in _saturdays(newest, signal)
        for place, value in zip(locations, week.tolist(), strict=True)
        if not np.isnan(value)
    ]
    kinds = (pl.String, pl.String, pl.Date, pl.String, pl.Float64, pl.Float64)
    return pl.DataFrame(lines, schema=dict(zip(ORACLE, kinds, strict=True)), orient="row")


def _saturdays(vintage: Vintage, signal: str) -> Iterable[tuple[date, Array]]:
    last = vintage.last(signal)
    end = vintage.first + timedelta((5 - vintage.first.weekday()) % WEEK)
    while end <= last:
        if (end - vintage.first).days % vintage.step == 0:
            yield end, vintage.week(signal, end)
        end += timedelta(WEEK)


def model_output_path(hub: Path, model: str, round_id: str, suffix: str) -> Path:
    """Return where a round's forecasts of a model (team-model) stand in a hub."""
    return hub / "model-output" / model / f"{round_id}-{model}{suffix}"


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, by its name; folders above it are made. Numbers stand in full.

    Raises
    ------
    HubFileError
        If the name ends otherwise.
    """
    if path.suffix not in SUFFIXES:
        raise HubFileError(f"{path}: a hub's file ends in {' or '.join(SUFFIXES)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        frame.write_csv(path, null_value="NA")
    else:
        frame.write_parquet(path)


def read_table(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    """Return a hub's table with text for names, dates for dates and numbers for numbers.

    Raises
    ------
    HubFileError
        If it cannot be read, lacks one of `columns`, or a column does not hold what its name says.
    """
    if path.suffix not in SUFFIXES:
        raise HubFileError(f"{path}: a hub's file ends in {' or '.join(SUFFIXES)}")
    try:
        if path.suffix == ".csv":
            frame = pl.read_csv(path, infer_schema=False, null_values=["NA", ""])
        else:
            frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        raise HubFileError(f"{path}: it cannot be read as {path.suffix[1:]} ({first})") from error
    if missing := [name for name in columns if name not in frame.columns]:
        raise HubFileError(f"{path}: it has no column {', '.join(missing)}; it has {', '.join(frame.columns)}")
    for name in frame.columns:
        kind = _kind(name)
        if kind is None or frame.schema[name] == kind:
            continue
        text = frame[name].cast(pl.String)
        known = text.str.to_date("%Y-%m-%d", strict=False) if kind == pl.Date else text.cast(kind, strict=False)
        if (bad := known.is_null() & text.is_not_null()).any():
            row = int(bad.arg_true()[0])
            raise HubFileError(f"{path}: line {row + 2}, column {name}: '{text[row][:40]}' is not what belongs there")
        frame = frame.with_columns(known.alias(name))
    return frame


def _kind(name: str) -> type[pl.DataType] | None:
    if name == "as_of" or name.endswith("_date"):
        return pl.Date
    if name in ("value", "observation", "oracle_value"):
        return pl.Float64
    return {"horizon": pl.Int64, "location": pl.String, "target": pl.String, "output_type": pl.String}.get(name)


def faults_of_model_output(frame: pl.DataFrame, tasks: Tasks, round_id: str) -> list[str]:
    """Return what a hub would refuse in a round's forecasts, at most 20 faults; none if all is well.

    Checked are the columns, the values allowed in each, that every line stands once, that each forecast has all its
    quantiles, that they do not cross, the bounds of values, and that the end of the week follows from the horizon.
    """
    models = tasks.tasks_of(round_id)
    names = list(dict.fromkeys(name for task in models for name in task.task_ids))
    wanted = {*names, *OUTPUT}
    if wanted != set(frame.columns):
        absent, extra = sorted(wanted - set(frame.columns)), sorted(set(frame.columns) - wanted)
        return [
            *([f"missing columns: {', '.join(absent)}"] if absent else []),
            *([f"columns that no hub asked for: {', '.join(extra)}"] if extra else []),
        ]
    if frame.is_empty():
        return ["there are no lines"]
    faults = []
    for name in names:
        allowed = {_text(value) for task in models if name in task.task_ids for value in task.task_ids[name].allowed}
        faults += [f"{name}: {value} is not allowed" for value in _unknown(frame[name], allowed)]
        required = {_text(v) for task in models if name in task.task_ids for v in task.task_ids[name].required or ()}
        faults += [f"{name}: {value} is missing" for value in sorted(required - _texts(frame[name]))]
    variables = {one.round_id for one in tasks.rounds if one.round_id_from_variable}
    for name in variables & set(names):
        faults += [f"{name}: {value} in the round of {round_id}" for value in _unknown(frame[name], {round_id})]
    faults += _faults_of_outputs(frame, names, models)
    derived = {*(tasks.derived_task_ids or ())} & {"target_end_date"}
    if derived and {"reference_date", "horizon"} <= set(names):
        late = pl.col("reference_date") + pl.duration(days=WEEK * pl.col("horizon")) != pl.col("target_end_date")
        faults += [
            f"target_end_date {row['target_end_date']} is not {row['horizon']} weeks after {row['reference_date']}"
            for row in frame.filter(late).unique("target_end_date").head(3).rows(named=True)
        ]
    return faults[:MOST_FAULTS]


def _faults_of_outputs(frame: pl.DataFrame, names: list[str], models: list[ModelTask]) -> list[str]:
    quantiles = [task.output_type.quantile for task in models if task.output_type.quantile is not None]
    kinds = {kind for task in models for kind in type(task.output_type).model_fields if getattr(task.output_type, kind)}
    faults = [f"output_type: {value} is not allowed" for value in _unknown(frame["output_type"], kinds)]
    if doubled := frame.height - frame.unique([*names, "output_type", "output_type_id"]).height:
        faults.append(f"{doubled} lines stand more than once")
    values = frame["value"]
    if absent := int((values.is_null() | values.is_nan() | values.is_infinite()).sum()):
        faults.append(f"value: {absent} lines hold no number")
    own = frame.filter(pl.col("output_type") == "quantile")
    if own.is_empty() or not quantiles:
        return faults
    levels = own["output_type_id"].cast(pl.Float64, strict=False)
    wanted = np.unique([float(level) for one in quantiles for level in one.output_type_id.required])
    bounds = [one.value for one in quantiles]
    lowest = min((float(b.minimum) for b in bounds if b.minimum is not None), default=-np.inf)
    highest = max((float(b.maximum) for b in bounds if b.maximum is not None), default=np.inf)
    if outside := int(((own["value"] < lowest) | (own["value"] > highest)).sum()):
        faults.append(f"value: {outside} lines are below {lowest:g} or above {highest:g}")
    if strange := sorted({level for level in levels.to_list() if level is None or not _near(level, wanted)}, key=str):
        faults.append(f"output_type_id: {', '.join(map(str, strange[:5]))} are no levels that are asked for")
    grouped = own.with_columns(level=levels).sort("level").group_by(names, maintain_order=True)
    each = grouped.agg(count=pl.len(), crossed=(pl.col("value").diff() < 0).any())
    if short := each.filter(pl.col("count") < len(wanted)).height:
        faults.append(f"{short} forecasts lack some of the {len(wanted)} quantiles")
    if crossed := int(each["crossed"].sum()):
        faults.append(f"{crossed} forecasts have quantiles that cross")
    return faults


def faults_of_time_series(frame: pl.DataFrame) -> list[str]:
    """Return what cannot be in a table of vintages: a week twice in one vintage, or one published before its end."""
    faults = []
    if doubled := frame.height - frame.unique(["as_of", "target", "location", "target_end_date"]).height:
        faults.append(f"{doubled} lines stand more than once")
    early = frame.filter(pl.col("as_of") < pl.col("target_end_date"))
    if early.height:
        row = early.row(0, named=True)
        faults.append(f"{early.height} weeks were published before they ended, the first {row['target_end_date']}")
    return faults


def _unknown(column: pl.Series, allowed: set[str]) -> list[str]:
    return sorted(_texts(column) - allowed)[:3]


def _texts(column: pl.Series) -> set[str]:
    return {_text(value) for value in column.unique().to_list()}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _near(level: float, wanted: Array) -> bool:
    return bool(np.abs(wanted - level).min() < 1e-6)
