"""Reads reports with their delays, from a table of counts or of single cases, into reporting triangles."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.nowcast import reporting_triangle
from sameboat.situation.tables.series import TableError
from sameboat.situation.told_plainly import told_plainly

DAYS_FOLLOWED, WEEKS_FOLLOWED = 41, 13  # delays kept of single cases: forty days, or a quarter of a year in weeks
WHOLE = ("00+", "all", "total")  # names of the stratum of everyone, shown first
MOST_PERIODS = 20_000
WEEK = 7


@dataclass(frozen=True)
class Triangle:
    """A reporting triangle of one stratum: row n is of the period `first` + n * `step` days; (periods, delays)."""

    name: str
    first: date
    step: int
    counts: Array
    notes: tuple[str, ...] = ()

    def day(self, row: int) -> date:
        """Return the reference day of a row."""
        return self.first + timedelta(row * self.step)

    @property
    def revision(self) -> int:
        """Return the periods over which a nowcast's revision is measured: a week."""
        return WEEK // self.step


def read_triangles(path: Path, as_of: date | None = None) -> list[Triangle]:
    """Return a triangle for every stratum of a table in a CSV or Parquet file, that of everyone first.

    Either counts, with the columns `reference_date`, `count`, and `delay` or `report_date`, and perhaps `location` and
    `age_group`; or single cases, with a column of dates whose name begins with `report` or holds `_report`, and one
    other column of dates. Single cases whose dates are all of one weekday are weekly.

    Parameters
    ----------
    as_of
        Reports later than this are left out; by default the latest report's day.

    Raises
    ------
    TableError
        If the file cannot be read, lacks a column, or holds dates or counts that cannot be.
    """
    frame = _frame(path)
    if "reference_date" in frame.columns and "count" in frame.columns:
        return _from_counts(path, frame, as_of)
    return [_from_cases(path, frame, as_of)]


def _frame(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        try:
            frame = pl.read_parquet(path)
        except pl.exceptions.PolarsError as error:
            raise TableError(f"{path}: it cannot be read as Parquet ({error}); fetch it again") from error
    else:
        from sameboat.situation.tables.series import read_cells

        header, rows = read_cells(path)
        frame = pl.DataFrame([cells for _, cells in rows], schema=dict.fromkeys(header, pl.String), orient="row")
    if frame.is_empty():
        raise TableError(f"{path}: it has no rows")
    return frame


def _from_counts(path: Path, frame: pl.DataFrame, as_of: date | None) -> list[Triangle]:
    if "delay" not in frame.columns and "report_date" not in frame.columns:
        raise TableError(f"{path}: it has neither a column delay nor report_date; it has {', '.join(frame.columns)}")
    strata = [name for name in ("location", "age_group") if name in frame.columns]
    frame = _dates(path, frame, "reference_date", *(["report_date"] if "report_date" in frame.columns else []))
    if "delay" not in frame.columns:
        delay = (pl.col("report_date") - pl.col("reference_date")).dt.total_days()
        frame = frame.with_columns(delay=delay)
    frame = _numbers(path, frame, "delay", "count").drop_nulls(["reference_date", "delay", "count"])
    notes = []
    if negative := frame.filter(pl.col("count") < 0).height:
        notes.append(f"{negative} counts are negative: reports taken back")
    frame = frame.with_columns(reported=pl.col("reference_date") + pl.duration(days=pl.col("delay")))
    latest: date = frame["reported"].max() if as_of is None else as_of  # type: ignore[assignment]
    frame = frame.filter(pl.col("reported") <= latest)
    if frame.is_empty():
        raise TableError(f"{path}: nothing was reported by {latest}")
    first: date = frame["reference_date"].min()  # type: ignore[assignment]
    longest = int(frame["delay"].max())  # type: ignore[arg-type]
    parts = frame.partition_by(strata, as_dict=True) if strata else {("all",): frame}
    named = {" ".join(str(part) for part in key): part for key, part in parts.items()}
    return [
        Triangle(name, first, 1, _triangle(path, named[name], first, latest, 1, longest + 1), tuple(notes))
        for name in sorted(named, key=lambda name: (name.split()[-1] not in WHOLE, name))
    ]


def _from_cases(path: Path, frame: pl.DataFrame, as_of: date | None) -> Triangle:
    reports = [name for name in frame.columns if name.startswith("report") or "_report" in name]
    others = [
        name
        for name in frame.columns
        if name not in reports and (frame.schema[name] == pl.Date or name.endswith(("_date", "_week", "_day", "date")))
    ]
    if len(reports) != 1 or len(others) != 1:
        raise TableError(
            f"{path}: neither counts (columns reference_date, delay, count) nor single cases (a date of the event and "
            f"one of its report, like onset_week and report_week); it has {', '.join(frame.columns)}"
        )
    event, report = others[0], reports[0]
    frame = _dates(path, frame.select(event, report), event, report).drop_nulls()
    notes = []
    if early := frame.filter(pl.col(report) < pl.col(event)).height:
        notes.append(f"{early} cases reported before they happened are left out")
    latest: date = frame[report].max() if as_of is None else as_of  # type: ignore[assignment]
    frame = frame.filter((pl.col(report) >= pl.col(event)) & (pl.col(report) <= latest))
    if frame.is_empty():
        raise TableError(f"{path}: no case was reported by {latest}")
    step = WEEK if pl.concat([frame[event].dt.weekday(), frame[report].dt.weekday()]).n_unique() == 1 else 1
    delays = WEEKS_FOLLOWED if step == WEEK else DAYS_FOLLOWED
    delay = (pl.col(report) - pl.col(event)).dt.total_days() // step
    counts = frame.select(reference_date=pl.col(event), delay=delay).group_by("reference_date", "delay").len("count")
    if late := int(counts.filter(pl.col("delay") >= delays)["count"].sum()):
        unit = "weeks" if step == WEEK else "days"
        notes.append(f"{late} of {frame.height} cases were reported {delays} {unit} or more after: they are left out")
    first: date = counts["reference_date"].min()  # type: ignore[assignment]
    return Triangle("all", first, step, _triangle(path, counts, first, latest, step, delays), tuple(notes))


def _triangle(path: Path, counts: pl.DataFrame, first: date, latest: date, step: int, delays: int) -> Array:
    periods = (latest - first).days // step
    if periods >= MOST_PERIODS:
        raise TableError(f"{path}: its days run from {first} to {latest}; a year may be mistyped")
    rows = (counts["reference_date"] - first).dt.total_days() // step
    with told_plainly(path):
        return reporting_triangle(
            rows.to_numpy(),
            counts["delay"].to_numpy(),
            counts["count"].to_numpy(),
            last_report_day=periods,
            delays=delays,
        )


def _dates(path: Path, frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    for column in columns:
        if frame.schema[column] != pl.String:
            frame = frame.with_columns(pl.col(column).cast(pl.Date))
            continue
        parsed = frame[column].replace("", None).str.to_date("%Y-%m-%d", strict=False)
        bad = parsed.is_null() & (frame[column] != "")
        if bad.any():
            row = int(bad.arg_true()[0])
            raise TableError(
                f"{path}: row {row + 1}: {column} '{frame[column][row][:40]}' is not a date like 2020-02-29"
            )
        frame = frame.with_columns(parsed.alias(column))
    return frame


def _numbers(path: Path, frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    for column in columns:
        parsed = frame[column].cast(pl.String).replace("", None).cast(pl.Float64, strict=False)
        bad = parsed.is_null() & frame[column].is_not_null() & (frame[column].cast(pl.String) != "")
        if bad.any():
            row = int(bad.arg_true()[0])
            raise TableError(f"{path}: row {row + 1}: {column} '{frame[column][row]}' is not a number")
        frame = frame.with_columns(parsed.alias(column))
    return frame
