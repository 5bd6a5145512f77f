"""A hub's record read from a folder, and scored."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from sameboat.situation.engine.forecast import Forecaster, History, VintageError
from sameboat.situation.engine.forecast.backtest import OURS, Target, evaluate, replay, score, suspended
from sameboat.situation.engine.forecast.quantiles import LEVELS
from sameboat.situation.hub.folder import HubFolderError, read_hub_folder

from .epidemics import waves, weekly_vintages
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


def spoil(folder, name, **columns):
    """Write a table again with other columns."""
    path = folder / f"{name}.parquet"
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)


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
    scores = evaluate(read_hub_folder(tmp_path)).scores
    assert {found.relative for found in scores if found.model == "Hub-baseline"} == {1.0}
    assert all(np.isfinite(found.relative) and found.forecasts > 0 for found in scores if found.model == OURS)


def test_ours_is_compared_on_what_the_other_forecast(daily_folder):
    """Beside the baseline, our ratio to it is our relative score."""
    scores = {
        (found.model, found.signal, found.horizon): found for found in evaluate(read_hub_folder(daily_folder)).scores
    }
    ours, baseline = scores[OURS, "cases", 2], scores["Hub-baseline", "cases", 2]
    assert ours.relative == pytest.approx(baseline.ours_relative)


def test_only_the_rounds_asked_for_are_scored(daily_folder):
    """From the second round on there are two rounds' forecasts; and none after the last."""
    hub = read_hub_folder(daily_folder)
    scores = evaluate(hub, ROUNDS[1], ROUNDS[1])
    single = [found for found in scores.scores if found.model == OURS and found.horizon is not None]
    assert {found.forecasts for found in single} == {len(PLACES)}
    assert scores.days == (ROUNDS[1],)
    with pytest.raises(VintageError, match="no round from"):
        evaluate(hub, ROUNDS[-1] + timedelta(days=1))


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda f: [path.unlink() for path in f.glob("truth_*")], "lay the folder out"),
        (lambda f: spoil(f, "truth_jhu_daily_cases_final", date=pl.lit("soon")), "column date does not hold"),
        (lambda f: spoil(f, "truth_jhu_daily_cases_asof_delta", value=pl.lit("many")), "column value does not hold"),
        (
            lambda f: spoil(f, "truth_jhu_daily_cases_asof_delta", as_of=pl.lit(FIRST - timedelta(1))),
            "no rows that can be used",
        ),
        (lambda f: spoil(f, "forecast_Hub-baseline", horizon=pl.lit(9)), "baseline has no forecast at horizons 1 to 4"),
        (lambda f: (f / "forecast_Hub-baseline.parquet").unlink(), "'baseline' in its name; 0 have"),
        (lambda f: (f / "forecast_Other-model.parquet").write_text("<html>"), "Other-model.parquet: it cannot be read"),
        (
            lambda f: pl.DataFrame({"location": ["AA"]}).write_parquet(f / "forecast_Other-model.parquet"),
            "it has no column horizon, target_end_date",
        ),
    ],
)
def test_a_folder_that_lacks_something_is_refused(daily_folder, damage, what):
    """A missing file, a page instead of a table, a missing column and one that holds something else are refused."""
    damage(daily_folder)
    with pytest.raises(HubFolderError, match=what):
        read_hub_folder(daily_folder)


def test_without_final_figures_the_newest_vintage_is_what_came_true(daily_folder):
    """The rounds whose weeks the newest vintage does not reach are not scored; the notes say so."""
    (daily_folder / "truth_jhu_daily_deaths_final.parquet").unlink()
    hub = read_hub_folder(daily_folder)
    assert "deaths_final.parquet is missing" in hub.notes[0]
    np.testing.assert_array_equal(hub.truth[1][:, 0, 0], hub.truth[0][:, 0, 0])
    assert np.isnan(hub.truth[1][:, 2, 3]).all()


@pytest.mark.parametrize(("gone", "left"), [("cases", "deaths"), ("deaths", "cases")])
def test_one_signal_may_be_missing(daily_folder, gone, left):
    """The other one is evaluated alone, deaths without a leading signal."""
    (daily_folder / f"truth_jhu_daily_{gone}_asof_delta.parquet").unlink()
    hub = read_hub_folder(daily_folder)
    assert [(target.signal, target.leading) for target in hub.targets] == [(left, None)]
    assert any(found.model == OURS for found in evaluate(hub).scores)


def test_rows_of_days_after_their_vintage_are_left_out(daily_folder):
    """A figure that nobody could have known does not reach a forecast, and the notes name it."""
    path = daily_folder / "truth_jhu_daily_cases_asof_delta.parquet"
    before = read_hub_folder(daily_folder)
    late = pl.DataFrame({"location": ["AA"], "date": [ROUNDS[0] + timedelta(1)], "value": [9e6], "as_of": [ROUNDS[0]]})
    pl.concat([pl.read_parquet(path), late]).write_parquet(path)
    after = read_hub_folder(daily_folder)
    assert "1 rows of days after their own vintage" in after.notes[0]
    for one, other in zip(before.history.vintages, after.history.vintages, strict=True):
        np.testing.assert_array_equal(one.values["cases"], other.values["cases"])


def test_other_places_quantiles_and_targets_do_no_harm(tmp_path):
    """Forecasts of unknown places, of levels that no hub asks for and of another target are passed over."""
    write_weekly(tmp_path, waves(3, 20))
    before = evaluate(read_hub_folder(tmp_path)).scores
    path = tmp_path / "forecast_Hub-baseline.parquet"
    hosp = pl.read_parquet(path).with_columns(target=pl.lit("wk inc covid hosp"))
    strange = [
        hosp.with_columns(location=pl.lit("ZZ")),
        hosp.with_columns(quantile=pl.lit(0.985)),
        hosp.with_columns(target=pl.lit("wk inc covid prop ed visits"), value=pl.lit(0.01)),
    ]
    pl.concat([hosp, *strange]).write_parquet(path)
    assert evaluate(read_hub_folder(tmp_path)).scores == before


def test_rounds_before_the_first_vintage_are_named_and_not_scored(daily_folder):
    """A hub whose vintages begin later than its forecasts is scored from then on."""
    for name in ("cases", "deaths"):
        path = daily_folder / f"truth_jhu_daily_{name}_asof_delta.parquet"
        frame = pl.read_parquet(path)
        frame.with_columns(as_of=pl.col("as_of").clip(ROUNDS[1])).write_parquet(path)
    found = evaluate(read_hub_folder(daily_folder))
    assert found.unmade == {"cases": (ROUNDS[0],), "deaths": (ROUNDS[0],)}
    assert {one.forecasts for one in found.scores if (one.model, one.horizon) == (OURS, 1)} == {2 * len(PLACES)}


def test_a_record_that_was_cut_off_begins_with_its_own_figures(daily_folder):
    """Deltas from the second round on: what is corrected of days before is not taken for a history of zeros."""
    path = daily_folder / "truth_jhu_daily_cases_asof_delta.parquet"
    correction = pl.DataFrame({"location": ["AA"], "date": [FIRST], "value": [5.0], "as_of": [ROUNDS[1]]})
    kept = pl.read_parquet(path).filter(pl.col("as_of") >= ROUNDS[1])
    pl.concat([kept, correction]).write_parquet(path)
    hub = read_hub_folder(daily_folder)
    assert hub.history.vintages[0].first == ROUNDS[0]
    with pytest.raises(VintageError, match="nothing to forecast from"):
        evaluate(hub)


def test_a_model_whose_bands_fail_is_suspended_in_the_count():
    """Rounds after the misses are known are counted as withheld, those before are not."""
    places, weeks = 12, 30
    random = np.random.default_rng(3)
    steady = random.poisson(500, (places, 7 * weeks)).astype(float)
    steady[:, 7 * 20 :] *= np.where(np.arange(7 * 10) // 7 % 2, 60.0, 1.0)  # from week 20 on it leaps to and fro
    vintages = weekly_vintages(steady, count=18)
    target = Target("cases", None, (1, 2), 5)
    days = [vintage.as_of for vintage in vintages[3:]]
    forecaster = Forecaster(History(vintages).continued_back(8), "cases")
    rounds = replay(forecaster, target, days)
    found = suspended(forecaster, target, rounds)
    assert all(0 < one.withheld < one.rounds == len(days) for one in found)


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
            if one.model == model_name and one.horizon is not None
        ]
        for target, truth, forecasts in zip(hub.targets, hub.truth, hub.forecasts, strict=True)
    ]
    np.testing.assert_allclose(found, [cases, deaths], atol=0.006)
