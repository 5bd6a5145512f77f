"""`sameboat situation evaluate` and `nowcast`: the past again, from files alone, and clear words about bad ones."""

import csv
import io
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from sameboat.project.tests.conftest import call

from . import facts
from .epidemics import waves
from .test_hub_folder import DAYS, ROUNDS, spoil, write_daily, write_weekly
from .test_hub_folder import FIRST as FIRST_DAY


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("write", [lambda f: write_daily(f, waves(3, DAYS)), lambda f: write_weekly(f, waves(3, 20))])
def test_evaluate_scores_us_and_every_model(tmp_path, write):
    """By target and horizon and over all of them, with coverage, in words and as JSON."""
    write(tmp_path)
    told = call("situation", "evaluate", tmp_path, "--json").json
    assert told["rounds"] == len(ROUNDS)
    ours = [one for one in told["scores"] if one["model"] == "sameboat"]
    assert {one["horizon"] for one in ours} > {None, 1}
    assert all(0 < one["relative"] < 10 and 0 <= one["coverage_50"] <= one["coverage_95"] <= 1 for one in ours)
    shown = call("situation", "evaluate", tmp_path).output
    assert all(f"{one['relative']:.3f}" in shown for one in ours)


def test_evaluate_scores_the_rounds_asked_for(tmp_path):
    """From one day until another, both included."""
    write_daily(tmp_path, waves(3, DAYS))
    told = call("situation", "evaluate", tmp_path, "--from", ROUNDS[1], "--until", ROUNDS[1], "--json").json
    assert (told["rounds"], told["from"], told["until"]) == (1, str(ROUNDS[1]), str(ROUNDS[1]))


@pytest.mark.parametrize(
    ("damage", "arguments", "words"),
    [
        (lambda f: None, ["--from", "2030-01-01"], "no round from 2030-01-01 to the end: the hub's run from"),
        (lambda f: None, ["--from", "2021-05-01", "--until", "2021-04-01"], "must not be later"),
        (lambda f: None, ["--from", "01/05/2021"], "--from"),
        (lambda f: (f / "forecast_Hub-baseline.parquet").unlink(), [], "'baseline' in its name"),
        (lambda f: (f / "forecast_Other-model.parquet").write_text("<html>"), [], "cannot be read as Parquet"),
        (lambda f: (f / "truth_jhu_daily_cases_final.parquet").write_bytes(b"PAR1half"), [], "cannot be read"),
        (lambda f: spoil(f, "forecast_Other-model", value=pl.lit("many")), [], "column value does not hold"),
        (lambda f: [path.unlink() for path in f.iterdir()], [], "lay the folder out"),
    ],
)
def test_a_folder_that_cannot_be_evaluated_exits_with_2(tmp_path, damage, arguments, words):
    """The message says what is missing or wrong, and where."""
    write_daily(tmp_path, waves(3, DAYS))
    damage(tmp_path)
    ended = call("situation", "evaluate", tmp_path, *arguments)
    assert (ended.code, words in ended.errors) == (2, True), ended.errors


def in_place(frame, **change):
    """Return the frame with columns changed for one place in its newest weeks."""
    chosen = (pl.col("location") == "AA") & (pl.col("date") >= ROUNDS[0] - timedelta(10))
    return frame.with_columns(**{name: pl.when(chosen).then(e).otherwise(pl.col(name)) for name, e in change.items()})


DAY = pl.col("date") == ROUNDS[1] - timedelta(3)
ODD_FIGURES = {
    "negative": lambda f: in_place(f, value=pl.when(DAY).then(-500.0).otherwise(pl.col("value"))),
    "absurd": lambda f: in_place(f, value=pl.when(DAY).then(1e9).otherwise(pl.col("value"))),
    "missing": lambda f: in_place(f, value=pl.when(DAY).then(float("nan")).otherwise(pl.col("value"))),
    "empty": lambda f: in_place(f, value=pl.when(DAY).then(None).otherwise(pl.col("value"))),
    "twice": lambda f: pl.concat([f, f.tail(50)]),
    "a place of zeros": lambda f: in_place(f, value=pl.lit(0.0)),
    "zeros everywhere": lambda f: f.with_columns(value=pl.lit(0.0)),
    "a place that falls silent": lambda f: f.filter((pl.col("location") != "AA") | (pl.col("date") < ROUNDS[0])),
    "dates one day late": lambda f: in_place(f, date=pl.col("date") + pl.duration(days=1)),
    "dates in the future": lambda f: in_place(f, date=pl.col("date") + pl.duration(days=400)),
    "text for dates": lambda f: f.with_columns(pl.col("date", "as_of").cast(pl.String)),
    "a gap of weeks": lambda f: f.filter(
        ~pl.col("date").is_between(FIRST_DAY + timedelta(30), FIRST_DAY + timedelta(60))
    ),
}


@pytest.mark.parametrize("name", ODD_FIGURES)
def test_evaluate_stands_odd_figures(tmp_path, name):
    """One odd place sinks nobody: every other forecast is made, and scores are numbers or said to be none."""
    write_daily(tmp_path, waves(3, DAYS))
    path = tmp_path / "truth_jhu_daily_cases_asof_delta.parquet"
    ODD_FIGURES[name](pl.read_parquet(path)).write_parquet(path)
    told = call("situation", "evaluate", tmp_path, "--json").json
    deaths = [one for one in told["scores"] if (one["model"], one["signal"]) == ("sameboat", "deaths")]
    assert all(one["wis"] > 0 for one in deaths)
    assert any(one["signal"] == "cases" for one in told["scores"])
    assert bool(told["notes"]) == (name in ("dates one day late", "dates in the future"))


BROKEN_FIGURES = [
    (lambda f: f.rename({"value": "cases"}), "it has no column value; it has location, date, cases"),
    (lambda f: f.with_columns(value=pl.lit("many")), "column value does not hold what it should"),
    (
        lambda f: f.with_columns(
            date=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("4/1/2021")).otherwise(pl.col("date").cast(pl.String))
        ),
        "column date does not hold what it should",
    ),
    (lambda f: f.head(0), "it has no rows that can be used"),
    (lambda f: f.filter(pl.col("date") == ROUNDS[2] - timedelta(1)), "nothing to forecast from"),
]


@pytest.mark.parametrize(("spoil", "words"), BROKEN_FIGURES)
def test_figures_that_cannot_be_used_exit_with_2(tmp_path, spoil, words):
    """A renamed column, words for numbers, two formats of date, no row, one day."""
    write_daily(tmp_path, waves(3, DAYS))
    for name in ("cases", "deaths"):
        path = tmp_path / f"truth_jhu_daily_{name}_asof_delta.parquet"
        spoil(pl.read_parquet(path)).write_parquet(path)
    ended = call("situation", "evaluate", tmp_path)
    assert (ended.code, words in ended.errors) == (2, True), ended.errors


def reports(seed=3, days=80, delays=6):
    """Return a table of counts by day and delay, as a triangle's file holds them."""
    random = np.random.default_rng(seed)
    counts = random.poisson(100 * np.array([0.4, 0.25, 0.15, 0.1, 0.07, 0.03]), (days, delays))
    rows = [
        {"reference_date": date(2021, 1, 1) + timedelta(day), "delay": delay, "count": int(counts[day, delay])}
        for day in range(days)
        for delay in range(delays)
        if day + delay < days
    ]
    return pl.DataFrame(rows)


def cases(table):
    """Return the table as single cases."""
    table = table.with_columns(report_date=pl.col("reference_date") + pl.duration(days=pl.col("delay")))
    long = table.select(
        pl.col("reference_date").alias("onset_date").repeat_by("count"),
        pl.col("report_date").repeat_by("count"),
    )
    return long.explode("onset_date", "report_date").drop_nulls()


def test_nowcasts_are_scored_against_the_figure_as_reported(tmp_path):
    """Triangles and line lists in one folder, each stratum a line."""
    table = reports()
    both = pl.concat([table.with_columns(age_group=pl.lit(name)) for name in ("80+", "00+")])
    both.write_parquet(tmp_path / "some_triangle.parquet")
    cases(table).write_parquet(tmp_path / "some_linelist.parquet")
    told = call("situation", "evaluate", tmp_path, "--json").json
    assert [(row["file"], row["stratum"]) for row in told["scores"]] == [
        ("some_linelist.parquet", "all"),
        ("some_triangle.parquet", "00+"),
        ("some_triangle.parquet", "80+"),
    ]
    assert all(row["ratio"] < 0.5 and 0.3 < row["coverage_50"] < 0.7 for row in told["scores"][1:])


def test_a_file_of_reports_that_cannot_be_read_does_not_sink_the_others(tmp_path):
    """It is named; where no file can be read, or nothing lies between the dates, that is the answer."""
    (tmp_path / "bad_linelist.csv").write_text("<html></html>")
    ended = call("situation", "evaluate", tmp_path)
    assert (ended.code, "is a web page" in ended.errors) == (2, True)
    reports().write_csv(tmp_path / "good_triangle.csv")
    told = call("situation", "evaluate", tmp_path, "--json").json
    assert [row["file"] for row in told["scores"]] == ["good_triangle.csv"]
    assert "bad_linelist.csv: this is a web page" in told["notes"][0]
    ended = call("situation", "evaluate", tmp_path, "--from", "2031-01-01")
    assert (ended.code, "nothing can be scored" in ended.errors) == (2, True)


@facts.NEEDED
def test_german_nowcasts_hold_their_bars_through_the_command():
    """A quarter of the uncorrected error at most, and half of the truths in the 50 % band."""
    told = call("situation", "evaluate", facts.OUTBREAK / "nowcast", "--json").json
    row = next(row for row in told["scores"] if row["file"].startswith("germany"))
    assert row["stratum"] == "DE 00+"
    assert row["ratio"] <= 0.25
    assert 0.45 <= row["coverage_50"] <= 0.55


def test_nowcast_says_what_the_last_days_will_become(tmp_path):
    """From a CSV of counts: the incomplete days, each with its band; the newest grows most."""
    path = tmp_path / "triangle.csv"
    reports().write_csv(path)
    table = rows(call("situation", "nowcast", path).output)
    assert [row["day"] for row in table] == [str(date(2021, 1, 1) + timedelta(n)) for n in range(75, 80)]
    growth = [float(row["expected"]) / float(row["reported"]) for row in table]
    assert growth == sorted(growth)
    assert all(float(row["lower_95"]) <= float(row["median"]) <= float(row["upper_95"]) for row in table)


def test_nowcast_as_of_a_day_knows_no_later_report(tmp_path):
    """The same as from a file that ends on that day."""
    table, day = reports(), date(2021, 3, 1)
    table.write_csv(tmp_path / "whole.csv")
    reported = pl.col("reference_date") + pl.duration(days=pl.col("delay"))
    table.filter(reported <= day).write_csv(tmp_path / "cut.csv")
    whole = call("situation", "nowcast", tmp_path / "whole.csv", "--as-of", day).output
    assert whole == call("situation", "nowcast", tmp_path / "cut.csv").output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reference_date,days,count\n2021-01-01,0,5\n", "neither a column delay nor report_date"),
        ("day,n\n2021-01-01,5\n", "neither counts"),
        ("reference_date,delay,count\n2021-01-01,0,many\n", "row 1: count 'many' is not a number"),
        ("reference_date,delay,count\n01.01.2021,0,5\n", "row 1: reference_date '01.01.2021' is not a date"),
        ("reference_date,delay,count\n2021-01-01,-1,5\n", "the delay is -1"),
        ("reference_date,delay,count\n2021-01-01,0,5\n2021-01-01,0,5\n", "2 reports. Keep one"),
        ("reference_date,delay,count\n2021-01-01,0,5\n2021-01-02,0,5\n", "at least two delays"),
        ("reference_date,delay,count\n1021-01-01,0,5\n2021-01-02,1,5\n", "a year may be mistyped"),
        ("<html></html>", "is a web page"),
    ],
)
def test_what_is_no_table_of_reports_exits_with_2(tmp_path, text, words):
    """The message says where and what to do."""
    path = tmp_path / "triangle.csv"
    path.write_text(text)
    ended = call("situation", "nowcast", path)
    assert (ended.code, words in ended.errors) == (2, True), ended.errors
