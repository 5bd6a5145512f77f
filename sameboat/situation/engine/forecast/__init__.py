"""Forecasts of weekly counts, 1 to 4 weeks ahead in 23 quantiles, made from the vintage of their day alone.

A `History` of `Vintage`s goes into a `Forecaster`, whose `forecast` gives one `Round`: four members and their
combination, with bands fitted to recent misses. `running_score` and `standing` say how a model has done and whether it
may be shown; `backtest` makes the rounds of the past again and scores them beside a hub's models.
"""

from sameboat.situation.engine.forecast.combination import Outcome, Round
from sameboat.situation.engine.forecast.forecaster import Forecaster
from sameboat.situation.engine.forecast.standing import Reason, RunningScore, Standing, running_score, standing
from sameboat.situation.engine.forecast.vintage import History, Vintage, VintageError

__all__ = [
    "Forecaster",
    "History",
    "Outcome",
    "Reason",
    "Round",
    "RunningScore",
    "Standing",
    "Vintage",
    "VintageError",
    "running_score",
    "standing",
]
