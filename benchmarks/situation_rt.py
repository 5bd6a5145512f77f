"""Rt of 200-day series: Cori beside EpiEstim (R) and epyestim (Python), and the headline, in regions a second.

One core. A peer that is not installed is named as that: EpiEstim is Debian's r-cran-epiestim, epyestim is on PyPI; the
interpreter that has it is named in SAMEBOAT_EPYESTIM_PYTHON where it is not this one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

# Before NumPy is loaded: what is compared runs on one core.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np

from sameboat.situation.engine.cori import estimate_cori
from sameboat.situation.engine.rt import estimate_rt
from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.engine.simulate import simulate_renewal

DAYS, REGIONS, PEERS_REGIONS = 200, 256, 20
SERIAL_INTERVAL = discretised_serial_interval(4.8, 2.3, DAYS + 1)

EPIESTIM = """
suppressMessages(library(EpiEstim))
arguments <- commandArgs(TRUE)
counts <- as.matrix(read.csv(arguments[1], header = FALSE))
config <- make_config(list(mean_si = 4.8, std_si = 2.3, mean_prior = 5, std_prior = 5,
                           t_start = 8:194, t_end = 14:200))
invisible(estimate_R(counts[, 1], method = "parametric_si", config = config))
started <- proc.time()[["elapsed"]]
for (column in seq_len(ncol(counts))) {
  last <- estimate_R(counts[, column], method = "parametric_si", config = config)$R
}
cat(ncol(counts) / (proc.time()[["elapsed"]] - started), tail(last[["Quantile.0.975(R)"]], 1), "\\n")
"""
EPYESTIM = """
import sys, time
import numpy as np, pandas as pd
from epyestim.estimate_r import estimate_r, gamma_quantiles
counts = np.loadtxt(sys.argv[1], delimiter=",")
weights = np.loadtxt(sys.argv[2])
started = time.perf_counter()
for column in counts.T:
    series = pd.Series(column, index=pd.date_range("2020-01-01", periods=len(column)))
    fit = estimate_r(series, weights, 1.0, 5.0, window_size=7)
    bounds = [gamma_quantiles(p, fit.a_posterior.values, fit.b_posterior.values) for p in (0.025, 0.975)]
print(counts.shape[1] / (time.perf_counter() - started), bounds[1][-1])
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield regions a second of each method, and of each peer that is installed, on the same series."""
    rate = 1 + 0.5 * np.sin(2 * np.pi * np.arange(DAYS) / 140)
    counts = simulate_renewal(rate, SERIAL_INTERVAL[:31], initial=np.full(7, 50), runs=REGIONS, seed=1, dispersion=0.1)
    cori = _per_second(lambda: estimate_cori(counts, SERIAL_INTERVAL))
    few = counts[:PEERS_REGIONS]
    bound = float(estimate_cori(few, SERIAL_INTERVAL).upper[-1, -1])
    what = {"what": "Cori, exact quantiles, 200 days", "ours": cori, "unit": "regions/s", "bar": "500"}
    peers = [_epiestim(few, bound), _epyestim(few, bound)]
    yield from ({**what, **peer} for peer in peers)
    headline = _per_second(lambda: estimate_rt(counts, SERIAL_INTERVAL))
    row = {"what": "headline Rt, 200 days", "ours": headline, "unit": "regions/s", "bar": "150"}
    yield row | peers[0]


def _per_second(call: Callable[[], object]) -> float:
    """Return regions a second of processor time, so that a busy machine does not count against either side."""
    call()
    times = []
    for _ in range(3):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return REGIONS / median(times)


def _epiestim(counts: np.ndarray, bound: float) -> dict[str, Any]:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return _not_installed("EpiEstim")
    return _peer("EpiEstim", counts, bound, [rscript, "-e", EPIESTIM])


def _epyestim(counts: np.ndarray, bound: float) -> dict[str, Any]:
    python = os.environ.get("SAMEBOAT_EPYESTIM_PYTHON", sys.executable)
    return _peer("epyestim", counts, bound, [python, "-c", EPYESTIM])


def _not_installed(name: str) -> dict[str, Any]:
    return {"peer": f"{name}: not installed"}


def _peer(name: str, counts: np.ndarray, bound: float, command: list[str]) -> dict[str, Any]:
    """Return the peer's regions a second, after making sure that it computed the same."""
    with tempfile.TemporaryDirectory() as folder:
        series, weights = Path(folder) / "series.csv", Path(folder) / "weights.csv"
        np.savetxt(series, counts.T, delimiter=",", fmt="%d")
        np.savetxt(weights, SERIAL_INTERVAL)
        done = subprocess.run([*command, str(series), str(weights)], capture_output=True, text=True, check=False)
    if done.returncode:
        missing = "there is no package called" in done.stderr or "No module named" in done.stderr
        if missing:
            return _not_installed(name)
        raise RuntimeError(done.stderr[-1000:])
    per_second, theirs = map(float, done.stdout.split()[-2:])
    if abs(theirs / bound - 1) > 1e-4:
        raise RuntimeError(f"{name} has {theirs} as the last upper bound where we have {bound}")
    return {"peer": name, "peers": per_second}
