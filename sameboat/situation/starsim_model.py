"""Scenarios by Starsim, an agent-based simulator (MIT licence), where the extra `scenarios` is installed."""

import os
from typing import Any

import numpy as np

from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.simulate import ScenarioError, transmission_factors
from sameboat.situation.scenarios import Progress, Scenario
from sameboat.situation.told_plainly import told_plainly
from sameboat.transparency.errors import BadInput

MOST_AGENTS = 20_000  # a larger population is simulated by so many agents, each standing for several people
CONTACTS = 10  # a day, each with another person: few enough for chance, many enough to be near a well-mixed population


class Starsim:
    """Starsim's SEIR disease on a random network that is drawn anew each day."""

    def infections(self, scenario: Scenario, done: Progress) -> Array:
        """Return new infections by run and day, one simulation after the other."""
        os.environ.setdefault("STARSIM_INSTALL_FONTS", "0")  # no font cache is built for simulations
        try:
            import starsim
        except ImportError:
            raise BadInput("Starsim is not installed here: pip install 'sameboat[scenarios]'") from None
        if scenario.disease.dispersion:
            raise BadInput("Starsim's agents scatter by themselves: leave the dispersion out")
        with told_plainly("starsim"):
            if not 0 <= scenario.infected <= scenario.population or scenario.population < 1:
                raise ScenarioError(f"{scenario.infected} infected do not fit a population of {scenario.population}.")
            factors = transmission_factors(scenario.interventions(), scenario.days)
        starsim.options(verbose=0)
        runs = np.empty((scenario.runs, scenario.days))
        for run in range(scenario.runs):
            runs[run] = _one_run(starsim, scenario, factors, scenario.seed + run)
            done(run + 1, scenario.runs)
        return runs


def _one_run(starsim: Any, scenario: Scenario, factors: Array, seed: int) -> Array:
    agents = min(scenario.population, MOST_AGENTS)
    disease = scenario.disease

    class Measures(starsim.Intervention):  # type: ignore[misc]
        """What is done multiplies every agent's transmission on the day."""

        def step(self) -> None:
            self.sim.diseases[0].rel_trans[:] = factors[min(self.ti, len(factors) - 1)]

    simulation = starsim.Sim(
        n_agents=agents,
        total_pop=scenario.population,
        diseases=starsim.SEIR(
            beta=starsim.perday(disease.basic_reproduction / disease.infectious_days / CONTACTS),
            init_prev=starsim.bernoulli(p=scenario.infected / scenario.population),
            dur_exp=starsim.expon(scale=starsim.days(disease.latent_days)),
            dur_inf=starsim.expon(scale=starsim.days(disease.infectious_days)),
            p_death=starsim.bernoulli(p=0.0),
        ),
        networks=starsim.RandomNet(n_contacts=starsim.constant(CONTACTS), dur=0),
        interventions=Measures(),
        start=starsim.date(scenario.first.isoformat()),
        dt=starsim.days(1),
        dur=starsim.days(scenario.days - 1),
        rand_seed=seed,
    )
    simulation.run()
    return np.asarray(simulation.results["seir"]["new_infections"], dtype=np.float64)[: scenario.days]
