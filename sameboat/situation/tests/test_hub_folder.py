"""A hub's record read from a folder, and scored."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from sameboat.situation.engine.forecast import VintageError
from sameboat.situation.engine.forecast.backtest import OURS, evaluate, score
from sameboat.situation.engine.forecast.quantiles import LEVELS
from sameboat.situation.hub_folder import HubFolderError, read_hub_folder

from .epidemics import waves
from .facts import NEEDED, OUTBREAK

PLACES = ["AA", "BB", "CC"]
FIRST = date(2021, 1, 4)  # a Monday
ROUNDS = [FIRST + timedelta(weeks=week) for week in (14, 15, 16)]
DAYS = 20 * 7


def daily_truth(cases, until=None):
    """Return rows of daily counts up to a day."""
    days = DAYS if until is None else (until - FIRST).days
    return pl.DataFrame(
        {
            "location": np.repeat(PLACES, days),
            "date": [FIRST + timedelta(days=day) for day in range(days)] * len(PLACES),
            "value": cases[:, :days].ravel(),
        }
    )


def model(day_column, horizons, ends, **columns):
    """Return rows of a model that forecasts 100 to 123 for every place, round and horizon."""
    rows = [
        {
            day_column: day,
            "location": place,
            "horizon": horizon,
            "target_end_date": ends(day, horizon),
            "quantile": level,
            "value": 100.0 + number,
            **columns,
        }
        for day in ROUNDS
        for place in PLACES
        for horizon in horizons
        for number, level in enumerate(LEVELS)
    ]
    return pl.DataFrame(rows)


def write_daily(folder, cases):
    """Write a folder like the European hub's."""
    for name in ("cases", "deaths"):
        parts = [daily_truth(cases, ROUNDS[0]).with_columns(as_of=pl.lit(ROUNDS[0]))]
        for before, day in pairwise(ROUNDS):
            newer = daily_truth(cases, day).filter(pl.col("date") >= before)
            parts.append(newer.with_columns(as_of=pl.lit(day)))
        pl.concat(parts).write_parquet(folder / f"truth_jhu_daily_{name}_asof_delta.parquet")
        daily_truth(cases).write_parquet(folder / f"truth_jhu_daily_{name}_final.parquet")
    forecasts = pl.concat(
        model("forecast_date", (1, 2), lambda day, horizon: day + timedelta(days=7 * horizon - 2), target=target)
        for target in ("case", "death")
    )
    for name in ("Hub-baseline", "Other-model"):
        forecasts.write_parquet(folder / f"forecast_{name}.parquet")


def write_weekly(folder, weeks):
    """Write a folder like the US hub's: `weeks` (places, weeks), the newest published four days after its end."""
    rows = [
        {"location": place, "target_end_date": end, "observation": weeks[row, week], "as_of": end + timedelta(days=4)}
        for row, place in enumerate(PLACES)
        for week, end in enumerate(FIRST + timedelta(days=5 + 7 * n) for n in range(weeks.shape[1]))
    ]
    pl.DataFrame(rows).write_parquet(folder / "target_hosp_vintages_delta.parquet")
    saturdays = lambda day, horizon: day + timedelta(weeks=horizon)  # noqa: E731
    forecasts = model("reference_date", (-1, 0, 1), saturdays).with_columns(
        pl.col("reference_date", "target_end_date") + pl.duration(days=5)
    )
    forecasts.write_parquet(folder / "forecast_Hub-baseline.parquet")


@pytest.fixture
def daily_folder(tmp_path):
    """Return a folder like the European hub's."""
    write_daily(tmp_path, waves(3, DAYS))
    return tmp_path


def test_a_vintage_adds_up_the_deltas_until_its_day(daily_folder):
    """The second vintage holds the first one's days and its own, and none later."""
    hub = read_hub_folder(daily_folder)
    reported = hub.history.known_on(ROUNDS[1]).values["cases"]
    known = (ROUNDS[1] - FIRST).days
    np.testing.assert_array_equal(reported[:, :known], waves(3, DAYS)[:, :known])
    assert np.isnan(reported[:, known:]).all()


def test_horizon_1_of_a_monday_is_the_week_that_ends_on_saturday(daily_folder):
    """The truth of horizon 1 is the sum of the Sunday before the round's Monday to the Saturday after."""
    hub = read_hub_folder(daily_folder)
    start = (ROUNDS[0] - FIRST).days - 1
    np.testing.assert_array_equal(hub.truth[0][:, 0, 0], waves(3, DAYS)[:, start : start + 7].sum(axis=1))


def test_horizon_0_of_a_reference_date_is_the_week_that_ends_on_it(tmp_path):
    """In the weekly layout horizon 0 is the reference date's own week, and -1 the one reported last."""
    weeks = waves(3, 20)
    write_weekly(tmp_path, weeks)
    hub = read_hub_folder(tmp_path)
    np.testing.assert_array_equal(hub.truth[0][:, 0], weeks[:, 13:18])
    assert hub.targets[0].horizons == (-1, 0, 1, 2, 3)


@pytest.mark.parametrize("write", [lambda f: write_daily(f, waves(3, DAYS)), lambda f: write_weekly(f, waves(3, 20))])
def test_every_model_is_scored_against_the_baseline(tmp_path, write):
    """Ours and the hub's models are scored by horizon, the baseline at exactly 1."""
    write(tmp_path)
    scores = evaluate(read_hub_folder(tmp_path))
    assert {found.relative for found in scores if found.model == "Hub-baseline"} == {1.0}
    assert all(np.isfinite(found.relative) and found.forecasts > 0 for found in scores if found.model == OURS)


def test_ours_is_compared_on_what_the_other_forecast(daily_folder):
    """Beside the baseline, our ratio to it is our relative score."""
    scores = {(found.model, found.signal, found.horizon): found for found in evaluate(read_hub_folder(daily_folder))}
    ours, baseline = scores[OURS, "cases", 2], scores["Hub-baseline", "cases", 2]
    assert ours.relative == pytest.approx(baseline.ours_relative)


def test_only_the_rounds_asked_for_are_scored(daily_folder):
    """From the second round on there are two rounds' forecasts; and none after the last."""
    hub = read_hub_folder(daily_folder)
    scores = evaluate(hub, ROUNDS[1], ROUNDS[1])
    assert {found.forecasts for found in scores if found.model == OURS} == {len(PLACES)}
    with pytest.raises(VintageError, match="no round from"):
        evaluate(hub, ROUNDS[-1] + timedelta(days=1))


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda f: (f / "truth_jhu_daily_deaths_final.parquet").unlink(), "deaths_final.parquet: the file is missing"),
        (lambda f: (f / "truth_jhu_daily_cases_asof_delta.parquet").unlink(), "lay the folder out"),
        (lambda f: (f / "forecast_Hub-baseline.parquet").unlink(), "'baseline' in its name; 0 have"),
        (lambda f: (f / "forecast_Other-model.parquet").write_text("<html>"), "Other-model.parquet: it cannot be read"),
        (
            lambda f: pl.DataFrame({"location": ["AA"]}).write_parquet(f / "forecast_Other-model.parquet"),
            "it has no column forecast_date",
        ),
    ],
)
def test_a_folder_that_lacks_something_is_refused(daily_folder, spoil, what):
    """A missing file, a page instead of a table and a missing column are refused, naming the file."""
    spoil(daily_folder)
    with pytest.raises(HubFolderError, match=what):
        read_hub_folder(daily_folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """A path to nothing is refused."""
    with pytest.raises(HubFolderError, match="no such folder"):
        read_hub_folder(tmp_path / "nowhere")


@NEEDED
@pytest.mark.parametrize(
    ("model_name", "cases", "deaths"),
    [
        ("EuroCOVIDhub-ensemble", [0.68, 0.73, 0.79, 0.89], [0.59, 0.51, 0.52, 0.59]),
        ("MUNI-ARIMA", [0.75, 0.81, 0.87, 0.93], [0.68, 0.65, 0.69, 0.74]),
    ],
)
def test_the_hubs_own_models_score_as_published(model_name, cases, deaths):
    """The scores of the European hub's ensemble and of its best single model in 2021 are the known ones."""
    hub = read_hub_folder(OUTBREAK / "europe_hub")
    found = [
        [
            one.relative
            for one in score(target, hub.baseline, truth, np.full_like(forecasts[hub.baseline], np.nan), forecasts)
            if one.model == model_name
        ]
        for target, truth, forecasts in zip(hub.targets, hub.truth, hub.forecasts, strict=True)
    ]
    np.testing.assert_allclose(found, [cases, deaths], atol=0.006)
