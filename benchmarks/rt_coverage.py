"""How often the headline Rt's 95 % band holds a known truth, and when it sees R cross 1: the large study.

Every row is 200 simulated outbreaks of 200 days that start from a week of 50 cases a day. "Transmission" noise scatters
the cases themselves, so that clusters are passed on; "reporting" noise scatters only what is counted of a Poisson
epidemic. The band is made for the first; under the second it is too wide where R changes little.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.rt import RtEstimate, estimate_rt
from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.engine.simulate import Disease, Intervention, simulate_compartments, simulate_renewal

DAYS, RUNS, FROM, STEP_DAY = 200, 200, 14, 70
SERIAL_INTERVAL = discretised_serial_interval(4.8, 2.3, 31)
NOISE = {
    "Poisson": {},
    "transmission, k = 20": {"dispersion": 0.05},
    "transmission, k = 10": {"dispersion": 0.1},
    "transmission, k = 5": {"dispersion": 0.2},
    "reporting, k = 10": {"reporting_dispersion": 0.1},
}


def paths() -> dict[str, Array]:
    """Return R by day, (days,) or (runs, days), under the name of its shape."""
    days, rng = np.arange(DAYS), np.random.default_rng(1)
    wander = np.zeros((RUNS, DAYS))
    for day in range(1, DAYS):
        wander[:, day] = 0.96 * wander[:, day - 1] + 0.05 * rng.normal(size=RUNS)
    levels = rng.choice([0.75, 0.9, 1.0, 1.1, 1.25, 1.4], (RUNS, 5))
    steps = np.take_along_axis(levels, np.sort(rng.integers(0, 5, (RUNS, DAYS)), axis=1), axis=1)
    return {
        "1.6 falls to 0.7": np.where(days < STEP_DAY, 1.6, 0.7),
        "wave, 1 ± 0.5 in 140 days": 1 + 0.5 * np.sin(2 * np.pi * days / 140),
        "wave, 1 ± 0.4 in 60 days": 1 + 0.4 * np.sin(2 * np.pi * days / 60),
        "wandering": np.exp(0.05 + wander),
        "five levels": steps,
    }


def measure() -> Iterator[dict[str, Any]]:
    """Yield the coverage of every path under every noise, when R is seen to cross 1, and another model's coverage."""
    for shape, reproduction in paths().items():
        for number, (name, noise) in enumerate(NOISE.items()):
            counts = simulate_renewal(
                reproduction, SERIAL_INTERVAL, initial=np.full(7, 50), runs=RUNS, seed=100 + number, **noise
            )
            estimate = estimate_rt(counts, SERIAL_INTERVAL)
            yield {
                "what": f"{shape}; {name}",
                "ours": _held(estimate, reproduction),
                "unit": "held",
                "bar": ".93 to .98",
            }
            if shape == "1.6 falls to 0.7":
                yield from _crossing(name, counts, estimate)
    disease = Disease(2.2, 2.5, 3.0, 0.1)
    runs = simulate_compartments(
        disease, population=5_000_000, infected=20, days=150, runs=RUNS, seed=9, interventions=[Intervention(45, 0.35)]
    )
    estimate = estimate_rt(runs.infections, disease.generation_interval(60))
    yield {"what": "compartments, lockdown; k = 10", "ours": _held(estimate, runs.reproduction), "unit": "held"}


def _held(estimate: RtEstimate, reproduction: Array) -> float:
    return float(((estimate.lower <= reproduction) & (reproduction <= estimate.upper))[:, FROM:].mean())


def _crossing(name: str, counts: Array, estimate: RtEstimate) -> Iterator[dict[str, Any]]:
    """Yield how often the crossing of 1 is dated within five days, in hindsight and from the counts of five days on."""
    falls = (estimate.median[:, :-1] >= 1) & (estimate.median[:, 1:] < 1)
    day = np.where(falls, np.arange(1, DAYS), -DAYS)
    near = np.abs(day - STEP_DAY).min(axis=1) <= 5
    yield {"what": f"… crossing of 1 dated within 5 days; {name}", "ours": float(near.mean()), "unit": "of runs"}
    early = estimate_rt(counts[:, : STEP_DAY + 6], SERIAL_INTERVAL).median[:, -1] < 1
    yield {"what": f"… seen to shrink 5 days on; {name}", "ours": float(early.mean()), "unit": "of runs"}
