"""Small made-up epidemics, and the vintages in which they became known."""

from datetime import date, timedelta

import numpy as np

from sameboat.situation.engine.forecast import History, Vintage

FIRST = date(2021, 1, 3)  # a Sunday


def waves(places=4, days=160, seed=7):
    """Return daily counts of waves that rise and fall out of step, (places, days)."""
    random = np.random.default_rng(seed)
    day = np.arange(days)
    level = 5 + np.sin(2 * np.pi * (day / 90 + random.random((places, 1)))) + random.normal(0, 0.5, (places, 1))
    return random.poisson(np.exp(level)).astype(float)


def weekly_vintages(cases, count=8, signal="cases", step=1):
    """Return the `count` newest weekly vintages of `cases` (places, periods), the last one with all of them."""
    last = cases.shape[1]
    return [
        Vintage(
            as_of=FIRST + timedelta(days=(last - 1 - back * 7 // step) * step + 1),
            first=FIRST,
            step=step,
            values={signal: cases[:, : last - back * 7 // step]},
        )
        for back in reversed(range(count))
    ]


def history(cases, **options):
    """Return the history of `weekly_vintages`."""
    return History(weekly_vintages(cases, **options))


def week_ends(day, weeks=4):
    """Return the ends of the `weeks` weeks that begin on `day`, the one after the newest figures."""
    return [day + timedelta(days=6 + 7 * week) for week in range(weeks)]
