"""`sameboat situation rt`: Rt from a table alone, and clear words about tables that are none."""

import csv
import io
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from sameboat.project.tests.conftest import call
from sameboat.situation.engine.rt import estimate_rt
from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.engine.simulate import simulate_renewal

from . import facts

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
