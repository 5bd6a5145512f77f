"""`sameboat situation …`: figures from files alone, and clear words about files that are none."""

import csv
import io
import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from sameboat.project.tests.conftest import call
from sameboat.situation.engine.rt import estimate_rt
from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.engine.simulate import simulate_renewal

from . import facts
from .epidemics import waves
from .test_hub_folder import DAYS, ROUNDS, spoil, write_daily, write_weekly

SERIAL_INTERVAL = discretised_serial_interval(4.8, 2.3, 31)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def column(table, name, series=None):
    """Return a column of the command's rows as numbers, nan where it is empty."""
    return np.array([float(row[name] or "nan") for row in table if series in (None, row["series"])])


@pytest.fixture
def epidemic(tmp_path):
    """Return the path of a table of two series of 60 days, and their counts."""
    counts = simulate_renewal(np.full(60, 1.1), SERIAL_INTERVAL, initial=np.full(7, 40), runs=2, seed=1)
    path = tmp_path / "cases.csv"
    days = [date(2020, 3, 1) + timedelta(n) for n in range(60)]
    path.write_text("date,A,B\n" + "".join(f"{d},{a:g},{b:g}\n" for d, a, b in zip(days, *counts, strict=True)))
    return path, counts


@facts.NEEDED
def test_cori_is_epiestims_to_nine_digits(tmp_path):
    """Through the command: 50 series, windows of 7 days filed under their last, mean and both bounds."""
    folder, out = facts.OUTBREAK / "rt_reference", tmp_path / "rt.csv"
    ended = call(
        *("situation", "rt", folder / "simulated_incidence.csv", "--method", "cori"),
        *("--si", folder / "si_distr.csv", "-o", out),
    )
    assert ended.code == 0, ended.errors
    table = [row for row in rows(out.read_text()) if 14 <= int(row["day"]) <= 200]
    assert len(table) == 50 * 187
    for name, file in (("mean", "mean"), ("lower", "lo"), ("upper", "hi")):
        theirs = pl.read_parquet(folder / f"epiestim_2.2.4_{file}.parquet")
        ours = np.array([float(row[name]) for row in table]).reshape(50, 187)
        np.testing.assert_allclose(ours, theirs.to_numpy().T, rtol=1e-9, atol=1e-9)


def test_the_headline_is_the_engines(epidemic):
    """Every number stands in full in the CSV, under its date."""
    path, counts = epidemic
    ended = call("situation", "rt", path)
    table = rows(ended.output)
    expected = estimate_rt(counts, discretised_serial_interval(4.8, 2.3, 61))
    for name in ("mean", "median", "lower", "upper", "above_one", "told"):
        np.testing.assert_allclose(column(table, name).reshape(2, 60), getattr(expected, name), rtol=1e-12)
    assert (table[0]["series"], table[0]["day"], table[-1]["day"]) == ("A", "2020-03-01", "2020-04-29")


def test_json_says_what_csv_says(epidemic):
    """The same estimates, with the notes beside them and null for what is not known."""
    path, _ = epidemic
    told = call("situation", "rt", path, "--method", "cori", "--json").json
    table = rows(call("situation", "rt", path, "--method", "cori").output)
    assert told["series"] == ["A", "B"]
    assert [row["mean"] for row in told["estimates"]] == [float(row["mean"]) if row["mean"] else None for row in table]
    assert told["estimates"][0]["mean"] is None


@pytest.mark.parametrize("text", ["x\n{}\n", "{}\n", "day,p\n{}\n", '"","x"\n{}\n'])
def test_a_serial_interval_is_one_probability_a_line(epidemic, tmp_path, text):
    """With a header or none, and with days, from 0 or as R numbers lines, before them."""
    path, _ = epidemic
    si = tmp_path / "si.csv"
    start = {"day,p": 0, '"","x"': 1}.get(text.split("\n")[0])
    values = [f"{p!r}" if start is None else f"{n + start},{p!r}" for n, p in enumerate(SERIAL_INTERVAL.tolist())]
    si.write_text(text.format("\n".join(values)))
    ended = call("situation", "rt", path, "--method", "cori", "--si", si)
    named = call("situation", "rt", path, "--method", "cori")
    assert ended.code == 0, ended.errors
    np.testing.assert_allclose(column(rows(ended.output), "mean"), column(rows(named.output), "mean"), rtol=1e-6)


def test_a_gap_of_a_year_has_no_estimate_by_cori_and_is_not_told_by_the_headline(tmp_path):
    """Nobody's R is made up for days without figures."""
    path = tmp_path / "gap.csv"
    days = [date(2020, 1, 1) + timedelta(n) for n in (*range(40), *range(400, 440))]
    path.write_text("date,a\n" + "".join(f"{day},{50 + n % 7}\n" for n, day in enumerate(days)))
    cori, headline = (rows(call("situation", "rt", path, "--method", m).output) for m in ("cori", "headline"))
    assert np.isnan(column(cori, "mean")[40:400]).all()
    told, width = column(headline, "told"), column(headline, "upper") - column(headline, "lower")
    assert not told[40:400].any()
    assert told[20:40].all()
    assert width[200] > 3 * width[30]


@pytest.mark.parametrize("values", [["0"] * 40, ["5"], [""] * 40, ["3"] * 20 + ["-50"] + ["3"] * 20])
@pytest.mark.parametrize("method", ["cori", "headline"])
def test_a_series_that_tells_little_ends_well_and_is_named(tmp_path, values, method):
    """Zeros, one day, nothing, a correction: exit code 0 and a note."""
    path = tmp_path / "odd.csv"
    path.write_text("day,a\n" + "".join(f"{n},{v}\n" for n, v in enumerate(values, 1)))
    ended = call("situation", "rt", path, "--method", method)
    assert (ended.code, len(rows(ended.output))) == (0, len(values))
    assert "note: a: " in ended.errors


TABLES = [
    ("<html>", "is a web page"),
    ("date,a\n2020-01-01,1\n2020-01-02,x\n", "'x' is not a number"),
    ("date,a\n2020-01-01,1\n03/01/2020,1\n", "use one format"),
    ("date,a\n2020-01-01,1\n2020-01-01,1\n", "are both of"),
    ("date,a,b\n2020-01-01,1,2\n2020-01-02,1", "cut short"),
    ("location,date,value\nAT,2020-01-01,5\n", "put one series a column"),
]


@pytest.mark.parametrize(("text", "words"), TABLES)
def test_what_is_no_table_of_series_exits_with_2(tmp_path, text, words):
    """The message says where and what to do, in words or as JSON."""
    path = tmp_path / "cases.csv"
    path.write_text(text)
    ended = call("situation", "rt", path)
    assert (ended.code, words in ended.errors) == (2, True), ended.errors
    assert words in call("situation", "rt", path, "--json").json["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--si-mean", "0.5"], "must exceed 1 day"),
        (["--window", "0", "--method", "cori"], "A window must have at least one day"),
        (["--prior-sd", "-1", "--method", "cori"], "must be positive"),
        (["--level", "2"], "A level lies between 0 and 1"),
        (["--method", "guess"], "--method"),
        (["--si", "cases.csv"], "serial interval is one probability a line"),
    ],
)
def test_options_that_cannot_be_exit_with_2(epidemic, monkeypatch, arguments, words):
    """Each is told in words."""
    path, _ = epidemic
    monkeypatch.chdir(path.parent)
    ended = call("situation", "rt", "cases.csv", *arguments)
    assert (ended.code, words.lower() in ended.errors.lower()) == (2, True), ended.errors


def test_a_file_that_is_not_there_exits_with_3(tmp_path):
    """It is named."""
    ended = call("situation", "rt", tmp_path / "none.csv")
    assert (ended.code, "none.csv: No such file" in ended.errors) == (3, True)


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


@pytest.mark.parametrize("value", [-500.0, 1e9, float("nan")])
def test_evaluate_stands_absurd_figures(tmp_path, value):
    """A negative day, a mistyped one and a missing one: every forecast is made, finite and ordered."""
    write_daily(tmp_path, waves(3, DAYS))
    path = tmp_path / "truth_jhu_daily_cases_asof_delta.parquet"
    day = ROUNDS[1] - timedelta(3)
    frame = pl.read_parquet(path)
    changed = pl.when((pl.col("location") == "AA") & (pl.col("date") == day)).then(value).otherwise(pl.col("value"))
    frame.with_columns(value=changed).write_parquet(path)
    told = call("situation", "evaluate", tmp_path, "--json").json
    assert all(one["wis"] is not None for one in told["scores"] if one["model"] == "sameboat")


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


SCENARIO = ["situation", "simulate", "--population", "20000", "--from", "2020-01-01", "--infected", "50"]


def test_a_measure_works_from_its_date_on():
    """Until then both scenarios are the same to the person; afterwards fewer are infected."""
    free, bound = (
        call(*SCENARIO, "--days", "60", *measure, "--json").json["days"]
        for measure in ([], ["--measure", "2020-01-20=0.2"])
    )
    assert free[:19] == bound[:19]
    assert bound[-1]["so_far"][2] < 0.5 * free[-1]["so_far"][2]
    assert free[19]["day"] == "2020-01-20"


def test_a_measure_that_ends_is_lifted_on_that_day():
    """A factor of 0 stops every infection until the day before its end."""
    days = call(*SCENARIO, "--days", "40", "--measure", "2020-01-11..2020-01-21=0", "--json").json["days"]
    assert [day["infections"][-1] for day in days[10:20]] == [0.0] * 10
    assert days[20]["infections"][2] > 0
    assert days[9]["infections"][2] > 0


def test_the_same_seed_gives_the_same_scenario():
    """And another seed another."""
    one, again, other = (call(*SCENARIO, "--days", "30", "--seed", seed).output for seed in ("7", "7", "8"))
    assert one == again
    assert one != other


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--measure", "lockdown"], "is no measure; write 2020-01-23=0.4"),
        (["--measure", "2020-01-23=-1"], "a factor lies between 0"),
        (["--measure", "2021-01-23=0.5"], "does not touch the days"),
        (["--measure", "2020-02-01..2020-01-15=0.5"], "does not touch the days"),
        (["--infected", "30000"], "do not fit a population"),
        (["--latent", "0.5"], "at least one day"),
        (["--runs", "0"], "0 runs"),
        (["--days", "100000", "--runs", "100000"], "run-days"),
        (["--model", "oracle"], "there is no model 'oracle' here; there are compartments"),
    ],
)
def test_assumptions_that_cannot_be_exit_with_2(arguments, words):
    """Each is told in words."""
    ended = call(*SCENARIO, *arguments)
    assert (ended.code, words in ended.errors) == (2, True), ended.errors


def test_starsim_agrees_with_the_compartments_about_how_many_are_infected_in_the_end():
    """Agents on a random network end near the final size of the well-mixed population, measures or not."""
    pytest.importorskip("starsim", reason="the extra `scenarios` is not installed")
    arguments = ["--days", "120", "--infected", "200", "--r0", "1.8", "--latent", "2", "--infectious", "3"]
    arguments += ["--measure", "2020-02-01=0.9", "--json"]
    theirs = call(*SCENARIO, *arguments, "--runs", "2", "--model", "starsim").json
    ours = call(*SCENARIO, *arguments, "--runs", "50").json
    assert theirs["days"][-1]["so_far"][2] == pytest.approx(ours["days"][-1]["so_far"][2], rel=0.12)
    again = call(*SCENARIO, *arguments, "--runs", "2", "--model", "starsim").json
    assert json.dumps(again) == json.dumps(theirs)
