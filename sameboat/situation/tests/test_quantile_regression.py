"""Pooled quantile regression."""

import numpy as np
import pytest
from scipy.optimize import linprog

from sameboat.situation.engine.forecast.quantiles import LEVELS, weighted_quantiles
from sameboat.situation.engine.forecast.regression import quantile_regression


def sample(rows=600, seed=3):
    """Return predictors, outcomes with a spread that grows, and weights."""
    random = np.random.default_rng(seed)
    predictors = np.column_stack([np.ones(rows), random.normal(size=rows), random.random(rows)])
    outcomes = predictors @ [0.2, 0.5, -0.3] + (0.1 + predictors[:, 2]) * random.laplace(size=rows)
    return predictors, outcomes, random.uniform(0.5, 2, rows)


def loss(predictors, outcomes, weights, level, coefficients):
    """Return the pinball loss."""
    miss = outcomes - predictors @ coefficients
    return float((weights * np.maximum(level * miss, (level - 1) * miss)).sum())


def optimum(predictors, outcomes, weights, level):
    """Return the least loss, by the linear programme of Koenker and Bassett (1978)."""
    rows, size = predictors.shape
    cost = np.r_[np.zeros(2 * size), level * weights, (1 - level) * weights]
    equal = np.hstack([predictors, -predictors, np.eye(rows), -np.eye(rows)])
    return linprog(cost, A_eq=equal, b_eq=outcomes, bounds=(0, None)).fun


@pytest.mark.parametrize("level", [0.01, 0.25, 0.5, 0.9, 0.99])
def test_the_loss_is_the_linear_programmes(level):
    """Without a prior to speak of, the loss is within 4 % of the least there is."""
    predictors, outcomes, weights = sample()
    fitted = quantile_regression(predictors, outcomes, weights, np.array([level]), np.zeros((1, 3)), np.full(3, 1e-6))[
        0
    ]
    least = optimum(predictors, outcomes, weights, level)
    assert loss(predictors, outcomes, weights, level, fitted) <= 1.04 * least


def test_a_strong_prior_wins():
    """Coefficients stay at a prior that weighs far more than the rows."""
    predictors, outcomes, weights = sample()
    prior = np.array([[1.0, 2.0, 3.0]])
    fitted = quantile_regression(predictors, outcomes, weights, np.array([0.5]), prior, np.full(3, 1e9))
    np.testing.assert_allclose(fitted, prior, atol=1e-4)


def test_without_rows_the_prior_is_the_answer():
    """No row at all gives back the prior."""
    prior = np.arange(46.0).reshape(23, 2)
    fitted = quantile_regression(np.empty((0, 2)), np.empty(0), np.empty(0), LEVELS, prior, np.ones(2))
    np.testing.assert_allclose(fitted, prior)


def test_weighted_quantiles_count_an_item_as_often_as_it_weighs():
    """An item of weight 3 stands for three items."""
    random = np.random.default_rng(5)
    values, weight = random.normal(size=200), random.integers(1, 4, 200)
    repeated = np.repeat(values, weight)
    np.testing.assert_allclose(
        weighted_quantiles(values, weight.astype(float)), weighted_quantiles(repeated, np.ones(len(repeated))), atol=0.1
    )
