"""Outbreaks that might have been: a stochastic compartment model with interventions, and the renewal equation.

Both are answers to "what if", never forecasts; as their true R is known, estimates of it are tried on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.serial_interval import checked_serial_interval

# Below this dispersion counts cannot be told from Poisson ones.
_POISSON = 1e-9


class ScenarioError(ValueError):
    """Assumptions that no outbreak can be simulated from."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """From `start` until the day before `end` (for good if None), transmission is multiplied by `factor`.

    Days are counted from the simulation's first; interventions at the same time multiply.
    """

    start: int
    factor: float
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Disease:
    """How an infection runs, with geometric durations in days.

    Attributes
    ----------
    basic_reproduction
        People infected by one case if everyone is susceptible and nothing is done.
    latent_days, infectious_days
        Mean time from infection to becoming infectious, and from then on; each at least 1.
    dispersion
        φ of the daily infections around their mean: 0 if each contact is by itself, 1/k for clusters of size k.
    """

    basic_reproduction: float
    latent_days: float
    infectious_days: float
    dispersion: float = 0.0

    def generation_interval(self, days: int) -> Array:
        """Return the probability that an infection is passed on 0, 1, …, days - 1 days after it was caught.

        It is the sum of a geometric latent time and a geometric time within the infectious one: its mean is
        latent_days + infectious_days.
        """
        leave, recover = 1 / self.latent_days, 1 / self.infectious_days
        lag = np.arange(days)
        latent = np.where(lag >= 1, leave * (1 - leave) ** np.maximum(lag - 1, 0), 0.0)
        infectious = np.where(lag >= 1, recover * (1 - recover) ** np.maximum(lag - 1, 0), 0.0)
        return np.convolve(latent, infectious)[:days]


@dataclass(frozen=True, slots=True)
class CompartmentRuns:
    """Simulated outbreaks. Compartments are counted at the end of each day, (runs, days).

    Attributes
    ----------
    susceptible, exposed, infectious, removed
        People in each compartment; they add up to the population on every day.
    infections
        New infections each day, (runs, days).
    reproduction
        R of each day: people whom one infectious person is expected to infect over the infectious time if all stayed as
        on that day.
    """

    susceptible: Array
    exposed: Array
    infectious: Array
    removed: Array
    infections: Array
    reproduction: Array


def simulate_compartments(
    disease: Disease,
    *,
    population: int,
    infected: int,
    days: int,
    runs: int,
    seed: int,
    interventions: Sequence[Intervention] = (),
) -> CompartmentRuns:
    """Return stochastic SEIR outbreaks in a well-mixed population.

    Each day every susceptible person is infected, every exposed one turns infectious and every infectious one is
    removed with the same probability (a chain binomial; Bailey 1975), after which interventions and dispersion have
    multiplied the force of infection. The same seed gives the same runs.

    Parameters
    ----------
    population, infected
        People, and those exposed at the start.
    days, runs
        How long and how often.
    seed
        Of the random numbers.
    interventions
        By day.

    Raises
    ------
    ScenarioError
        Durations below a day, negative rates, more infected than people, an intervention that ends before it starts.

    References
    ----------
    N. T. J. Bailey (1975). The mathematical theory of infectious diseases and its applications. 2nd ed., Griffin.
    """
    _check(disease, population, infected, days, runs)
    transmission = disease.basic_reproduction / disease.infectious_days * transmission_factors(interventions, days)
    generator = np.random.default_rng(seed)
    susceptible = np.full(runs, population - infected, dtype=np.int64)
    exposed = np.full(runs, infected, dtype=np.int64)
    infectious, removed = np.zeros(runs, dtype=np.int64), np.zeros(runs, dtype=np.int64)
    record = np.empty((6, days, runs))
    for day in range(days):
        force = transmission[day] * infectious / population
        each = susceptible * _mean_risk(force, disease.dispersion) / np.maximum(infectious, 1)
        alone = susceptible * transmission[day] / population
        reproduction = disease.infectious_days * np.where(infectious > 0, each, alone)
        risk = -np.expm1(-force * _clusters(generator, disease.dispersion, runs))
        infections = generator.binomial(susceptible, risk)
        onsets = generator.binomial(exposed, 1 / disease.latent_days)
        removals = generator.binomial(infectious, 1 / disease.infectious_days)
        susceptible = susceptible - infections
        exposed = exposed + infections - onsets
        infectious = infectious + onsets - removals
        removed = removed + removals
        record[:, day] = susceptible, exposed, infectious, removed, infections, reproduction
    return CompartmentRuns(*record.transpose(0, 2, 1))


def simulate_renewal(
    reproduction: ArrayLike,
    serial_interval: ArrayLike,
    *,
    initial: ArrayLike,
    runs: int,
    seed: int,
    dispersion: float = 0.0,
    reporting_dispersion: float | None = None,
    weekday: ArrayLike | None = None,
) -> Array:
    """Return daily counts that follow the renewal equation with a given R, (runs, days).

    Parameters
    ----------
    reproduction
        R of each day, (days,) or (runs, days).
    serial_interval
        Probability of 0, 1, 2, … days.
    initial
        Counts of the first days, which have no parents; R is without effect on them.
    runs, seed
        How many, and the seed of the random numbers.
    dispersion
        φ of the cases of a day around R Λ: 0 for Poisson.
    reporting_dispersion
        φ of the counts reported around the cases; None if every case is reported on its day.
    weekday
        Seven factors of the counts reported, cyclic from the first day.

    Raises
    ------
    ScenarioError
        A negative R, count or dispersion, or more initial days than days.
    """
    weights = checked_serial_interval(serial_interval)
    rates = np.array(np.broadcast_to(reproduction, (runs, np.shape(reproduction)[-1])), dtype=np.float64)
    first = np.array(initial, dtype=np.float64)
    days = rates.shape[1]
    if not (rates >= 0).all() or not (first >= 0).all() or dispersion < 0 or (reporting_dispersion or 0) < 0:
        raise ScenarioError("R, initial counts and dispersions must be at least 0.")
    if first.ndim != 1 or not 0 < len(first) <= days:
        raise ScenarioError(f"Initial counts must be a list of 1 to {days} days.")
    generator = np.random.default_rng(seed)
    cases = np.zeros((runs, days))
    cases[:, : len(first)] = first
    for day in range(len(first), days):
        lags = np.arange(1, min(day, len(weights) - 1) + 1)
        expected = rates[:, day] * (cases[:, day - lags] @ weights[lags])
        cases[:, day] = generator.poisson(expected * _clusters(generator, dispersion, runs))
    if reporting_dispersion is None and weekday is None:
        return cases
    factors = np.ones(7) if weekday is None else np.asarray(weekday, dtype=np.float64)
    clusters = _clusters(generator, reporting_dispersion or 0.0, cases.shape)
    return generator.poisson(cases * factors[np.arange(days) % 7] * clusters).astype(np.float64)


def _check(disease: Disease, population: int, infected: int, days: int, runs: int) -> None:
    if disease.latent_days < 1 or disease.infectious_days < 1:
        raise ScenarioError("Latent and infectious time last at least one day each.")
    if disease.basic_reproduction < 0 or disease.dispersion < 0:
        raise ScenarioError("The basic reproduction number and the dispersion must be at least 0.")
    if not 0 <= infected <= population or population < 1:
        raise ScenarioError(f"{infected} infected do not fit a population of {population}.")
    if days < 1 or runs < 1:
        raise ScenarioError(f"A simulation needs at least one day and one run; got {days} and {runs}.")


def transmission_factors(interventions: Sequence[Intervention], days: int) -> Array:
    """Return the factor of transmission on each day."""
    factor = np.ones(days)
    for intervention in interventions:
        if intervention.factor < 0:
            raise ScenarioError(f"An intervention's factor must be at least 0; got {intervention.factor}.")
        if intervention.start < 0 or (intervention.end is not None and intervention.end < intervention.start):
            raise ScenarioError(f"An intervention cannot run from day {intervention.start} to {intervention.end}.")
        factor[intervention.start : intervention.end] *= intervention.factor
    return factor


def _mean_risk(force: Array, dispersion: float) -> Array:
    """Return a susceptible person's probability of infection on a day, averaged over the day's clusters."""
    risk: Array = -np.expm1(-force if dispersion < _POISSON else -np.log1p(dispersion * force) / dispersion)
    return risk


def _clusters(generator: np.random.Generator, dispersion: float, size: int | tuple[int, ...]) -> Array:
    """Return gamma factors of mean 1 and variance φ, which make Poisson counts negative binomial."""
    if dispersion < _POISSON:
        return np.ones(size)
    return generator.gamma(1 / dispersion, dispersion, size)
