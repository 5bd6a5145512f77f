"""Daily counts to put mistakes into: a quiet series with a week's rhythm, and panels from public facts."""

from datetime import date

import numpy as np
import polars as pl

from sameboat.figures.engine.panel import Panel
from sameboat.figures.tests.facts import OUTBREAK

FIRST = date(2021, 1, 4)


def quiet(days=120, level=200.0, seed=1, dispersion=0.02, places=1):
    """Return counts a day, (places, days), about a level that wanders, fewer on weekends, from a Monday on."""
    rng = np.random.default_rng(seed)
    wander = level * np.exp(np.cumsum(rng.normal(0, 0.02, (places, days)), axis=1))
    rhythm = np.array([1.2, 1.1, 1.1, 1.1, 1.1, 0.8, 0.6])[np.arange(days) % 7]
    scatter = rng.gamma(1 / dispersion, dispersion, (places, days))
    return rng.poisson(wander * rhythm * scatter).astype(float)


def panel(values, *, cumulative=False, places=None, signal="cases", first=FIRST):
    """Return an array of one or several places as a panel."""
    values = np.atleast_2d(np.array(values, dtype=float))
    names = places or tuple(f"P{n}" for n in range(len(values)))
    return Panel(signal, tuple(names), first, values, cumulative)


def panel_from(table, key, value, *, cumulative):
    """Return one column of a table with a `date` as a panel."""
    days, names = table["date"].to_list(), table[key].to_list()
    places = {name: n for n, name in enumerate(sorted(set(names)))}
    first = min(days)
    values = np.full((len(places), (max(days) - first).days + 1), np.nan)
    values[[places[name] for name in names], [(day - first).days for day in days]] = (
        table[value].cast(pl.Float64).to_numpy()
    )
    return Panel(value, tuple(places), first, values, cumulative)


def chinese_cities(signal):
    """Return counts so far by city (its code, or province and name where it has none) to 30 June 2020."""
    table = chinese_table().filter(pl.col("city").is_not_null())
    return panel_from(
        table.with_columns(place=pl.coalesce("cityCode", pl.concat_str("province", "city", separator="/"))),
        "place",
        signal,
        cumulative=True,
    )


def chinese_table():
    """Return every row about China."""
    table = pl.read_parquet(OUTBREAK / "cn2020" / "daily_cumulative_final.parquet")
    return table.filter(pl.col("country") == "中国")


def european(signal):
    """Return new cases or deaths a day in 32 countries, as known last."""
    table = pl.read_parquet(OUTBREAK / "europe_hub" / f"truth_jhu_daily_{signal}_final.parquet")
    return panel_from(table, "location", "value", cumulative=False)
