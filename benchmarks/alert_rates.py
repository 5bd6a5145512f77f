"""How often alerts are false, and how soon a change is seen: simulated epidemics, each day from its own counts alone.

"A year of a place" is 365 days that tell of R. Noise is negative binomial in transmission, k = 10.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from sameboat.situation.engine.alerts import Kind, RtByDay, WeekSeen, forecast_alerts, growth_alerts
from sameboat.situation.engine.forecast import Forecaster, History, Vintage
from sameboat.situation.engine.forecast.quantiles import BAND_95, MEDIAN
from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.rt import estimate_rt
from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.engine.simulate import simulate_renewal

SERIAL_INTERVAL = discretised_serial_interval(4.8, 2.3, 31)
FIRST = date(2021, 1, 3)  # a Sunday: weeks end on Saturdays
DAYS, RUNS, FROM, STEP = 100, 60, 50, 65
LONG = 300  # days of the epidemics that are forecast


def measure() -> Iterator[dict[str, Any]]:
    """Yield false alarms a year of a place, and days until a change is seen."""
    for level in (0.9, 1.0):
        said = as_said(simulated(np.full(DAYS, level), 1))
        episodes = [growth_alerts("x", "cases", "", one) for one in said]
        years = sum(int(one.told.sum()) for one in said) / 365
        number = sum(alert.kind is Kind.GROWING for found in episodes for alert in found)
        what = "false growth, R = 0.9 throughout" if level < 1 else "growth said where R = 1 exactly"
        yield {"what": what, "ours": number / years, "unit": "a place-year"}
    for before, after, kind in ((0.85, 1.3, Kind.GROWING), (1.4, 0.75, Kind.SHRINKING)):
        said = as_said(simulated(np.where(np.arange(DAYS) < STEP, before, after), 2))
        days = [_first_after(growth_alerts("x", "cases", "", one), kind) for one in said]
        yield {
            "what": f"R {before} to {after}: days until half are told",
            "ours": float(np.median(days)),
            "unit": "days",
        }
        within = float(np.mean([day <= 14 for day in days]))
        yield {"what": f"R {before} to {after}: told within 14 days", "ours": within, "unit": "of runs"}
    for name, after in (("R stays at 1", 1.0), ("R 1 to 1.5", 1.5)):
        early, late = exceedances(np.where(np.arange(LONG) < LONG - 7, 1.0, after))
        yield {"what": f"weeks above the forecast's band, {name}: before", "ours": early, "unit": "of weeks"}
        yield {"what": "… and of the week of the change", "ours": late, "unit": "of places"}


def simulated(reproduction: Array, seed: int, runs: int = RUNS) -> Array:
    """Return daily cases, (runs, days), that start from 100 a day."""
    return simulate_renewal(
        reproduction, SERIAL_INTERVAL, initial=np.full(7, 100), runs=runs, seed=seed, dispersion=0.1
    )


def as_said(cases: Array, first: int = FROM) -> list[RtByDay]:
    """Return what was said of R on each day from the counts up to it, for each run."""
    runs, days = cases.shape
    said = {name: np.full((runs, days), np.nan) for name in ("above_one", "median", "lower", "upper")}
    told = np.zeros((runs, days), dtype=bool)
    for day in range(first, days):
        made = estimate_rt(cases[:, : day + 1], SERIAL_INTERVAL)
        told[:, day] = made.told[:, -1]
        for name, array in said.items():
            array[:, day] = getattr(made, name)[:, -1]
    return [
        RtByDay(FIRST, cases[run], told=told[run], **{name: array[run] for name, array in said.items()})
        for run in range(runs)
    ]


def _first_after(alerts: list[Any], kind: Kind) -> float:
    days = [(alert.day - FIRST).days - STEP for alert in alerts if alert.kind is kind]
    return min((day for day in days if day >= 0), default=np.inf)


def exceedances(reproduction: Array, places: int = 40, weeks: int = 20) -> tuple[float, float]:
    """Return the share of weeks above the band of the forecast made a week before: all but the last, and the last."""
    cases = simulated(reproduction, 3, places)
    days = cases.shape[1]
    history = History(
        [
            Vintage(FIRST + timedelta(days - 7 * back), FIRST, 1, {"cases": cases[:, : days - 7 * back]})
            for back in range(weeks + 6)
        ]
    )
    forecaster, past, above = Forecaster(history.continued_back(20), "cases"), [], []
    for vintage in history.vintages[:-1]:
        end = vintage.as_of + timedelta(6)
        past.append(forecaster.forecast(vintage.as_of, [end], past))
        seen = history.vintages[-1].week("cases", end)
        above.append(
            [
                bool(forecast_alerts("x", "cases", "", [WeekSeen(end, seen[n], band[MEDIAN], band[BAND_95[1]])]))
                for n, band in enumerate(past[-1].published[:, 0])
            ]
        )
    return float(np.mean(above[-weeks:-1])), float(np.mean(above[-1]))
