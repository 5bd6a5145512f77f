"""One day's forecasts, from what was published by that day alone."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from sameboat.situation.engine.forecast.combination import Outcome, Round, fitted, member_weights
from sameboat.situation.engine.forecast.lessons import late_reports, lesson
from sameboat.situation.engine.forecast.members import MEMBERS, credit
from sameboat.situation.engine.forecast.origins import PSEUDO_COUNT, Origins
from sameboat.situation.engine.forecast.vintage import History, VintageError
from sameboat.situation.engine.incidence import Array


class Forecaster:
    """Forecasts of one signal, their training included in each call; it keeps what it read, never what it learnt."""

    def __init__(self, history: History, signal: str, leading: str | None = None) -> None:
        """Forecast `signal`; `leading` is a signal that runs ahead of it, as cases do of deaths."""
        self.history, self.signal = history, signal
        self._origins = Origins(history, signal, leading)

    def forecast(self, day: date, ends: Sequence[date], past: Sequence[Round] = ()) -> Round:
        """Return the forecasts of the weeks ending on `ends`, as made on `day`.

        Only vintages published by `day` are read. `past` are earlier rounds with as many horizons, in any order; rounds
        of `day` or later are left out. Without them members weigh alike and bands stay as learnt. A place that has
        reported nothing for four weeks gets nan.

        Raises
        ------
        VintageError
            If nothing was published by `day`, too little to forecast from, or a week has ended before the figures do.
        """
        vintage = self.history.known_on(day)
        newest = self._origins.newest(vintage)
        if self._origins.at(newest, vintage) is None:
            raise VintageError(
                f"{self.signal!r} on {day}: the figures run from {vintage.first} to {newest}, too short to forecast"
            )
        if ends and min(ends) < newest:
            raise VintageError(f"{self.signal!r} on {day}: the week to {min(ends)} is over, figures reach {newest}")
        backfill = late_reports(self._origins, day, newest)
        members: dict[str, list[Array]] = {name: [] for name in MEMBERS}
        combined, published = [], []
        for horizon, end in enumerate(ends):
            taught = lesson(self._origins, vintage, newest, backfill, (end - newest).days)
            for name, member in MEMBERS.items():
                counts = np.maximum(np.exp(taught.now.level[:, None] + member(taught)) - PSEUDO_COUNT, 0)
                members[name].append(np.where(taught.now.reporting[:, None], counts, np.nan))
            outcomes = self.outcomes(day, past, horizon)
            weights = member_weights(credit(taught), outcomes)
            combined.append(np.sum([weights[name] * members[name][-1] for name in MEMBERS], axis=0))
            published.append(fitted(combined[-1], outcomes, PSEUDO_COUNT))
        return Round(
            day=day,
            ends=tuple(ends),
            members={name: np.stack(arrays, axis=1) for name, arrays in members.items()},
            combined=np.stack(combined, axis=1),
            published=np.stack(published, axis=1),
        )

    def outcomes(self, day: date, rounds: Sequence[Round], horizon: int) -> list[Outcome]:
        """Return the rounds before `day` whose week at `horizon` had been reported by then, oldest first."""
        vintage = self.history.known_on(day)
        earlier = sorted((made for made in rounds if made.day < day), key=lambda made: made.day)
        outcomes = [
            Outcome(made, horizon, vintage.week(self.signal, made.ends[horizon]))
            for made in earlier
            if horizon < len(made.ends)
        ]
        return [outcome for outcome in outcomes if not np.isnan(outcome.observed).all()]
