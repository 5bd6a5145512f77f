"""The canonical file of a round of forecasts: what its hash on the log is the hash of.

CSV in UTF-8 with line feeds and no quotes, in the columns of the hubverse's model output, with the model's name before
them. Rows stand in the order of model, place, week and level; values have two decimals. The same forecasts make the
same bytes.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sameboat.situation.engine.score import HUB_PROBABILITIES

COLUMNS: Final = (
    "model",
    "reference_date",
    "target",
    "horizon",
    "target_end_date",
    "location",
    "output_type",
    "output_type_id",
    "value",
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One model's forecast of one place and week: 23 quantiles in hundredths of a count."""

    model: str
    place: str
    end: date
    quantiles: tuple[int, ...]


def encode(target: str, last: date, forecasts: Iterable[Forecast]) -> bytes:
    """Return the canonical file of the forecasts made from figures up to `last`.

    Raises
    ------
    ValueError
        Where a forecast has not 23 quantiles, or two are of the same model, place and week.
    """
    lines = [",".join(COLUMNS)]
    before: tuple[str, str, date] | None = None
    for each in sorted(forecasts, key=lambda each: (each.model, each.place, each.end)):
        key = each.model, each.place, each.end
        if key == before:
            raise ValueError(f"{each.model} {each.place} {each.end}: forecast twice in one round")
        if len(each.quantiles) != len(HUB_PROBABILITIES):
            raise ValueError(f"{each.model} {each.place} {each.end}: {len(each.quantiles)} quantiles")
        before = key
        weeks = (each.end - last).days // 7
        start = f"{each.model},{last},{target},{weeks},{each.end},{each.place},quantile"
        lines.extend(
            f"{start},{level},{value // 100}.{value % 100:02}"
            for level, value in zip(HUB_PROBABILITIES, each.quantiles, strict=True)
        )
    return ("\n".join(lines) + "\n").encode()


def sha256(data: bytes) -> str:
    """Return the hash under which a file of forecasts stands on the log, in hex."""
    return hashlib.sha256(data).hexdigest()
