"""Public facts about outbreaks, read from the folder that `SAMEBOAT_FACTS` names."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from django.conf import settings

OUTBREAK: Path = settings.FACTS / "outbreak"
NEEDED = pytest.mark.skipif(
    not OUTBREAK.is_dir(), reason=f"no facts in {OUTBREAK}; name their folder in SAMEBOAT_FACTS"
)


def table(name):
    """Return one table as an array, rows as in the file."""
    path = OUTBREAK / name
    return (pl.read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)).to_numpy()


def german_triangle(age_group="00+"):
    """Return hospitalisations in Germany by reference day (from 2021-04-06) and delay, NaN where not yet reported."""
    reports = pl.read_parquet(OUTBREAK / "nowcast" / "germany_covid19_hosp_triangle.parquet")
    one = reports.filter(pl.col("age_group") == age_group)
    wide = one.pivot(on="delay", index="reference_date", values="count").sort("reference_date")
    return wide.drop("reference_date").to_numpy().astype(np.float64)
