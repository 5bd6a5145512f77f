"""What programs ask of figures: feeds, signals, days and moments, each checked before it reaches a query."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BeforeValidator, Field, WithJsonSchema

from sameboat.figures import queries
from sameboat.figures.engine import decimals
from sameboat.figures.engine.observation import Observation
from sameboat.figures.models import Definition, Feed, Signal, Vintage
from sameboat.registry import asking
from sameboat.registry.asking import Asked, Day, Number, Text
from sameboat.registry.refusals import Fault, InvalidInput, NotFound

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
_MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})$", re.ASCII)


def _as_of(value: object) -> object:
    # In an address a plus sign is a space.
    text = re.sub(r" (?=\d{2}:\d{2}$)", "+", value) if isinstance(value, str) else ""
    try:
        if _DAY.match(text):
            found: date | datetime = date.fromisoformat(text)
        elif _MOMENT.match(text):
            found = datetime.fromisoformat(text.upper())
        else:
            raise ValueError
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 2200:
        raise ValueError(
            _("Write a day such as 2020-02-12, or a moment with its offset such as 2020-02-12T15:00:00+08:00.")
        )
    return found


Moment = Annotated[
    date | datetime,
    BeforeValidator(_as_of),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
]
"""A day, which means its end in the feed's zone, or a moment with its offset from UTC."""


class Standing(Asked):
    """At which vintage the figures are asked: named, as of a day or moment, or the last one."""

    as_of: Moment | None = Field(None, description="As it stood at the end of this day, or at this moment.")
    vintage: Text = Field("", description="At exactly this vintage: then the answer never changes.")

    def at(self, of: Feed) -> Vintage:
        """Return the vintage asked for; raises NotFound where the feed had not spoken by then."""
        if self.vintage:
            if self.as_of is not None:
                raise InvalidInput([Fault("vintage", _("Ask for a vintage, or as of a day; not both."))])
            found = asking.found("vint", queries.vintage, self.vintage, "vintage")
            if found.feed_id != of.pk:
                raise InvalidInput([Fault("vintage", _("This vintage is of another source."))])
            return found
        check_past(of, self.as_of)
        latest = queries.vintage_as_of(of, self.as_of)
        if latest is None:
            raise NotFound(_("%(feed)s had published nothing by then.") % {"feed": of.code}, "as_of")
        return latest


class NewObservation(Asked):
    """One figure as its source states it."""

    place: str = Field(max_length=48, description="A place's code.")
    signal: str = Field(max_length=48, description="A signal's code.")
    definition: str = Field("", max_length=48, description="A definition's code; without it, the signal's first.")
    date: Day
    value: Number | None = Field(None, description="A whole number, or text such as “2.5”; left out where missing.")
    missing: Literal["", "not-reported", "withheld", "not-applicable", "suppressed", "unreadable", "withdrawn"] = Field(
        "", description="Why there is no value."
    )


def observations(rows: Sequence[NewObservation]) -> list[Observation]:
    """Return figures in smallest units; raises InvalidInput that names each row that has neither value nor reason."""
    places = queries.decimals_of({row.signal for row in rows if row.signal.isprintable()})
    found, faults = [], []
    for number, row in enumerate(rows):
        try:
            value = None if row.value is None else decimals.smallest_units(str(row.value), places.get(row.signal, 0))
        except ValueError as error:
            faults.append(Fault(f"observations.{number}.value", str(error)))
            continue
        if (value is None) != bool(row.missing):
            words = _("Give a value, or say why it is missing; not both.")
            faults.append(Fault(f"observations.{number}.missing", words))
            continue
        found.append(Observation(row.place, row.signal, row.definition, row.date, value, row.missing))
    if faults:
        raise InvalidInput(faults[:20])
    return found


class Days(Asked):
    """Which days."""

    start: Day | None = Field(None, description="From this day on.")
    until: Day | None = Field(None, description="Up to this day, itself included.")

    def check_order(self) -> None:
        """Raise InvalidInput where the last day lies before the first."""
        if self.start and self.until and self.until < self.start:
            raise InvalidInput([Fault("until", _("The last day lies before the first."))])


def check_past(of: Feed, as_of: queries.AsOf) -> None:
    """Raise InvalidInput for a day or moment to come: its answer would change."""
    now = timezone.now()
    if isinstance(as_of, datetime):
        future = as_of > now
    else:
        future = as_of is not None and as_of > now.astimezone(ZoneInfo(of.zone)).date()
    if future:
        raise InvalidInput([Fault("as_of", _("That day has not come yet; leave it out for what stands now."))])


def feed(code: str, field: str = "feed") -> Feed:
    """Return a feed by its code or id; raises NotFound."""
    found = queries.feed(code) if code.isprintable() else None
    if found is None:
        raise NotFound(
            _("There is no source “%(code)s”. The known ones stand at /api/figures/feeds.") % {"code": code[:60]}, field
        )
    return found


def signal(code: str, field: str = "signal") -> Signal:
    """Return a signal by its code; raises InvalidInput."""
    found = queries.signal(code) if code.isprintable() else None
    if found is None:
        raise InvalidInput(
            [
                Fault(
                    field,
                    _("Nobody stated what “%(code)s” counts. The known signals stand at /api/figures/signals.")
                    % {"code": code[:60]},
                )
            ]
        )
    return found


def definition(signal_code: str, code: str) -> Definition:
    """Return what a signal counts by one of its definitions; raises InvalidInput."""
    of = signal(signal_code)
    for found in queries.definitions(of):
        if found.code == code:
            return found
    raise InvalidInput(
        [
            Fault(
                "definition",
                _("%(signal)s has no definition “%(code)s”. The known ones stand at /api/figures/signals.")
                % {"signal": of.code, "code": code[:60]},
            )
        ]
    )
