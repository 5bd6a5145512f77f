"""A hub's files: written, read back the same, and refused where a hub would."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from sameboat.project.tests.conftest import call
from sameboat.situation.engine.forecast import History
from sameboat.situation.hub.formats import (
    ORACLE,
    OUTPUT,
    TASK_IDS,
    TIME_SERIES,
    HubFileError,
    faults_of_model_output,
    faults_of_time_series,
    model_output,
    model_output_path,
    oracle_output,
    read_table,
    time_series,
    write_table,
)
from sameboat.situation.hub.tasks import TasksError, our_tasks, parsed_tasks, read_tasks

from . import facts
from .epidemics import FIRST, waves, weekly_vintages
from .test_hub_folder import DAYS, ROUNDS, write_daily, write_weekly

REFERENCE = date(2025, 3, 1)
PLACES = ("01", "02", "US")
HORIZONS = (0, 1, 2)
NAME = "wk inc covid hosp"


def quantiles(seed=1):
    """Return quantiles that rise, (3, 3, 23)."""
    return np.cumsum(np.random.default_rng(seed).gamma(2.0, 5.0, (3, 3, 23)), axis=2)


@pytest.fixture
def config():
    return our_tasks({NAME: "Weekly admissions"}, reference_dates=[REFERENCE], locations=PLACES, horizons=HORIZONS)


@pytest.fixture
def output():
    return model_output(NAME, REFERENCE, PLACES, HORIZONS, quantiles())


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_model_output_comes_back_as_it_was_written(tmp_path, output, suffix):
    """Every digit, every leading zero of a place's code, in the path that the hubverse asks for."""
    path = model_output_path(tmp_path, "sameboat-combined", "2025-03-01", suffix)
    assert str(path.relative_to(tmp_path)) == (f"model-output/sameboat-combined/2025-03-01-sameboat-combined{suffix}")
    write_table(output, path)
    back = read_table(path, [*TASK_IDS, *OUTPUT])
    assert back.with_columns(pl.col("output_type_id").cast(pl.Float64)).equals(output)
    np.testing.assert_array_equal(back["value"].to_numpy().reshape(3, 3, 23), quantiles())


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_target_data_come_back_as_they_were_written(tmp_path, suffix):
    """Time series under their as_of, and what came true."""
    history = History(weekly_vintages(waves(3, 84)))
    series = time_series(NAME, "cases", history, PLACES)
    truth = oracle_output(NAME, "cases", history.vintages[-1], PLACES)
    for name, frame, columns in (("time-series", series, TIME_SERIES), ("oracle-output", truth, ORACLE)):
        path = tmp_path / "target-data" / f"{name}{suffix}"
        write_table(frame, path)
        back = read_table(path, columns)
        assert back.columns == list(columns)
        assert back.cast(dict(frame.schema)).equals(frame)
    assert faults_of_time_series(series) == []


def test_a_time_series_holds_what_each_vintage_knew():
    """A week is the sum of its seven days to Saturday; a later vintage's correction stands under its own day alone."""
    cases = waves(3, 84)
    old, new = weekly_vintages(cases, count=2)
    new = replace(new, values={"cases": cases.copy()})
    new.values["cases"][0, 30] += 1000
    series = time_series(NAME, "cases", History([old, new]), PLACES)
    end = FIRST + timedelta(34)  # the Saturday of that week
    assert end.weekday() == 5
    found = series.filter((pl.col("location") == "01") & (pl.col("target_end_date") == end)).sort("as_of")
    week = cases[0, 28:35].sum()
    assert found["observation"].to_list() == [week, week + 1000]


def test_a_forecast_that_was_not_made_has_no_line():
    """A place that is silent is left out, not filled with zeros."""
    made = quantiles()
    made[1, :, :] = np.nan
    output = model_output(NAME, REFERENCE, PLACES, HORIZONS, made)
    assert set(output["location"]) == {"01", "US"}


def test_our_own_tasks_follow_the_schema_and_our_output_the_tasks(config, output):
    """No fault at all."""
    tasks = parsed_tasks(json.dumps(config))
    assert faults_of_model_output(output, tasks, "2025-03-01") == []
    assert not tasks.ids_are_text


def changed(**columns):
    return lambda frame: frame.with_columns(**columns)


FIRST_LINE = pl.int_range(pl.len()) == 0


def on_first(column, value):
    return changed(**{column: pl.when(FIRST_LINE).then(pl.lit(value)).otherwise(pl.col(column))})


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda f: f.drop("horizon"), "missing columns: horizon"),
        (changed(note=pl.lit("x")), "columns that no hub asked for: note"),
        (lambda f: f.head(0), "there are no lines"),
        (on_first("location", "ZZ"), "location: ZZ is not allowed"),
        (on_first("horizon", 9), "horizon: 9 is not allowed"),
        (on_first("output_type", "guess"), "output_type: guess is not allowed"),
        (on_first("reference_date", REFERENCE + timedelta(7)), "reference_date: 2025-03-08 is not allowed"),
        (on_first("target_end_date", REFERENCE + timedelta(7)), "is not 0 weeks after 2025-03-01"),
        (on_first("value", -1.0), "1 lines are below 0"),
        (on_first("value", None), "1 lines hold no number"),
        (on_first("value", float("nan")), "1 lines hold no number"),
        (on_first("value", 1e6), "1 forecasts have quantiles that cross"),
        (on_first("output_type_id", 0.33), "0.33 are no levels that are asked for"),
        (lambda f: f.filter(~FIRST_LINE), "1 forecasts lack some of the 23 quantiles"),
        (lambda f: pl.concat([f, f.head(2)]), "2 lines stand more than once"),
    ],
)
def test_what_a_hub_would_refuse_is_named(config, output, spoil, fault):
    """One fault a table, told in words."""
    faults = faults_of_model_output(spoil(output), parsed_tasks(json.dumps(config)), "2025-03-01")
    assert any(fault in one for one in faults), faults


def test_a_required_value_that_is_missing_is_named(config, output):
    """A hub may ask for places that must not be left out."""
    config["rounds"][0]["model_tasks"][0]["task_ids"]["location"] = {"required": ["US"], "optional": ["01", "02"]}
    tasks = parsed_tasks(json.dumps(config))
    assert faults_of_model_output(output, tasks, "2025-03-01") == []
    assert faults_of_model_output(output.filter(pl.col("location") != "US"), tasks, "2025-03-01") == [
        "location: US is missing"
    ]


TASK = ("rounds", 0, "model_tasks", 0)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("schema_version",), "https://example.org/v3", "is not of version 5"),
        (("surprise",), 1, "surprise"),
        (("rounds",), [], "rounds"),
        (("rounds", 0, "round_id"), "origin_date", "names the column origin_date"),
        (("rounds", 0, "submissions_due"), {"start": 1}, "submissions_due"),
        ((*TASK, "task_ids", "location"), {"required": None, "optional": None}, "must not both be empty"),
        ((*TASK, "task_ids", "location"), {"required": None, "optional": ["a", "a"]}, "must not repeat"),
        ((*TASK, "task_ids", "location"), {"optional": ["a"]}, "required"),
        ((*TASK, "task_ids", "target_end_date", "optional"), ["01/03/2025"], "is not a date"),
        ((*TASK, "output_type", "quantile", "output_type_id", "required"), [0.5, 1.5], "numbers from 0 to 1"),
        ((*TASK, "output_type", "quantile", "value", "type"), "text", "value.type"),
        ((*TASK, "output_type", "oracle"), {}, "oracle"),
        ((*TASK, "target_metadata", 0, "target_id"), "x" * 31, "target_id"),
        ((*TASK, "target_metadata", 0, "target_keys"), {"target": "other"}, "no value of task_ids"),
        ((*TASK, "target_metadata", 0, "target_type"), "vague", "target_type"),
        ((*TASK, "target_metadata", 0, "time_unit"), None, "time_unit"),
    ],
)
def test_tasks_that_do_not_follow_the_schema_are_refused(config, path, value, words):
    """The message names the place."""
    *way, last = path
    at = config
    for step in way:
        at = at[step]
    at[last] = value
    with pytest.raises(TasksError) as refused:
        parsed_tasks(json.dumps(config))
    assert words in str(refused.value)


def test_a_round_that_the_hub_does_not_have_is_refused(config, output):
    """A forecast a week late belongs to no round."""
    with pytest.raises(TasksError, match="no round '2025-03-08'"):
        faults_of_model_output(output, parsed_tasks(json.dumps(config)), "2025-03-08")


@facts.NEEDED
def test_a_real_hubs_tasks_are_read_and_its_forecasts_pass():
    """The US hub's tasks.json of 2025, and its ensemble's forecasts of a round in the hubverse's columns."""
    folder = facts.OUTBREAK / "us_covid_hub"
    tasks = read_tasks(folder / "tasks.json")
    assert tasks.ids_are_text
    theirs = pl.read_parquet(folder / "forecast_CovidHub-ensemble.parquet")
    output = theirs.filter(pl.col("reference_date") == REFERENCE).select(
        "reference_date",
        pl.lit(NAME).alias("target"),
        pl.col("horizon").cast(pl.Int64),
        pl.col("location").cast(pl.String),
        "target_end_date",
        pl.lit("quantile").alias("output_type"),
        pl.col("quantile").cast(pl.Float64).round(3).alias("output_type_id"),
        pl.col("value").cast(pl.Float64),
    )
    assert output.height > 5000
    assert faults_of_model_output(output, tasks, "2025-03-01") == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.txt", "x", "a hub's file ends in .csv or .parquet"),
        ("a.csv", "", "cannot be read as csv"),
        ("a.csv", "location,horizon\n01,1\n", "it has no column output_type, output_type_id, value"),
        ("a.csv", "output_type,output_type_id,value\nquantile,0.5,many\n", "line 2, column value: 'many'"),
        ("a.csv", "output_type,output_type_id,value,target_end_date\nquantile,0.5,1,1.3.2025\n", "'1.3.2025'"),
        ("a.parquet", "half", "cannot be read as parquet"),
    ],
)
def test_what_is_no_table_of_forecasts_is_refused(tmp_path, name, text, words):
    """The message says where."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(HubFileError) as refused:
        read_table(path, OUTPUT)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("write", "option", "suffix"),
    [
        (lambda f: write_daily(f, waves(3, DAYS)), [], ".csv"),
        (lambda f: write_weekly(f, waves(3, 20)), ["--parquet"], ".parquet"),
    ],
)
def test_a_folders_newest_day_is_forecast_into_a_hub_of_its_own(tmp_path, write, option, suffix):
    """The command writes tasks, model output and target data; the check finds no fault in them."""
    folder, hub = tmp_path / "record", tmp_path / "hub"
    folder.mkdir()
    write(folder)
    told = call("situation", "forecast", folder, "-o", hub, *option, "--json").json
    assert {path.relative_to(hub).parts[0] for path in hub.rglob(f"*{suffix}")} == {"model-output", "target-data"}
    written = next((hub / "model-output").rglob(f"*{suffix}"))
    checked = call("situation", "check", written, "--tasks", hub / "hub-config" / "tasks.json")
    assert (checked.code, "no fault" in checked.output) == (0, True), checked.output
    frame = read_table(written, OUTPUT)
    medians = frame.filter(pl.col("output_type_id").cast(pl.Float64) == 0.5)["value"].to_list()
    assert medians == [row["median"] for row in told["forecasts"] if row["median"] is not None]
    spoilt = tmp_path / written.name
    write_table(frame.with_columns(value=-pl.col("value")), spoilt)
    assert call("situation", "check", spoilt, "--tasks", hub / "hub-config" / "tasks.json").code == 1


def test_a_forecast_of_an_earlier_day_knows_nothing_later(tmp_path):
    """As of a round's day: the same, whatever was published since; on another weekday it is refused."""
    write_daily(tmp_path, waves(3, DAYS))
    before = call("situation", "forecast", tmp_path, "--day", ROUNDS[1], "--json").json["forecasts"]
    path = tmp_path / "truth_jhu_daily_cases_asof_delta.parquet"
    frame = pl.read_parquet(path)
    later = pl.when(pl.col("as_of") > ROUNDS[1]).then(pl.col("value") * 7).otherwise(pl.col("value"))
    frame.with_columns(value=later).write_parquet(path)
    assert call("situation", "forecast", tmp_path, "--day", ROUNDS[1], "--json").json["forecasts"] == before
    ended = call("situation", "forecast", tmp_path, "--day", ROUNDS[1] + timedelta(1))
    assert (ended.code, "rounds are on Mondays" in ended.errors) == (2, True)
